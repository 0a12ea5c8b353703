import ArgumentParser
import EnergyModel

struct ChargerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "charger", abstract: "Start or stop charging a car, limit its current, or give control back.",
    subcommands: [Start.self, Stop.self, Mode.self, Limit.self, Auto.self])

  /// What starting and stopping have in common.
  struct ModeOptions: ParsableArguments {
    @Argument(help: "Id or name of the charger.")
    var device: String
    @OptionGroup var lease: LeaseOptions
    @OptionGroup var send: SendOptions

    func order(_ mode: String) -> CommandSender.Order {
      CommandSender.Order(verb: "set-operating-mode", input: ["mode": .text(mode)], lease: lease)
    }
  }

  struct Start: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Let the car charge now.")
    @OptionGroup var options: ModeOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      try await CommandSender(session: session, options: options.send).send(
        [options.order("start-charging")], to: options.device)
    }
  }

  struct Stop: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Do not charge, even when a car waits.")
    @OptionGroup var options: ModeOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      try await CommandSender(session: session, options: options.send).send(
        [options.order("stop-charging")], to: options.device)
    }
  }

  struct Mode: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Choose what the charger decides by itself.")
    @OptionGroup var options: ModeOptions
    @Argument(help: "start-charging, stop-charging, solar, solar-minimum, schedule or auto, as the device allows.")
    var mode: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      try await CommandSender(session: session, options: options.send).send([options.order(mode)], to: options.device)
    }
  }

  struct Limit: DeviceOrder {
    static let configuration = CommandConfiguration(abstract: "Limit the current per phase.")

    @Argument(help: "Id or name of the charger.")
    var device: String
    @Argument(help: "Current per phase, such as 16A.", transform: { try Quantity.current($0) })
    var current: Double
    @OptionGroup var lease: LeaseOptions
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    var orders: [CommandSender.Order] {
      [.init(verb: "set-current-limit", input: ["maxCurrentA": .number(current)], lease: lease)]
    }
  }

  struct Auto: DeviceOrder {
    static let configuration = CommandConfiguration(
      abstract: "End what was ordered and give control back to the charger.")
    @Argument(help: "Id or name of the charger.")
    var device: String
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    var orders: [CommandSender.Order] { [.init(verb: "auto")] }
  }
}
