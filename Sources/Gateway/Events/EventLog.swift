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
  private let directory: DeviceDirectory
  private let time: TimeSource
  private let logger: Logger
  private let queue: AsyncStream<Entry>
  private let continuation: AsyncStream<Entry>.Continuation
  private let dropped = Atomic<UInt64>(0)
  private let listener = Mutex<(@Sendable () -> Void)?>(nil)

  /// An event on its way to the disk.
  private struct Entry {
    var event: EventRecord
    var mark: StoreMark?
  }

  /// Events that may wait for the disk.
  static let maxQueued = 1024

  /// - Parameter directory: says whose the things are that events are about.
  init(store: GatewayStore, hub: StreamHub, directory: DeviceDirectory, time: TimeSource, logger: Logger) {
    self.store = store
    self.hub = hub
    self.directory = directory
    self.time = time
    self.logger = logger
    (queue, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.maxQueued))
  }

  /// Calls this after each event that is kept. It must not wait.
  func onAppend(_ call: @escaping @Sendable () -> Void) { listener.withLock { $0 = call } }

  /// Events that were lost because the disk was slower.
  var droppedCount: UInt64 { dropped.load(ordering: .relaxed) }

  /// Notes an event. Never waits.
  ///
  /// - Parameters:
  ///   - customer: who sees it; `nil` = whose the device or site is now.
  ///   - mark: is set together with it.
  func record(
    _ kind: EventKind, device: String? = nil, customer: String? = nil, site: String? = nil,
    data: [String: JSONValue] = [:], mark: StoreMark? = nil
  ) {
    record(type: kind.rawValue, device: device, customer: customer, site: site, data: data, mark: mark)
  }

  /// Notes the new state of a command.
  func record(_ command: CommandRecord) {
    var data: [String: JSONValue] = [
      "commandId": .text(command.id), "command": .text(command.name.description),
      "status": .text(command.status.rawValue), "actor": .text(command.actor),
    ]
    if let detail = command.history.last?.detail, !detail.isEmpty { data["detail"] = .text(detail) }
    record(type: "command.\(command.status.rawValue)", device: command.deviceID, data: data)
  }

  private func record(
    type: String, device: String?, customer: String? = nil, site: String? = nil, data: [String: JSONValue],
    mark: StoreMark? = nil
  ) {
    let owner = device.flatMap { directory.owner(of: $0) }
    let site = site ?? owner?.siteID
    let customer = customer ?? owner?.customerID ?? site.flatMap { directory.customer(ofSite: $0) }
    let json = (try? JSONEncoder().encode(data)).flatMap { String(data: $0, encoding: .utf8) } ?? "{}"
    let event = EventRecord(
      type: type, at: time.wall(), deviceID: device, customerID: customer, siteID: site, json: json)
    if case .dropped = continuation.yield(Entry(event: event, mark: mark)) { dropped.add(1, ordering: .relaxed) }
  }

  /// Writes until `finish` was called and the queue is empty.
  func run() async {
    var failures = FailureLog()
    for await entry in queue {
      var event = entry.event
      do {
        event.seq = try await store.append([event], mark: entry.mark).first ?? 0
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
