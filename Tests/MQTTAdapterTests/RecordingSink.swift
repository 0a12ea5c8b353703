public import AdapterKit
import DeviceProfiles
import EnergyModel

/// Keeps everything that a link delivers.
final class RecordingSink: AdapterSink {
  struct Record: Sendable {
    var readings: [EndpointID: [String: [ReadingValue]]] = [:]
    var connectivity: [EndpointID: [Connectivity]] = [:]
    var deliveries = 0
  }

  let record = Watched(Record())
  /// Called with every delivery, in the context of the link.
  private let onReading: @Sendable () -> Void

  init(onReading: @escaping @Sendable () -> Void = {}) { self.onReading = onReading }

  func accept(_ batch: borrowing ReadingBatch, from endpoint: EndpointID) {
    onReading()
    let entries = batch.entries
    record.change { record in
      record.deliveries += 1
      for entry in entries {
        record.readings[endpoint, default: [:]][entry.reading.field.name, default: []].append(entry.reading.value)
      }
    }
  }

  func connectivityChanged(_ connectivity: Connectivity, of endpoint: EndpointID) {
    record.change { $0.connectivity[endpoint, default: []].append(connectivity) }
  }

  /// Waits until the newest value of a field is this one.
  func shows(_ field: String, _ value: ReadingValue, of endpoint: EndpointID) async -> Bool {
    await record.wait { $0.readings[endpoint]?[field]?.last == value }
  }

  /// Waits until an endpoint is in a state, and its reason contains a text.
  func isState(_ state: Connectivity.State, because text: String = "", of endpoint: EndpointID) async -> Bool {
    await record.wait {
      guard let last = $0.connectivity[endpoint]?.last, last.state == state else { return false }
      return text.isEmpty || (last.lastError ?? "").contains(text)
    }
  }

  func values(_ field: String, of endpoint: EndpointID) -> [ReadingValue] {
    record.value.readings[endpoint]?[field] ?? []
  }

  func state(of endpoint: EndpointID) -> Connectivity? { record.value.connectivity[endpoint]?.last }
}

extension EndpointID: ExpressibleByStringLiteral {
  /// The literal is the name.
  public init(stringLiteral value: String) { self.init(value) }
}
