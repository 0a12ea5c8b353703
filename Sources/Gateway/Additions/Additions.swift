import DeviceProfiles
import Foundation
import GatewayStore
import LocalAPISchema
import LocatedYAML

/// Links and devices that the API made, as entries of a configuration file.
struct Additions: Sendable {
  /// By id.
  var links: [String: AdditionRecord] = [:]
  /// By id.
  var devices: [String: AdditionRecord] = [:]

  /// One that is not in force, and why.
  struct Problem: Hashable {
    var kind: AdditionRecord.Kind
    var id: String
    var message: String
  }

  init(_ records: [AdditionRecord] = []) { for record in records { set(record) } }

  subscript(kind: AdditionRecord.Kind, id: String) -> AdditionRecord? {
    get { kind == .link ? links[id] : devices[id] }
    set { if kind == .link { links[id] = newValue } else { devices[id] = newValue } }
  }

  mutating func set(_ record: AdditionRecord) { self[record.kind, record.id] = record }

  /// A configuration file with these laid over it. What the file says wins.
  ///
  /// - Parameter file: may have other additions in it, which go.
  func applied(
    to file: GatewayConfiguration, reader: ConfigurationReader
  ) -> (configuration: GatewayConfiguration, problems: [Problem]) {
    var result = file
    var problems: [Problem] = []
    result.links.removeAll { file.linkLines[$0.id] == nil }
    result.devices.removeAll { file.deviceLines[$0.id] == nil }
    for record in links.values.sorted(by: { $0.id < $1.id }) {
      if let problem = Self.add(record, to: &result, reader: reader) {
        problems.append(Problem(kind: .link, id: record.id, message: problem))
      }
    }
    var taken = Dictionary(result.devices.map { ($0.partKey, $0.id) }) { first, _ in first }
    for record in devices.values.sorted(by: { $0.id < $1.id }) {
      if let problem = Self.add(record, to: &result, taken: &taken, reader: reader) {
        problems.append(Problem(kind: .device, id: record.id, message: problem))
      }
    }
    result.devices = DeviceReader.named(result.devices)
    return (result, problems)
  }

  /// - Returns: why it cannot be added.
  private static func add(
    _ record: AdditionRecord, to result: inout GatewayConfiguration, reader: ConfigurationReader
  ) -> String? {
    if let place = result.place(ofLink: record.id) { return "\(place) defines it" }
    let fragment = ConfigurationFragment(record.value, subject: "the link")
    guard let link = fragment.root.flatMap({ reader.readLink($0) }), fragment.problem == nil else {
      return fragment.problem ?? "it cannot be read"
    }
    if let excess = (result.links + [link]).excess { return excess }
    result.links.append(link)
    return nil
  }

  /// - Parameter taken: which device is behind a link, profile, parameters and part.
  private static func add(
    _ record: AdditionRecord, to result: inout GatewayConfiguration, taken: inout [String: String],
    reader: ConfigurationReader
  ) -> String? {
    if let place = result.place(ofDevice: record.id) { return "\(place) defines it" }
    guard result.devices.count < GatewayConfiguration.maxDevices else {
      return "there are \(GatewayConfiguration.maxDevices) devices already"
    }
    let fragment = ConfigurationFragment(record.value, subject: "the device")
    let devices = DeviceReader(reader: reader, links: result.links, customers: [], sites: [])
    guard let device = fragment.root.flatMap({ devices.read(entry: $0) }), fragment.problem == nil else {
      return fragment.problem ?? "it cannot be read"
    }
    if let other = taken[device.partKey] {
      return "it is the same device as \(other): same link, profile and parameters"
    }
    taken[device.partKey] = device.id
    result.devices.append(device)
    return nil
  }
}

extension AdditionRecord {
  /// The entry.
  var value: JSONValue { (try? JSONDecoder().decode(JSONValue.self, from: Data(entry.utf8))) ?? .null }
}

extension GatewayConfiguration {
  /// Where the file defines a link: `/etc/heddle/heddle.yaml:12`; `nil` for one of the API.
  func place(ofLink id: String) -> String? { linkLines[id].map { "\(file):\($0)" } }
  /// Where the file defines a device; `nil` for one of the API.
  func place(ofDevice id: String) -> String? { deviceLines[id].map { "\(file):\($0)" } }
}

extension GatewayConfiguration.Device {
  /// The same only for what is the same device.
  fileprivate var partKey: String { "\(endpointKey)\n\(part)" }
}
