import AdapterKit
import DeviceProfiles
import EnergyModel
import LocalAPISchema
import Synchronization
import TelemetryPipeline

/// What an adapter delivers, passed on to the pipeline, the connectivity board and the event log.
///
/// Made for one link; the adapter calls it from one serial context. It can outlive a pipeline: between two of them it
/// holds what comes.
final class LinkSink: AdapterSink {
  /// One device behind an endpoint.
  struct Device: Sendable {
    var id: String
    /// Index in the pipeline.
    var index: Int
  }

  /// Where what is delivered goes.
  struct Target: Sendable {
    /// Endpoint → part of the profile → device; a part that nobody configured has no entry.
    let devices: [EndpointID: [Int: Device]]
    let securing: @Sendable () async -> Bool
    /// The same for what is measured: the index of each part in the pipeline; −1 where nobody configured it.
    private let indices: [EndpointID: [Int]]
    private let producer: TelemetryProducer

    init(
      devices: [EndpointID: [Int: Device]], producer: TelemetryProducer, securing: @escaping @Sendable () async -> Bool
    ) {
      self.devices = devices
      self.producer = producer
      self.securing = securing
      indices = devices.mapValues { parts in
        (0...(parts.keys.max() ?? 0)).map { parts[$0]?.index ?? -1 }
      }
    }

    fileprivate func take(_ batch: ReadingBatch, from endpoint: EndpointID) {
      guard let indices = indices[endpoint] else { return }
      producer.accept { intake in
        batch.forEach { part, number in
          if indices.indices.contains(part), indices[part] >= 0 { intake.append(number, device: indices[part]) }
        } word: { part, reading in
          if indices.indices.contains(part), indices[part] >= 0 { intake.append(reading, device: indices[part]) }
        }
      }
    }

    fileprivate var hasRoom: Bool { producer.hasRoom }
  }

  private struct State {
    /// `nil` while it holds.
    var target: Target?
    var devices: [EndpointID: [Int: Device]] = [:]
    var held: [(batch: ReadingBatch, endpoint: EndpointID)] = []
    var unsecured: [@Sendable (Bool) -> Void] = []
    var dropped = 0
  }

  /// Frames that are held between two pipelines, which takes a fraction of a second; beyond, the newest are dropped and
  /// counted.
  static let maxHeld = 1024

  private let state = Mutex(State())
  private let board: ConnectivityBoard
  private let events: EventLog
  /// What came last, for explanations.
  let tap: FrameTap

  /// Holds what comes until `resume`.
  init(endpoints: some Collection<EndpointID>, board: ConnectivityBoard, events: EventLog) {
    tap = FrameTap(endpoints: endpoints)
    self.board = board
    self.events = events
  }

  /// Keeps what comes from now on for the next pipeline. When it returns, the present one gets nothing more.
  func hold() { state.withLock { $0.target = nil } }

  /// Passes on what was held, in its order, and what comes from now on.
  ///
  /// - Returns: how many frames were dropped meanwhile.
  @discardableResult
  func resume(_ target: Target) -> Int {
    let (unsecured, dropped) = state.withLock { state in
      for (batch, endpoint) in state.held { target.take(batch, from: endpoint) }
      defer { state = State(target: target, devices: target.devices) }
      return (state.unsecured, state.dropped)
    }
    for done in unsecured { Task { done(await target.securing()) } }
    return dropped
  }

  func accept(_ batch: borrowing ReadingBatch, from endpoint: EndpointID) {
    let batch = copy batch
    state.withLock { state in
      if let target = state.target {
        target.take(batch, from: endpoint)
      } else if state.held.count < Self.maxHeld {
        state.held.append((batch, endpoint))
      } else {
        state.dropped += 1
      }
    }
  }

  func received(_ frame: RawFrame, from endpoint: EndpointID) { tap.keep(frame, of: endpoint) }

  func secure(_ done: @escaping @Sendable (Bool) -> Void) {
    let securing = state.withLock { state in
      if state.target == nil { state.unsecured.append(done) }
      return state.target?.securing
    }
    if let securing { Task { done(await securing()) } }
  }

  var hasRoom: Bool { state.withLock { $0.target?.hasRoom ?? ($0.held.count < Self.maxHeld / 2) } }

  func connectivityChanged(_ connectivity: Connectivity, of endpoint: EndpointID) {
    let before = board.update(connectivity, of: endpoint)
    guard before?.state != connectivity.state, let kind = connectivity.state.event else { return }
    var data: [String: JSONValue] = ["state": .text(connectivity.state.rawValue)]
    if let reason = connectivity.lastError { data["reason"] = .text(reason) }
    let devices = state.withLock { $0.devices[endpoint]?.values.sorted { $0.id < $1.id } ?? [] }
    for device in devices { events.record(kind, device: device.id, data: data) }
  }
}

extension Connectivity.State {
  /// What is told when a device comes to it; `nil` = nothing.
  fileprivate var event: EventKind? {
    switch self {
    case .online: .deviceOnline
    case .degraded: .deviceDegraded
    case .offline: .deviceOffline
    case .unknown: nil
    }
  }
}
