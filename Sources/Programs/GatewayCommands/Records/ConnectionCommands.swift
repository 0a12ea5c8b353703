import ArgumentParser
import EnergyModel
import LocalAPIClient
import LocalAPISchema

struct ConnectionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "connection", abstract: "Pages on which somebody connects a device.",
    subcommands: [List.self, Show.self, Create.self, Delete.self])

  struct Create: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a page. Its address is shown once; whoever has it can use it for a day.")
    @Option(help: "Where the page leads at its end.")
    var redirect: String
    @Option(help: "Your own id for the customer or device.")
    var reference: String?
    @Option(help: "Who asks for the connection, for people.")
    var clientName: String?
    @Option(help: "Id or name of the customer.")
    var customer: String?
    @Option(help: "Only products of this maker; several times for several.")
    var manufacturer: [String] = []
    @Option(help: "Only this kind of device; several times for several.")
    var type: [String] = []
    @Option(help: "A word to find its devices by; several times for several.")
    var tag: [String] = []
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let customerID = try await session.customerID(customer)
      var fields = try RecordFields([
        ("redirectUrl", redirect), ("referenceId", reference), ("clientName", clientName), ("customerId", customerID),
      ])
      if !tag.isEmpty { fields.set("tags", Self.list(tag)) }
      if !manufacturer.isEmpty || !type.isEmpty {
        fields.set(
          "manufacturerFilters",
          .object(["manufacturers": Self.list(manufacturer), "deviceTypes": Self.list(type)]))
      }
      session.show(try await session.client.createConnection(fields.members)) { made in
        ["connection \(made.id) works until \(made.expiresAt.rfc3339): \(made.url ?? "")"]
      }
      return .fine
    }

    private static func list(_ words: [String]) -> JSONValue { .array(words.map { .text($0) }) }
  }

  struct List: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "All pages, also those that have ended.")
    @Option(help: "Id or name of a customer.")
    var customer: String?
    @Option(help: "Only open, completed, expired or cancelled.")
    var status: String?
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let customerID = try await session.customerID(customer)
      session.show(try await session.client.connections(customerId: customerID, status: status)) {
        RecordViews.connections($0.data, color: session.output.color)
      }
      return .fine
    }
  }

  struct Show: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "One page and what came of it.")
    @Argument(help: "Id.")
    var id: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.connection(id)) {
        RecordViews.connections([$0], color: session.output.color)
      }
      return .fine
    }
  }

  struct Delete: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "End a page and forget it; its devices stay.")
    @Argument(help: "Id.")
    var id: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.deleteConnection(id)) { _ in ["connection \(id) is deleted"] }
      return .fine
    }
  }
}
