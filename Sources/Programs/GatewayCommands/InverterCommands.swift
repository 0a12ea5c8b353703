import ArgumentParser
import EnergyModel

struct InverterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inverter", abstract: "Limit an inverter, or switch it from and to the grid.",
    subcommands: [Limit.self, Connect.self, Disconnect.self])

  struct Limit: DeviceOrder {
    static let configuration = CommandConfiguration(abstract: "Limit the AC power.")

    @Argument(help: "Id or name of the inverter.")
    var device: String
    @Option(help: "Share of the rated power, such as 70%.", transform: { try Quantity.percent($0) })
    var percent: Double?
    @Option(help: "Power, such as 3kW.", transform: { try Quantity.power($0) })
    var watts: Double?
    @OptionGroup var lease: LeaseOptions
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
      if (percent == nil) == (watts == nil) { throw ValidationError("Give either --percent or --watts.") }
    }

    var orders: [CommandSender.Order] {
      var input: [String: ScalarValue] = [:]
      if let percent { input["percent"] = .number(percent) }
      if let watts { input["watts"] = .number(watts) }
      return [.init(verb: "set-power-limit", input: input, lease: lease)]
    }
  }

  struct Connect: DeviceOrder {
    static let configuration = CommandConfiguration(abstract: "Connect to the grid.")
    @Argument(help: "Id or name of the inverter.")
    var device: String
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    var orders: [CommandSender.Order] { [.init(verb: "connect")] }
  }

  struct Disconnect: DeviceOrder {
    static let configuration = CommandConfiguration(abstract: "Disconnect from the grid.")
    @Argument(help: "Id or name of the inverter.")
    var device: String
    @OptionGroup var lease: LeaseOptions
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    var orders: [CommandSender.Order] { [.init(verb: "disconnect", lease: lease)] }
  }
}
