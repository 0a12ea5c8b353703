import AdapterKit
import DeviceProfiles
import EnergyModel
import Synchronization

/// The last answer to every request and the last message on every topic of the devices behind a link, as they came.
///
/// An answer is copied over the one before it, into memory that is there already: a lookup and some hundred bytes for
/// each frame, and nothing per reading.
final class FrameTap: Sendable {
  /// Requests and topics that are kept for one endpoint; further ones are left out.
  static let maxPlaces = 512
  /// Bytes that are kept of one endpoint; what does not fit is left out.
  static let maxBytes = 512 << 10

  fileprivate enum Place: Hashable {
    case memory(unit: UInt8?, table: RegisterTable, address: UInt16, count: Int)
    case topic(String)
    case request(String)
  }

  fileprivate struct Slot {
    var words: [UInt16] = []
    var bytes: [UInt8] = []
    var isRetained = false
    var receivedAt = Timestamp(milliseconds: 0)
    /// Counts the frames of the endpoint, so that they can be told in their order.
    var number: UInt64 = 0

    var size: Int { bytes.count + 2 * words.count }
  }

  fileprivate struct Endpoint {
    var places: [Place: Int] = [:]
    var slots: [Slot] = []
    var size = 0
    var frames: UInt64 = 0
  }

  private let endpoints: Mutex<[EndpointID: Endpoint]>

  init(endpoints: some Sequence<EndpointID>) {
    self.endpoints = Mutex(Dictionary(endpoints.map { ($0, Endpoint()) }) { first, _ in first })
  }

  /// Keeps a frame instead of the one before it.
  func keep(_ frame: RawFrame, of id: EndpointID) {
    endpoints.withLock { all in
      guard let endpoint = all.index(forKey: id) else { return }
      all.values[endpoint].keep(frame)
    }
  }

  /// What is kept of an endpoint, in the order in which it came.
  func frames(of id: EndpointID) -> [RawFrame] { endpoints.withLock { $0[id]?.all ?? [] } }
}

extension FrameTap.Endpoint {
  fileprivate mutating func keep(_ frame: RawFrame) {
    let place: FrameTap.Place
    let size: Int
    switch frame.body {
    case .registers(let unit, let table, let address, let values):
      place = .memory(unit: unit, table: table, address: address, count: values.count)
      size = 2 * values.count
    case .bits(let unit, let table, let address, let values):
      place = .memory(unit: unit, table: table, address: address, count: values.count)
      size = 2 * values.count
    case .message(let topic, let payload, _): (place, size) = (.topic(topic), payload.count)
    case .response(let request, let body): (place, size) = (.request(request), body.count)
    }
    guard let index = index(of: place, size: size) else { return }
    frames &+= 1
    self.size += size - slots[index].size
    slots[index].number = frames
    slots[index].receivedAt = frame.receivedAt
    slots[index].words.removeAll(keepingCapacity: true)
    slots[index].bytes.removeAll(keepingCapacity: true)
    switch frame.body {
    case .registers(_, _, _, let values): slots[index].words.append(contentsOf: values)
    case .bits(_, _, _, let values): slots[index].words.append(contentsOf: values.lazy.map { $0 ? 1 : 0 })
    case .message(_, let payload, let isRetained):
      slots[index].bytes.append(contentsOf: payload)
      slots[index].isRetained = isRetained
    case .response(_, let body): slots[index].bytes.append(contentsOf: body)
    }
  }

  /// The slot of a place; a new one where there is room.
  private mutating func index(of place: FrameTap.Place, size: Int) -> Int? {
    if let index = places[place] {
      return self.size - slots[index].size + size <= FrameTap.maxBytes ? index : nil
    }
    guard slots.count < FrameTap.maxPlaces, self.size + size <= FrameTap.maxBytes else { return nil }
    places[place] = slots.count
    slots.append(FrameTap.Slot())
    return slots.count - 1
  }

  fileprivate var all: [RawFrame] {
    places.sorted { slots[$0.value].number < slots[$1.value].number }.map { place, index in
      let slot = slots[index]
      let body: RawFrame.Body =
        switch place {
        case .memory(let unit, let table, let address, _):
          table.isBits
            ? .bits(unit: unit, table: table, address: address, values: slot.words.map { $0 != 0 })
            : .registers(unit: unit, table: table, address: address, values: slot.words)
        case .topic(let topic): .message(topic: topic, payload: slot.bytes, isRetained: slot.isRetained)
        case .request(let request): .response(request: request, body: slot.bytes)
        }
      return RawFrame(body: body, receivedAt: slot.receivedAt)
    }
  }
}
