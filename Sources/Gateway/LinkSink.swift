import AdapterKit
import DeviceProfiles
import EnergyModel
import LocalAPISchema
import TelemetryPipeline

/// What an adapter delivers, passed on to the pipeline, the connectivity board and the event log.
///
/// Made for one link; the adapter calls it from one serial context, as the pipeline's producer needs it.
final class LinkSink: AdapterSink {
  /// One device behind an endpoint.
  struct Device: Sendable {
    var id: String
    /// Index in the pipeline.
    var index: Int
    var siteID: String?
    var customerID: String?
  }

  /// Endpoint → part of the profile → device; a part that nobody configured has no entry.
  private let devices: [EndpointID: [Int: Device]]
  private let producer: TelemetryProducer
  private let board: ConnectivityBoard
  private let events: EventLog

  init(
    devices: [EndpointID: [Int: Device]], producer: TelemetryProducer, board: ConnectivityBoard, events: EventLog
  ) {
    self.devices = devices
    self.producer = producer
    self.board = board
    self.events = events
  }

  func accept(_ batch: borrowing ReadingBatch, from endpoint: EndpointID) {
    guard let parts = devices[endpoint] else { return }
    let entries = batch.entries
    producer.accept { intake in
      for entry in entries {
        guard let device = parts[entry.part] else { continue }
        intake.append(entry.reading, device: device.index)
      }
    }
  }

  func connectivityChanged(_ connectivity: Connectivity, of endpoint: EndpointID) {
    let before = board.update(connectivity, of: endpoint)
    guard before?.state != connectivity.state, connectivity.state != .unknown else { return }
    var data: [String: JSONValue] = ["state": .text(connectivity.state.rawValue)]
    if let reason = connectivity.lastError { data["reason"] = .text(reason) }
    for device in devices[endpoint]?.values.sorted(by: { $0.id < $1.id }) ?? [] {
      events.record(
        "device.\(connectivity.state.rawValue)", device: device.id, customer: device.customerID, site: device.siteID,
        data: data)
    }
  }
}
