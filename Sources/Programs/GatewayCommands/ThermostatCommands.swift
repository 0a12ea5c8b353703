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
    @Option(name: .customLong("for"), help: "How long, such as 30m or 2h.", transform: { try Quantity.duration($0) })
    var duration: Double?
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    var orders: [CommandSender.Order] {
      [.init(verb: "set-fan-mode", input: ["mode": .text(mode)], durationSeconds: duration)]
    }
  }

  struct Hold: DeviceOrder {
    static let configuration = CommandConfiguration(abstract: "Keep what is set instead of following the schedule.")
    @Argument(help: "Id or name of the thermostat.")
    var device: String
    @Argument(help: "none, temporary or permanent, as the device allows.")
    var type: String
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    var orders: [CommandSender.Order] { [.init(verb: "set-hold", input: ["holdType": .text(type)])] }
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
    @Option(name: .customLong("for"), help: "How long, such as 30m or 2h.", transform: { try Quantity.duration($0) })
    var duration: Double?
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
      if mode == nil, heat == nil, cool == nil { throw ValidationError("Give at least one of --mode, --heat, --cool.") }
    }

    var orders: [CommandSender.Order] {
      var orders: [CommandSender.Order] = []
      if let mode {
        orders.append(.init(verb: "set-operating-mode", input: ["mode": .text(mode)], durationSeconds: duration))
      }
      var setpoints: [String: ScalarValue] = [:]
      if let heat { setpoints["heatSetpointC"] = .number(heat) }
      if let cool { setpoints["coolSetpointC"] = .number(cool) }
      if !setpoints.isEmpty {
        orders.append(.init(verb: "set-setpoints", input: setpoints, durationSeconds: duration))
      }
      return orders
    }
  }
}

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
    @Option(name: .customLong("for"), help: "How long, such as 30m or 2h.", transform: { try Quantity.duration($0) })
    var duration: Double?
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
      if (percent == nil) == (watts == nil) { throw ValidationError("Give either --percent or --watts.") }
    }

    var orders: [CommandSender.Order] {
      var input: [String: ScalarValue] = [:]
      if let percent { input["percent"] = .number(percent) }
      if let watts { input["watts"] = .number(watts) }
      return [.init(verb: "set-power-limit", input: input, durationSeconds: duration)]
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
    @Option(name: .customLong("for"), help: "How long, such as 30m or 2h.", transform: { try Quantity.duration($0) })
    var duration: Double?
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    var orders: [CommandSender.Order] { [.init(verb: "disconnect", durationSeconds: duration)] }
  }
}
