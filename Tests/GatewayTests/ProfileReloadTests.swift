import DeviceProfiles
import Foundation
import LocatedYAML
import Testing

@testable import Gateway

@Suite("A reload with profiles that have errors")
struct ProfileReloadTests {
  private static func profile(_ id: String, _ rest: String) -> String {
    """
    schema: heddle.profile/1
    id: \(id)
    name: Test
    products: [Test]
    maturity: documentation
    source: {document: this test}
    \(rest)
    tests: []
    """
  }

  private static func base(type: String) -> String {
    profile(
      "acme-base",
      """
      manufacturer: Acme
      transport: {modbus: {unit: 1}}
      devices: {meter: {type: meter, points: {powerW: {holding: 1, type: \(type)}}}}
      """)
  }

  private static let child = profile("acme-child", "extends: acme-base")

  @Test("A base that breaks leaves the last good version of its children in force")
  func brokenBase() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "heddle-reload-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    func write(_ name: String, _ text: String) throws {
      try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }
    var paths = GatewayPaths()
    paths.profileDirectories = [folder.path]
    let configuration = """
      links: [{id: bus, modbus: {tcp: 127.0.0.1}}]
      devices:
        - {id: m, profile: acme-child, link: bus, role: grid}
      """
    try write("heddle.conf", configuration)
    let file = folder.appending(path: "heddle.conf").path

    try write("base.yaml", Self.base(type: "i16"))
    try write("child.yaml", Self.child)
    let good = ConfigurationCheck.library(paths)
    let (first, findings) = ConfigurationCheck.load(file, library: good, paths: paths)
    #expect(first != nil, "\(findings.map(\.oneLine))")

    try write("base.yaml", Self.base(type: "i17"))
    var broken = ConfigurationCheck.library(paths)
    // A start, which has nothing to go back to, says what is wrong with the base.
    let (none, reasons) = ConfigurationCheck.load(file, library: broken, paths: paths)
    #expect(none == nil)
    #expect(reasons.contains { $0.hint?.contains("base.yaml:9") == true }, "\(reasons.map(\.oneLine))")

    #expect(broken.keepLastGood(of: good) == ["acme-base", "acme-child"])
    let (kept, _) = ConfigurationCheck.load(file, library: broken, paths: paths)
    #expect(kept?.devices.first?.profile.profile.parts[0].points.count == 1)
    // The version that was kept is there for the next reload too.
    var again = ConfigurationCheck.library(paths)
    #expect(again.keepLastGood(of: broken) == ["acme-base", "acme-child"])
  }
}
