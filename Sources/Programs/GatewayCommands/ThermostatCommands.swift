import ArgumentParser
import EnergyModel

struct ThermostatCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "thermostat", abstract: "Mode, temperatures, fan and schedule of a thermostat.",
    subcommands: [Set.self, Fan.self, Hold.self, Resume.self])

  struct Fan: DeviceOrder {
    static let configuration = CommandConfiguration(abstract: "Set the fan.")
    @Argument(help: "Id or name of the thermostat.")
    var device: String
    @Argument(help: "auto, on, off or circulate, as the device allows.")
    var mode: String
    @OptionGroup var lease: LeaseOptions
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    var orders: [CommandSender.Order] {
      [.init(verb: "set-fan-mode", input: ["mode": .text(mode)], lease: lease)]
    }
  }

  struct Hold: DeviceOrder {
    static let configuration = CommandConfiguration(abstract: "Keep what is set instead of following the schedule.")
    @Argument(help: "Id or name of the thermostat.")
    var device: String
    @Argument(help: "none, temporary or permanent, as the device allows.")
    var type: String
    @OptionGroup var lease: LeaseOptions
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    var orders: [CommandSender.Order] { [.init(verb: "set-hold", input: ["holdType": .text(type)], lease: lease)] }
  }

  struct Resume: DeviceOrder {
    static let configuration = CommandConfiguration(abstract: "Follow the thermostat's own schedule again.")
    @Argument(help: "Id or name of the thermostat.")
    var device: String
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    var orders: [CommandSender.Order] { [.init(verb: "resume-schedule")] }
  }

  struct Set: DeviceOrder {
    static let configuration = CommandConfiguration(
      abstract: "Set mode, heating and cooling temperature; the mode first where they are two commands.")

    @Argument(help: "Id or name of the thermostat.")
    var device: String
    @Option(help: "off, heat, cool, heatCool, auto, … as the device allows.")
    var mode: String?
    @Option(help: "Heat below this, such as 21.5C or 70F.", transform: { try Quantity.temperature($0) })
    var heat: Double?
    @Option(help: "Cool above this, such as 25C or 77F.", transform: { try Quantity.temperature($0) })
    var cool: Double?
    @OptionGroup var lease: LeaseOptions
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
      if mode == nil, heat == nil, cool == nil { throw ValidationError("Give at least one of --mode, --heat, --cool.") }
    }

    var orders: [CommandSender.Order] {
      var orders: [CommandSender.Order] = []
      if let mode {
        orders.append(.init(verb: "set-operating-mode", input: ["mode": .text(mode)], lease: lease))
      }
      var setpoints: [String: ScalarValue] = [:]
      if let heat { setpoints["heatSetpointC"] = .number(heat) }
      if let cool { setpoints["coolSetpointC"] = .number(cool) }
      if !setpoints.isEmpty {
        orders.append(.init(verb: "set-setpoints", input: setpoints, lease: lease))
      }
      return orders
    }
  }
}
