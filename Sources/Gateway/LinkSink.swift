import AdapterKit
import DeviceProfiles
import EnergyModel
import LocalAPISchema
import TelemetryPipeline

/// What an adapter delivers, passed on to the pipeline, the connectivity board and the event log.
///
/// Made for one link; the adapter calls it from one serial context.
final class LinkSink: AdapterSink {
  /// One device behind an endpoint.
  struct Device: Sendable {
    var id: String
    /// Index in the pipeline.
    var index: Int
  }

  /// Endpoint → part of the profile → device; a part that nobody configured has no entry.
  private let devices: [EndpointID: [Int: Device]]
  /// The same for what is measured: the index of each part in the pipeline; −1 where nobody configured it.
  private let indices: [EndpointID: [Int]]
  private let producer: TelemetryProducer
  private let board: ConnectivityBoard
  private let events: EventLog
  private let securing: @Sendable () async -> Bool
  /// What came last, for explanations.
  let tap: FrameTap

  init(
    devices: [EndpointID: [Int: Device]], producer: TelemetryProducer, board: ConnectivityBoard, events: EventLog,
    securing: @escaping @Sendable () async -> Bool
  ) {
    self.securing = securing
    tap = FrameTap(endpoints: devices.keys)
    self.devices = devices
    indices = devices.mapValues { parts in
      (0...(parts.keys.max() ?? 0)).map { parts[$0]?.index ?? -1 }
    }
    self.producer = producer
    self.board = board
    self.events = events
  }

  func accept(_ batch: borrowing ReadingBatch, from endpoint: EndpointID) {
    guard let indices = indices[endpoint] else { return }
    let batch = copy batch
    producer.accept { intake in
      batch.forEach { part, number in
        if indices.indices.contains(part), indices[part] >= 0 { intake.append(number, device: indices[part]) }
      } word: { part, reading in
        if indices.indices.contains(part), indices[part] >= 0 { intake.append(reading, device: indices[part]) }
      }
    }
  }

  func received(_ frame: RawFrame, from endpoint: EndpointID) { tap.keep(frame, of: endpoint) }

  func secure(_ done: @escaping @Sendable (Bool) -> Void) { Task { [securing] in done(await securing()) } }

  var hasRoom: Bool { producer.hasRoom }

  func connectivityChanged(_ connectivity: Connectivity, of endpoint: EndpointID) {
    let before = board.update(connectivity, of: endpoint)
    guard before?.state != connectivity.state, let kind = connectivity.state.event else { return }
    var data: [String: JSONValue] = ["state": .text(connectivity.state.rawValue)]
    if let reason = connectivity.lastError { data["reason"] = .text(reason) }
    for device in devices[endpoint]?.values.sorted(by: { $0.id < $1.id }) ?? [] {
      events.record(kind, device: device.id, data: data)
    }
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
