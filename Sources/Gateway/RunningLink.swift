import AdapterKit
import DeviceProfiles
import Foundation
import GatewayStore

/// A link at work, with the devices of the configuration behind it.
struct RunningLink: Sendable {
  var configuration: LinkConfiguration
  var adapter: any Adapter
  /// What came last from the devices behind it.
  var tap: FrameTap
  /// Ids of its devices, in the order of the configuration.
  var deviceIDs: [String]
  /// What the adapter reads.
  var endpoints: [EndpointSpecification] = []
  /// What the adapter delivers to, and where that goes; `nil` where nothing is measured.
  var delivery: (sink: LinkSink, target: LinkSink.Target)?
  /// Whether its adapter was at work already before this configuration.
  var isKept = false

  /// Whether another configuration asks for the same connection and the same reading, as long as the profiles say the
  /// same: then it goes on, with its connection, its counters and what it learned of the devices.
  func isSame(as link: LinkConfiguration, _ wanted: [EndpointSpecification]) -> Bool {
    guard configuration == link, endpoints.count == wanted.count else { return false }
    return wanted.allSatisfy { one in
      endpoints.contains { $0.id == one.id && $0.profile.isSame(as: one.profile) }
    }
  }
}

extension BoundProfile {
  fileprivate func isSame(as other: BoundProfile) -> Bool {
    definition.id == other.definition.id && given == other.given
  }
}

/// What a configuration says to be behind a link.
struct LinkPlan {
  var endpoints: [EndpointSpecification] = []
  /// Endpoint → part of the profile → device.
  var devices: [EndpointID: [Int: LinkSink.Device]] = [:]
  /// In the order of the configuration.
  var deviceIDs: [String] = []

  init(_ link: LinkConfiguration, in configuration: GatewayConfiguration) {
    for (index, device) in configuration.devices.enumerated() where device.linkID == link.id {
      let id = EndpointID(device.endpointName)
      if devices[id] == nil { endpoints.append(EndpointSpecification(id: id, profile: device.profile)) }
      devices[id, default: [:]][device.part] = LinkSink.Device(id: device.id, index: index)
      deviceIDs.append(device.id)
    }
  }
}

extension GatewayPaths {
  /// Of the names and texts of all profiles, so that a changed one is noticed.
  var profileDigest: String {
    var parts: [String] = []
    for directory in profileDirectories {
      let real = URL(filePath: directory).resolvingSymlinksInPath().path
      guard let walk = FileManager.default.enumerator(atPath: real) else { continue }
      var files: [String] = []
      while files.count < ProfileLibrary.maxFiles, let path = walk.nextObject() as? String {
        if path.hasSuffix(".yaml") || path.hasSuffix(".yml") { files.append("\(real)/\(path)") }
      }
      for file in files.sorted() {
        let text = FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) }
        parts.append("\(file) \(ConfigurationOrigin.digest(of: text ?? ""))")
      }
    }
    return ConfigurationOrigin.digest(of: parts.joined(separator: "\n"))
  }
}
