import DeviceProfiles
import Foundation
import LocatedYAML
import Testing

@Suite struct ProfileLibraryTests {
  private static func profile(_ id: String) -> String {
    """
    schema: heddle.profile/1
    id: \(id)
    name: Test
    manufacturer: Test
    products: [Test]
    maturity: documentation
    source: {document: "written for the test"}
    transport: {modbus: {unit: 1}}
    devices: {b: {type: battery, points: {powerW: {holding: 1, type: i16}}}}
    """
  }

  /// Runs in a new directory with one profile in `profiles/vendor`, and removes the directory.
  private func withProfile(_ body: (_ directory: URL) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "heddle-profiles-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let vendor = directory.appending(path: "profiles/vendor")
    try FileManager.default.createDirectory(at: vendor, withIntermediateDirectories: true)
    try Self.profile("linked").write(to: vendor.appending(path: "linked.yaml"), atomically: true, encoding: .utf8)
    try body(directory)
  }

  @Test(
    "A directory that is a link is read, and its files are named by the link", arguments: ["profiles", "./profiles/"])
  func linkedDirectory(target: String) throws {
    try withProfile { directory in
      let link = directory.appending(path: "link").path
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
      for path in [link, link + "/"] {
        let library = ProfileLibrary(directories: [path])
        #expect(!library.diagnostics.contains { $0.severity == .error })
        #expect(library.profile("linked")?.file == "\(link)/vendor/linked.yaml")
      }
    }
  }

  @Test("A link that leads nowhere or in a circle is an empty directory", arguments: ["nowhere", "link"])
  func deadLink(target: String) throws {
    try withProfile { directory in
      let link = directory.appending(path: "link").path
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
      let library = ProfileLibrary(directories: [link])
      #expect(library.profiles.isEmpty && library.diagnostics.isEmpty)
    }
  }

  @Test(
    "A file that has errors stays as it was until it is mended; at a start the shipped one stands in")
  func lastGood() throws {
    try withProfile { directory in
      let shipped = directory.appending(path: "profiles").path
      let own = directory.appending(path: "own")
      try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
      let file = own.appending(path: "mine.yaml")
      func read() -> ProfileLibrary { ProfileLibrary(directories: [shipped, own.path]) }
      func write(_ text: String) throws { try text.write(to: file, atomically: true, encoding: .utf8) }
      let mine = Self.profile("linked").replacing("holding: 1,", with: "holding: 7,")
      try write(mine)
      let good = read()
      #expect(good.profile("linked")?.file == file.path)

      try write(mine.replacing("powerW", with: "powrW"))
      var broken = read()
      #expect(broken.profile("linked")?.file != file.path, "without a last good version the shipped one is used")
      #expect(broken.keepLastGood(of: good) == ["linked"])
      #expect(broken.profile("linked")?.file == file.path)

      try write(mine.replacing("i16", with: "i16, negate: true"))
      var mended = read()
      #expect(mended.keepLastGood(of: broken).isEmpty)
      let before = try #require(broken.profile("linked"))
      let after = try #require(mended.profile("linked"))
      #expect(ProfileDifference(from: before, to: after).sentences == ["b.powerW changes sign"])
    }
  }
}
