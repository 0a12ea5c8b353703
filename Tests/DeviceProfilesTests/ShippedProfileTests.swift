import DeviceProfiles
import Foundation
import LocatedYAML
import Testing

/// The profiles of the project: without findings, and their own tests pass.
@Suite struct ShippedProfileTests {
  static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "device-profiles").path

  static let library = ProfileLibrary(directories: [directory])

  @Test("Every shipped profile is read without a finding")
  func noFindings() {
    for finding in Self.library.diagnostics { Issue.record("\(finding.picture)") }
    #expect(!Self.library.profiles.isEmpty)
  }

  @Test("The tests of every shipped profile pass", arguments: library.profiles.keys.sorted())
  func profileTests(id: String) throws {
    let profile = try #require(Self.library.profile(id))
    for result in ProfileTester.run(profile) where !result.failures.isEmpty {
      Issue.record("\(profile.file):\(result.line): \(result.name):\n  \(result.failures.joined(separator: "\n  "))")
    }
  }
}
