import DeviceProfiles
import Foundation
import LocatedYAML

extension ConfigurationReader {
  /// Bytes of a file of carbon intensities.
  private static let maxCarbonFileBytes = 32 << 20

  /// Reads `carbonIntensity:` with the files that it names.
  func readCarbon(_ node: YAMLNode?, file: String, sites: [GatewayConfiguration.Site]) -> [CarbonSource] {
    var sources: [CarbonSource] = []
    for entry in elements(of: node) {
      guard entry.expectMapping(keys: ["name", "file", "http", "sites"]),
        var source = entry["http"] == nil ? fileSource(entry, besides: file) : httpSource(entry)
      else { continue }
      source.siteIDs = entry["sites"].map {
        elements(of: $0).compactMap { reference($0, to: sites.map(\.id), what: "site") }
      }
      if source.siteIDs == nil, sources.contains(where: { $0.siteIDs == nil }) {
        entry.report(131, "a second carbon intensity is for all sites", hint: "name its sites: sites: [home]")
      }
      if source.request != nil, sources.contains(where: { $0.name == source.name }) {
        entry.report(132, "two carbon intensities have the name '\(source.name)'", hint: "its values are kept under it")
      }
      sources.append(source)
    }
    return sources
  }

  // MARK: Files

  private func fileSource(_ entry: YAMLNode, besides file: String) -> CarbonSource? {
    guard let path = entry.require("file"), let text = path.textValue(),
      let series = carbonSeries(path, at: text, besides: file)
    else { return nil }
    return CarbonSource(
      name: entry["name"]?.textValue() ?? URL(fileURLWithPath: text).lastPathComponent, series: series)
  }

  /// A path that is not absolute is meant from the configuration's directory on.
  private func carbonSeries(_ node: YAMLNode, at path: String, besides file: String) -> CarbonSeries? {
    let url = URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: file).deletingLastPathComponent())
    do {
      let data = try Data(contentsOf: url)
      guard data.count <= Self.maxCarbonFileBytes else {
        node.report(130, "\(path) has more than \(Self.maxCarbonFileBytes >> 20) MiB")
        return nil
      }
      return try CarbonSeries(text: String(decoding: data, as: UTF8.self))
    } catch let failure as CarbonSeries.Failure {
      node.report(130, "\(path): \(failure.message)", hint: failure.hint)
    } catch {
      node.report(130, "\(path) cannot be read", hint: "a path from the directory of this file on, or an absolute one")
    }
    return nil
  }

  // MARK: HTTP

  private func httpSource(_ entry: YAMLNode) -> CarbonSource? {
    entry["file"]?.report(133, "a carbon intensity comes from a file or over HTTP, not both", hint: "make two entries")
    guard let name = entry.require("name")?.textValue(), let node = entry["http"],
      node.expectMapping(keys: ["url", "headers", "interval", "time", "value", "unit"]),
      let urlNode = node.require("url"),
      let shown = urlNode.textValue(), let url = withCredentials(urlNode, shown), check(url, urlNode, shown)
    else { return nil }
    var request = CarbonRequest(url: url, shownURL: shown)
    if let interval = node["interval"], let value = interval.durationValue() {
      if !CarbonRequest.intervals.contains(value) {
        interval.report(134, "\(interval.subject) must be between 1 min and 7 d")
      }
      request.interval = value
    }
    request.headers = readHeaders(node["headers"])
    request.paths = readPaths(node)
    return CarbonSource(name: name, series: CarbonSeries([]), request: request)
  }

  private func check(_ url: Secret, _ node: YAMLNode, _ shown: String) -> Bool {
    guard let parts = URLComponents(string: url.value), parts.scheme == "http" || parts.scheme == "https",
      let host = parts.host, !host.isEmpty, parts.fragment == nil, URL(string: url.value) != nil
    else {
      node.report(135, "'\(shown)' is not an address", hint: "write https://host/path")
      return false
    }
    guard parts.user == nil, parts.password == nil else {
      node.report(
        136, "the address must not have a user or password in it",
        hint: "write headers: {Authorization: \"Basic ${credential:name}\"}")
      return false
    }
    return true
  }

  private func readHeaders(_ node: YAMLNode?) -> [String: Secret] {
    guard let node else { return [:] }
    guard node.isMapping, node.entries.count <= CarbonRequest.maxHeaders else {
      node.report(137, "\(node.subject) must be at most \(CarbonRequest.maxHeaders) headers", hint: "{name: value}")
      return [:]
    }
    var headers: [String: Secret] = [:]
    for (key, value) in node.entries {
      guard let name = key.scalarText, let text = value.textValue() else { continue }
      guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }) else {
        key.report(138, "'\(name)' is not the name of a header")
        continue
      }
      let isSecret = ["auth", "token", "key", "secret", "cookie"].contains { name.lowercased().contains($0) }
      if isSecret, !text.contains("${credential:") {
        value.report(
          107, "\(value.subject) is a secret and must not stand in this file", hint: "write ${credential:name}")
        continue
      }
      guard let secret = withCredentials(value, text) else { continue }
      guard secret.value.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
        value.report(139, "\(value.subject) has a line break or another character that no header can have")
        continue
      }
      headers[name] = secret
    }
    return headers
  }

  private func readPaths(_ node: YAMLNode) -> CarbonRequest.Paths? {
    let given = ["time", "value", "unit"].filter { node[$0] != nil }
    guard !given.isEmpty else { return nil }
    guard let time = node.require("time").flatMap(readPath), let value = node.require("value").flatMap(readPath) else {
      return nil
    }
    var paths = CarbonRequest.Paths(time: time, value: value)
    if let word = node["unit"]?.wordValue(among: CarbonRequest.Unit.allCases.map(\.rawValue)) {
      paths.unit = CarbonRequest.Unit(rawValue: word) ?? .gramsPerKWh
    }
    if time.steps.contains(.any) != value.steps.contains(.any) {
      node["value"]?.report(141, "time and value must both lead through a list or neither", hint: "/data/*/intensity")
    }
    return paths
  }

  private func readPath(_ node: YAMLNode) -> DocumentPath? {
    guard let text = node.textValue() else { return nil }
    guard let path = DocumentPath(text), path.steps.count(where: { $0 == .any }) <= 1 else {
      node.report(140, "'\(text)' is not a path with at most one *", hint: "write /data/*/from")
      return nil
    }
    return path
  }
}
