import EnergyModel
import Foundation
import LocalAPIClient
import LocalAPISchema
import TimeSource

/// What a command works with: the gateway, the terminal, and how answers are shown.
struct Session: Sendable {
  let client: LocalAPIClient
  let output: Output
  /// Show answers as the API gives them.
  let json: Bool
  let sleep: @Sendable (Duration) async throws -> Void
  /// Wall time, for what is said relative to it.
  var now: @Sendable () -> Timestamp = { TimeSource.system.wall() }

  /// Shows an answer: as JSON, or in words.
  func show<Value>(_ reply: APIReply<Value>, _ lines: (Value) -> [String]) {
    if json { print(json: reply.json) } else { output.print(lines(reply.value)) }
  }

  func print(json value: JSONValue, pretty: Bool = true) { output.write(Self.text(value, pretty: pretty) + "\n") }

  static func text(_ value: some Encodable, pretty: Bool) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
  }

  // MARK: Ids and names

  /// A device by its id, or by its name where only one has it.
  func device(_ text: String) async throws -> APIReply<DeviceResource> {
    do {
      return try await client.device(text)
    } catch {
      guard Self.isNotFound(error) else { throw error }
    }
    let all = try await client.devices().value.data.map { ($0.id, $0.name) }
    return try await client.device(try Self.id(of: text, among: all, what: "device"))
  }

  /// A customer by its id, or by its name where only one has it.
  func customer(_ text: String) async throws -> APIReply<CustomerResource> {
    do {
      return try await client.customer(text)
    } catch {
      guard Self.isNotFound(error) else { throw error }
    }
    let all = try await client.customers().value.data.map { ($0.id, $0.name) }
    return try await client.customer(try Self.id(of: text, among: all, what: "customer"))
  }

  /// The id of the customer with that id or name.
  func customerID(_ text: String) async throws -> String { try await customer(text).value.id }

  /// The same where none may be named.
  func customerID(_ text: String?) async throws -> String? {
    guard let text else { return nil }
    return try await customer(text).value.id
  }

  private static func isNotFound(_ error: APIClientError) -> Bool {
    if case .problem(let problem) = error { problem.status == 404 } else { false }
  }

  static func id(
    of text: String, among all: [(id: String, name: String)], what: String
  ) throws(CommandFailure) -> String {
    let found = all.filter { $0.name.lowercased() == text.lowercased() }.map(\.id)
    if found.count == 1 { return found[0] }
    if found.count > 1 {
      throw CommandFailure(
        message: "several \(what)s are called '\(text)'", hint: "use an id: \(found.sorted().joined(separator: ", "))")
    }
    let ids = all.map(\.id).sorted()
    throw CommandFailure(
      message: "there is no \(what) '\(text)'",
      hint: ids.isEmpty ? "none is configured" : "there are \(ids.prefix(10).joined(separator: ", "))")
  }
}
