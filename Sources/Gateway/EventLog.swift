import AdapterKit
import EnergyModel
import Foundation
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import Logging
import Synchronization
import TimeSource

/// Writes what happens into the event log and hands it to the listeners of the stream, in this order.
///
/// Adapters report from their own threads and must not wait for the disk, so events pass through a bounded queue; what
/// does not fit is dropped and counted.
final class EventLog: Sendable {
  private let store: GatewayStore
  private let hub: StreamHub
  private let time: TimeSource
  private let logger: Logger
  private let queue: AsyncStream<EventRecord>
  private let continuation: AsyncStream<EventRecord>.Continuation
  private let dropped = Atomic<UInt64>(0)
  private let listener = Mutex<(@Sendable () -> Void)?>(nil)

  /// Events that may wait for the disk.
  static let maxQueued = 1024

  init(store: GatewayStore, hub: StreamHub, time: TimeSource, logger: Logger) {
    self.store = store
    self.hub = hub
    self.time = time
    self.logger = logger
    (queue, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.maxQueued))
  }

  /// Calls this after each event that is kept. It must not wait.
  func onAppend(_ call: @escaping @Sendable () -> Void) { listener.withLock { $0 = call } }

  /// Events that were lost because the disk was slower.
  var droppedCount: UInt64 { dropped.load(ordering: .relaxed) }

  /// Notes an event. Never waits.
  func record(
    _ type: String, device: String? = nil, customer: String? = nil, site: String? = nil, data: [String: JSONValue]
  ) {
    let json = (try? JSONEncoder().encode(data)).flatMap { String(data: $0, encoding: .utf8) } ?? "{}"
    let event = EventRecord(
      type: type, at: time.wall(), deviceID: device, customerID: customer, siteID: site, json: json)
    if case .dropped = continuation.yield(event) { dropped.add(1, ordering: .relaxed) }
  }

  /// Writes until `finish` was called and the queue is empty.
  func run() async {
    var failures = FailureLog()
    for await first in queue {
      var event = first
      do {
        event.seq = try await store.append([first]).first ?? 0
        hub.publish(.event(Self.resource(of: event)))
        listener.withLock { $0 }?()
        if failures.success(now: time.monotonic()) { logger.notice("events are kept again") }
      } catch {
        dropped.add(1, ordering: .relaxed)
        // A full disk fails for every event; the log tells it on change and then ever more rarely.
        if let line = failures.failure("an event could not be kept: \(error)", now: time.monotonic()) {
          logger.error("\(line.text)", metadata: ["event": "\(event.type)"])
        }
      }
    }
  }

  /// Takes no more events.
  func finish() { continuation.finish() }

  /// The event as the API gives it.
  static func resource(of record: EventRecord) -> EventResource {
    let data = (try? JSONDecoder().decode([String: JSONValue].self, from: Data(record.json.utf8))) ?? [:]
    return EventResource(
      sequence: record.seq, type: record.type, version: 1, key: "evt_\(record.seq)", timestamp: record.at,
      deviceId: record.deviceID, customerId: record.customerID, data: data)
  }
}

extension EventLog {
  /// Notes the new state of a command.
  func record(_ command: CommandRecord, owner: DeviceDirectory.Owner?) {
    var data: [String: JSONValue] = [
      "commandId": .text(command.id), "command": .text(command.name.description),
      "status": .text(command.status.rawValue), "actor": .text(command.actor),
    ]
    if let detail = command.history.last?.detail, !detail.isEmpty { data["detail"] = .text(detail) }
    record(
      "command.\(command.status.rawValue)", device: command.deviceID, customer: owner?.customerID,
      site: owner?.siteID, data: data)
  }
}
