import ArgumentParser
import Foundation
import LocalAPIClient
import LocalAPISchema

struct EventsCommand: GatewayCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "What happened, oldest first; with --follow also what happens.")

  @Flag(name: .shortAndLong, help: "Go on with what happens.")
  var follow = false
  @Option(help: "Only events of this device.")
  var device: String?
  @Option(help: "Only events after this sequence number.")
  var after: Int64?
  @Option(help: "The most to show, up to 1000.")
  var limit = 50
  @OptionGroup var connection: ConnectionOptions

  func run(in session: Session) async throws -> ExitStatus {
    let reply = try await session.client.events(after: after, deviceId: device, limit: limit)
    if session.json, !follow {
      session.print(json: reply.json)
      return .fine
    }
    for event in reply.value.data { show(event, session) }
    guard follow else {
      if reply.value.data.isEmpty { session.output.print(["nothing happened"]) }
      return .fine
    }
    let stream = try await session.client.stream(
      topics: ["events"], deviceId: device, after: reply.value.data.last?.sequence ?? after ?? 0)
    for try await message in stream {
      if case .event(let event) = message { show(event, session) }
    }
    throw CommandFailure(
      message: "the gateway ended the stream", hint: "heddle status says whether it still runs", status: .unreachable)
  }

  private func show(_ event: EventResource, _ session: Session) {
    session.output.print([session.json ? Session.text(event, pretty: false) : RecordViews.event(event)])
  }
}
