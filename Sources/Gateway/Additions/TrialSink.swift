import AdapterKit
import DeviceProfiles
import EnergyModel
import Synchronization

/// Keeps what an adapter delivers while an endpoint is tried.
final class TrialSink: AdapterSink {
  /// What happened.
  enum Signal: Sendable {
    /// Values came.
    case read
    /// It was reached or lost.
    case connectivity(Connectivity)
  }

  let signals: AsyncStream<Signal>
  private let continuation: AsyncStream<Signal>.Continuation
  private let found = Mutex<[Int: [String: ReadingValue]]>([:])
  private let problems = Mutex<[String]>([])

  init() { (signals, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(16)) }

  /// The values so far, by part of the profile and name of the field.
  var values: [Int: [String: ReadingValue]] { found.withLock { $0 } }
  /// The first thing that was not understood.
  var problem: String? { problems.withLock { $0.first } }

  func accept(_ batch: borrowing ReadingBatch, from endpoint: EndpointID) {
    let entries = batch.entries
    let wrong = batch.problems
    if !wrong.isEmpty { problems.withLock { if $0.isEmpty { $0 = wrong } } }
    guard !entries.isEmpty else { return }
    found.withLock { found in
      for entry in entries { found[entry.part, default: [:]][entry.reading.field.name] = entry.reading.value }
    }
    continuation.yield(.read)
  }

  func connectivityChanged(_ connectivity: Connectivity, of endpoint: EndpointID) {
    continuation.yield(.connectivity(connectivity))
  }
}
