import AdapterKit
import DeviceProfiles
import EnergyModel
import Synchronization

/// Keeps what an adapter delivers, and lets a test wait for it.
final class RecordingSink: AdapterSink {
  enum Event: Sendable {
    case readings([ReadingBatch.Entry], EndpointID)
    case connectivity(Connectivity, EndpointID)
  }

  private struct State {
    var events: [Event] = []
    var hasRoom = true
    var watchers: [(predicate: @Sendable ([Event]) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())

  var events: [Event] { state.withLock { $0.events } }
  var hasRoom: Bool { state.withLock { $0.hasRoom } }
  func setRoom(_ hasRoom: Bool) { state.withLock { $0.hasRoom = hasRoom } }

  func accept(_ batch: borrowing ReadingBatch, from endpoint: EndpointID) {
    append(.readings(batch.entries, endpoint))
  }

  func connectivityChanged(_ connectivity: Connectivity, of endpoint: EndpointID) {
    append(.connectivity(connectivity, endpoint))
  }

  /// Returns as soon as the events so far satisfy the predicate.
  func until(_ predicate: @escaping @Sendable ([Event]) -> Bool) async {
    await withCheckedContinuation { continuation in
      let isReady = state.withLock { state in
        if predicate(state.events) { return true }
        state.watchers.append((predicate, continuation))
        return false
      }
      if isReady { continuation.resume() }
    }
  }

  /// Waits until an endpoint's last known state is this one, and returns it.
  @discardableResult
  func untilState(_ state: Connectivity.State, of id: EndpointID = .device) async -> Connectivity {
    await until { events in events.lastConnectivity(of: id)?.state == state }
    return events.lastConnectivity(of: id) ?? Connectivity(since: Timestamp(milliseconds: 0))
  }

  /// Waits until the last failure of an endpoint contains a text, and returns its connectivity.
  @discardableResult
  func untilReason(_ text: String, of id: EndpointID = .device) async -> Connectivity {
    await until { events in events.lastConnectivity(of: id)?.lastError?.contains(text) ?? false }
    return events.lastConnectivity(of: id) ?? Connectivity(since: Timestamp(milliseconds: 0))
  }

  /// Waits for so many batches of an endpoint.
  func untilBatches(_ count: Int, of id: EndpointID = .device) async {
    await until { events in events.batches(of: id).count >= count }
  }

  private func append(_ event: Event) {
    let ready = state.withLock { state in
      state.events.append(event)
      let events = state.events
      let ready = state.watchers.filter { $0.predicate(events) }.map(\.continuation)
      state.watchers.removeAll { $0.predicate(events) }
      return ready
    }
    for continuation in ready { continuation.resume() }
  }
}

extension [RecordingSink.Event] {
  func lastConnectivity(of id: EndpointID) -> Connectivity? {
    for case .connectivity(let connectivity, id) in reversed() { return connectivity }
    return nil
  }

  func batches(of id: EndpointID) -> [[ReadingBatch.Entry]] {
    compactMap { if case .readings(let entries, id) = $0 { entries } else { nil } }
  }

  /// The last value of a field, of whichever part.
  func value(_ field: String, of id: EndpointID = .device) -> ReadingValue? {
    batches(of: id).joined().last { $0.reading.field.name == field }?.reading.value
  }
}

extension EndpointID {
  static let device = EndpointID("device")
  static let other = EndpointID("other")
}
