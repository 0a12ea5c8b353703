import ArgumentParser
import EnergyModel
import LocalAPIClient
import LocalAPISchema

struct CommandCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "command", abstract: "Any command of the catalogue, and what became of earlier ones.",
    subcommands: [Send.self, List.self, Show.self, Cancel.self])

  struct Send: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Send a command.",
      discussion: "heddle command send battery-1 charge powerW=2.5kW targetSocPercent=80")

    @Argument(help: "Id or name of the device.")
    var device: String
    @Argument(help: "What to do: battery:charge, or charge alone. 'heddle device show' lists what it can do.")
    var verb: String
    @Argument(help: "Arguments as name=value, in SI units or with a unit.")
    var input: [String] = []
    @OptionGroup var lease: LeaseOptions
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws { _ = try values() }

    func values() throws -> [String: ScalarValue] { try Self.values(input) }

    /// Arguments as `name=value`.
    static func values(_ pairs: [String]) throws -> [String: ScalarValue] {
      var values: [String: ScalarValue] = [:]
      for pair in pairs {
        let parts = pair.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { throw ValidationError("'\(pair)' is not name=value, such as powerW=2.5kW.") }
        let name = String(parts[0])
        guard values[name] == nil else { throw ValidationError("'\(name)' is there twice.") }
        values[name] = Quantity.scalar(String(parts[1]))
      }
      return values
    }

    func run(in session: Session) async throws -> ExitStatus {
      try await CommandSender(session: session, options: send).send(
        [.init(verb: verb, input: try values(), lease: lease)], to: device)
    }
  }

  struct List: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Commands, newest first.")

    @Option(help: "Only commands to this device.")
    var device: String?
    @Option(help: "Only in this status, such as confirmed.")
    var status: String?
    @Option(help: "The most to show, up to 500.")
    var limit = 20
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let reply = try await session.client.commands(deviceId: device, status: status, limit: limit)
      session.show(reply) { CommandView.list($0.data, color: session.output.color) }
      return .fine
    }
  }

  struct Show: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "One command with its life and its proof.")
    @Argument(help: "Id, cmd_….")
    var id: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let reply = try await session.client.command(id)
      session.show(reply) { command in
        let operations = command.operations.map { "  write   \($0)" }
        return CommandView.lines(command, now: nil, color: session.output.color) + operations
      }
      return .fine
    }
  }

  struct Cancel: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Withdraw a command; what it does already is undone.")
    @Argument(help: "Id, cmd_….")
    var id: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.cancelCommand(id)) {
        CommandView.lines($0, now: nil, color: session.output.color)
      }
      return .fine
    }
  }
}
