import AdapterKit
import DeviceProfiles
import EnergyModel
import Synchronization

/// Keeps what a link emits, and lets a test wait for it.
final class RecordingSink: AdapterSink {
  struct State {
    var values: [EndpointID: [String: ReadingValue]] = [:]
    var problems: [EndpointID: [String]] = [:]
    var connectivity: [EndpointID: [Connectivity]] = [:]
    var batches: [EndpointID: Int] = [:]
    var events = 0
    var hasRoom = true

    func state(_ id: EndpointID) -> Connectivity.State? { connectivity[id]?.last?.state }
    func states(_ id: EndpointID) -> [Connectivity.State] {
      (connectivity[id] ?? []).map(\.state).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }
    func reason(_ id: EndpointID) -> String { connectivity[id]?.last?.lastError ?? "" }
    func number(_ id: EndpointID, _ field: String) -> Double? { values[id]?[field]?.number }
  }

  private let recorded = Mutex(State())

  var state: State { recorded.withLock { $0 } }
  var hasRoom: Bool { recorded.withLock { $0.hasRoom } }
  func setRoom(_ hasRoom: Bool) { recorded.withLock { $0.hasRoom = hasRoom } }
  func forgetBatches() { recorded.withLock { $0.batches = [:] } }

  func accept(_ batch: borrowing ReadingBatch, from endpoint: EndpointID) {
    let entries = batch.entries
    let problems = batch.problems
    recorded.withLock { state in
      state.events += 1
      state.batches[endpoint, default: 0] += 1
      state.problems[endpoint, default: []] += problems
      for entry in entries { state.values[endpoint, default: [:]][entry.reading.field.name] = entry.reading.value }
    }
  }

  func connectivityChanged(_ connectivity: Connectivity, of endpoint: EndpointID) {
    recorded.withLock { state in
      state.events += 1
      state.connectivity[endpoint, default: []].append(connectivity)
    }
  }
}
