import Foundation
import LocatedYAML

extension ConfigurationReader {
  /// Bytes of a file of carbon intensities.
  private static let maxCarbonFileBytes = 32 << 20

  /// Reads `carbonIntensity:` with the files that it names.
  func readCarbon(_ node: YAMLNode?, file: String, sites: [GatewayConfiguration.Site]) -> [CarbonSource] {
    var sources: [CarbonSource] = []
    for entry in elements(of: node) {
      guard entry.expectMapping(keys: ["name", "file", "sites"]), let path = entry.require("file"),
        let text = path.textValue(), let series = carbonSeries(path, at: text, besides: file)
      else { continue }
      let names = entry["sites"].map {
        elements(of: $0).compactMap { reference($0, to: sites.map(\.id), what: "site") }
      }
      let name = entry["name"]?.textValue() ?? URL(fileURLWithPath: text).lastPathComponent
      if names == nil, sources.contains(where: { $0.siteIDs == nil }) {
        entry.report(131, "a second carbon intensity is for all sites", hint: "name its sites: sites: [home]")
      }
      sources.append(CarbonSource(name: name, siteIDs: names, series: series))
    }
    return sources
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
}
