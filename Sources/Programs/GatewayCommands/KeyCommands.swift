import ArgumentParser
import LocalAPIClient
import LocalAPISchema

struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Keys for the API over TCP.", subcommands: [Create.self, List.self, Revoke.self])

  struct Create: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Make a key. It is shown this once.")

    @Option(
      help: ArgumentHelp("What it may do; several times for several scopes.", discussion: scopeNames),
      transform: { try Create.scope($0) })
    var scope: [APIScope] = []
    @Option(help: "The only customer that it may see.")
    var customer: String?
    @Option(help: "What it is for.")
    var label: String?
    @Option(
      help: "When it ends to work: 90d, or a time such as 2027-01-01T00:00:00Z.", transform: { try Create.moment($0) })
    var expires: MomentText?
    @OptionGroup var connection: ConnectionOptions

    private static let scopeNames = APIScope.allCases.map(\.rawValue).joined(separator: ", ")

    private static func scope(_ text: String) throws -> APIScope {
      if let scope = APIScope(rawValue: text) { return scope }
      throw ValidationError("There is no scope '\(text)'; there are \(scopeNames).")
    }

    /// A duration counts from now.
    private static func moment(_ text: String) throws -> MomentText {
      if let seconds = try? Quantity.duration(text) { return .after(seconds: seconds) }
      do {
        return try MomentText(text)
      } catch {
        throw ValidationError("'\(text)' is not a time; write 90d or 2027-01-01T00:00:00Z.")
      }
    }

    func validate() throws {
      if scope.isEmpty { throw ValidationError("Give at least one --scope.") }
    }

    func run(in session: Session) async throws -> ExitStatus {
      let draft = APIKeyDraft(
        label: label, scopes: scope, customerId: customer, expiresAt: expires?.timestamp(now: session.now()))
      let reply = try await session.client.createKey(draft)
      // Only the key itself goes to standard output, so that a script can take it.
      session.show(reply) { [$0.key] }
      if !session.json { session.output.writeError("key \(reply.value.id) is shown this once; keep it safe\n") }
      return .fine
    }
  }

  struct List: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "All keys, without their secrets.")
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.keys()) { RecordViews.keys($0.data, color: session.output.color) }
      return .fine
    }
  }

  struct Revoke: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Revoke a key.")
    @Argument(help: "Its id, eight characters.")
    var id: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.revokeKey(id)) { _ in ["key \(id) is revoked"] }
      return .fine
    }
  }
}
