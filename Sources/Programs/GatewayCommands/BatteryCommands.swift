import ArgumentParser
import EnergyModel

struct BatteryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "battery", abstract: "Charge, discharge or hold a battery, set it up, or give control back to it.",
    subcommands: [
      Charge.self, Discharge.self, Idle.self, Mode.self, Reserve.self, Limits.self, Auto.self, Reset.self,
    ])

  /// What charging and discharging have in common.
  struct PowerOptions: ParsableArguments {
    @Argument(help: "Id or name of the battery.")
    var device: String
    @Option(help: "Power, such as 2500W or 2.5kW; as much as it can without.", transform: { try Quantity.power($0) })
    var power: Double?
    @OptionGroup var lease: LeaseOptions
    @Option(help: "State of charge at which it ends, such as 80%.", transform: { try Quantity.percent($0) })
    var targetSoc: Double?
    @OptionGroup var send: SendOptions

    func order(_ verb: String) -> CommandSender.Order {
      var input: [String: ScalarValue] = [:]
      if let power { input["powerW"] = .number(power) }
      if let targetSoc { input["targetSocPercent"] = .number(targetSoc) }
      return CommandSender.Order(verb: verb, input: input, lease: lease)
    }
  }

  struct Charge: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Charge.")
    @OptionGroup var options: PowerOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      try await CommandSender(session: session, options: options.send).send(
        [options.order("charge")], to: options.device)
    }
  }

  struct Discharge: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Discharge.")
    @OptionGroup var options: PowerOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      try await CommandSender(session: session, options: options.send).send(
        [options.order("discharge")], to: options.device)
    }
  }

  struct Idle: DeviceOrder {
    static let configuration = CommandConfiguration(abstract: "Neither charge nor discharge.")
    @Argument(help: "Id or name of the battery.")
    var device: String
    @OptionGroup var lease: LeaseOptions
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    var orders: [CommandSender.Order] { [.init(verb: "idle", lease: lease)] }
  }

  struct Auto: DeviceOrder {
    static let configuration = CommandConfiguration(
      abstract: "End what was ordered and give control back to the battery.")
    @Argument(help: "Id or name of the battery.")
    var device: String
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    var orders: [CommandSender.Order] { [.init(verb: "auto")] }
  }

  struct Mode: DeviceOrder {
    static let configuration = CommandConfiguration(abstract: "Choose what the battery decides by itself.")
    @Argument(help: "Id or name of the battery.")
    var device: String
    @Argument(help: "selfConsumption, timeOfUse, backup, … as the device allows.")
    var mode: String
    @OptionGroup var lease: LeaseOptions
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    var orders: [CommandSender.Order] {
      [.init(verb: "set-operating-mode", input: ["mode": .text(mode)], lease: lease)]
    }
  }

  struct Reserve: DeviceOrder {
    static let configuration = CommandConfiguration(abstract: "Set what is kept for an outage.")
    @Argument(help: "Id or name of the battery.")
    var device: String
    @Argument(help: "State of charge, such as 20%.", transform: { try Quantity.percent($0) })
    var percent: Double
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    var orders: [CommandSender.Order] { [.init(verb: "set-reserve", input: ["reservePercent": .number(percent)])] }
  }

  struct Limits: DeviceOrder {
    static let configuration = CommandConfiguration(abstract: "Limit the power of charging and discharging.")
    @Argument(help: "Id or name of the battery.")
    var device: String
    @Option(help: "The most to charge with, such as 3kW.", transform: { try Quantity.power($0) })
    var charge: Double?
    @Option(help: "The most to discharge with, such as 3kW.", transform: { try Quantity.power($0) })
    var discharge: Double?
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
      if charge == nil, discharge == nil { throw ValidationError("Give --charge, --discharge or both.") }
    }

    var orders: [CommandSender.Order] {
      var input: [String: ScalarValue] = [:]
      if let charge { input["maxChargePowerW"] = .number(charge) }
      if let discharge { input["maxDischargePowerW"] = .number(discharge) }
      return [.init(verb: "set-power-limits", input: input)]
    }
  }

  struct Reset: DeviceOrder {
    static let configuration = CommandConfiguration(
      abstract: "End what was ordered and restore the settings from before.")
    @Argument(help: "Id or name of the battery.")
    var device: String
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    var orders: [CommandSender.Order] { [.init(verb: "reset")] }
  }
}
