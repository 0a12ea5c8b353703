import EnergyModel
import Foundation
import HTTPTypes
import Hummingbird
import LocalAPISchema
import NIOCore
import TimeSource

/// One client of `GET /v1/stream`: what it missed, then what happens, with a sign of life in between.
struct EventStream: Sendable {
  /// What a client can ask for.
  enum Topic: String, CaseIterable, Sendable { case events, states }

  /// Silence is broken by a comment after this time, so that a dead connection is noticed.
  static let heartbeat: Duration = .seconds(15)
  /// Events that are read from the log at once.
  static let replayPage = 500

  let service: any GatewayService
  let hub: StreamHub
  let time: TimeSource
  let topics: Set<Topic>
  /// Only this device.
  let deviceId: String?
  /// Only this customer.
  let customerId: String?
  /// The last event that the client has; `nil` = from now on.
  let after: Int64?

  /// - Throws: `APIError` 429 when there are too many clients.
  func response() async throws -> Response {
    // The place in the log is taken before the client joins: what happens in between is then replayed, not missed.
    let start = try await startingPoint()
    guard let subscription = hub.subscribe() else {
      throw APIError(
        status: 429, code: "TOO_MANY_STREAMS", message: "there are \(StreamHub.maxClients) streams already",
        hint: "close one of them", retryAfterSeconds: 5)
    }
    var headers = HTTPFields()
    headers[.contentType] = "text/event-stream"
    headers[.cacheControl] = "no-store"
    headers[.xAccelBuffering] = "no"
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { writer in
        try await write(subscription, after: start, to: &writer)
      })
  }

  private func startingPoint() async throws -> Int64 {
    if let after { return after }
    let query = EventQuery(customerId: customerId, deviceId: deviceId, limit: 1)
    return try await service.events(query).last?.sequence ?? 0
  }

  @concurrent
  private func write(
    _ subscription: StreamHub.Subscription, after start: Int64, to writer: inout any ResponseBodyWriter
  ) async throws {
    // Not a child task: the writer may only be used from one place, which a task group cannot prove.
    let signs = Task {
      while true {
        try await time.sleep(for: Self.heartbeat)
        subscription.signOfLife()
      }
    }
    defer {
      signs.cancel()
      subscription.end()
    }
    var last = start
    try await writer.write(ByteBuffer(string: ": heddle\nretry: 3000\n\n"))
    try await replay(after: &last, to: &writer)
    for await message in subscription.messages {
      if subscription.takeLoss() > 0 {
        // States are lost for good and will come again; events are in the log.
        try await writer.write(ByteBuffer(string: ": some messages were lost\n\n"))
        try await replay(after: &last, to: &writer)
      }
      if let text = try frame(for: message, last: &last) { try await writer.write(ByteBuffer(string: text)) }
    }
    try await writer.finish(nil)
  }

  @concurrent
  private func replay(after last: inout Int64, to writer: inout any ResponseBodyWriter) async throws {
    guard topics.contains(.events) else { return }
    var position = last
    while true {
      let events = try await service.events(
        EventQuery(after: position, customerId: customerId, deviceId: deviceId, limit: Self.replayPage))
      for event in events where event.sequence > position {
        position = event.sequence
        try await writer.write(ByteBuffer(string: try Self.frame(event)))
      }
      last = position
      if events.count < Self.replayPage { return }
    }
  }

  private func frame(for message: StreamHub.Message, last: inout Int64) throws -> String? {
    switch message {
    case .signOfLife: return ":\n\n"
    case .event(let event):
      guard topics.contains(.events), event.sequence > last, sees(event.customerId, event.deviceId) else {
        return nil
      }
      last = event.sequence
      return try Self.frame(event)
    case .state(let state, let customer):
      guard topics.contains(.states), sees(customer, state.deviceId) else { return nil }
      return "event: state\ndata: \(String(buffer: try JSONText.encode(state)))\n\n"
    }
  }

  private func sees(_ customer: String?, _ device: String?) -> Bool {
    (customerId == nil || customerId == customer) && (deviceId == nil || deviceId == device)
  }

  /// JSON has no line breaks in this form, so that one `data:` line holds it.
  private static func frame(_ event: EventResource) throws -> String {
    let type = event.type.filter { !$0.isNewline }
    return "id: \(event.sequence)\nevent: \(type)\ndata: \(String(buffer: try JSONText.encode(event)))\n\n"
  }
}
