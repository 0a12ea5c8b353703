import DeviceProfiles
import EnergyModel
import Foundation
import LocatedYAML
import Testing

@Suite("Shipped profiles")
struct ShippedProfilesTests {
  /// Installations rely on these; more may come, none may go.
  static let ids: Set<String> = [
    "eastron-sdm120", "eastron-sdm630", "fronius-solar-api-v1", "huawei-sun2000", "shelly-st1820", "sunspec-inverter",
    "sunspec-storage", "tasmota-energy-plug", "venstar-colortouch", "zigbee2mqtt-radiator-thermostat",
  ]

  @Test("The library of the shipped folder has no finding, every file is in it, and no promised profile is missing")
  func library() {
    let library = ProfileLibrary(directories: [ProjectFiles.profiles.path])
    #expect(library.diagnostics.isEmpty, "\(library.diagnostics)")
    #expect(library.profiles.count == ProjectFiles.profilePaths.count)
    #expect(Self.ids.subtracting(library.profiles.keys).isEmpty)
  }

  @Test("The list of products names every shipped profile")
  func listOfProducts() throws {
    let list = try String(
      contentsOf: ProjectFiles.root.appending(path: "Sources/Gateway/docs/Products.md"), encoding: .utf8)
    let library = ProfileLibrary(directories: [ProjectFiles.profiles.path])
    for id in library.profiles.keys.sorted() { #expect(list.contains("`\(id)`"), "\(id) is missing") }
  }

  @Test("A shipped profile is read without a finding", arguments: ProjectFiles.profilePaths)
  func reads(path: String) throws {
    let (profile, diagnostics) = try read(path)
    for finding in diagnostics { Issue.record("\(finding)") }
    #expect(profile != nil)
  }

  @Test("All tests inside a shipped profile pass", arguments: ProjectFiles.profilePaths)
  func embeddedTests(path: String) throws {
    let profile = try #require(try read(path).profile)
    #expect(!profile.tests.isEmpty)
    let results = ProfileTester.run(profile)
    #expect(results.count == profile.tests.count)
    for result in results {
      for failure in result.failures { Issue.record("\(path):\(result.line): \(result.name): \(failure)") }
    }
    let inForce = Set(results.compactMap(\.variant))
    for variant in profile.variants {
      #expect(inForce.contains(variant.name), "\(path): the variant \(variant.name) is in force in no test")
    }
  }

  @Test("Every field of a shipped profile has a tested value", arguments: ProjectFiles.profilePaths)
  func everyFieldIsTested(path: String) throws {
    let profile = try #require(try read(path).profile)
    for part in profile.forms.flatMap(\.parts) {
      for point in part.points {
        guard case .field(let field) = point.target else { continue }
        let values = profile.tests.compactMap { $0.expect[part.name]?[field.name] }
        #expect(
          values.contains { $0 != .null }, "\(path): \(part.name).\(field.name) is never expected to have a value")
      }
    }
  }

  @Test("Every device of a shipped profile can be shown as absent", arguments: ProjectFiles.profilePaths)
  func everyProfileShowsAbsence(path: String) throws {
    let profile = try #require(try read(path).profile)
    for part in profile.forms.flatMap(\.parts) {
      let values = profile.tests.flatMap { test in test.expect[part.name].map { Array($0.values) } ?? [] }
      #expect(values.contains(.null), "\(path): no test of \(part.name) expects an absent value")
    }
  }

  @Test("Every command of a shipped profile has a test with its exact writes", arguments: ProjectFiles.profilePaths)
  func everyCommandIsTested(path: String) throws {
    let profile = try #require(try read(path).profile)
    for part in profile.forms.flatMap(\.parts) {
      var verbs = part.commands.map(\.verb)
      if part.defaultState != nil { verbs.append("auto") }
      for verb in verbs {
        let isTested = profile.tests.contains { test in
          test.command?.part == part.name && test.command?.verb == verb && !test.writes.isEmpty
        }
        #expect(isTested, "\(path): \(part.name) \(verb)")
      }
    }
  }

  @Test("Every command of a shipped profile is confirmed by what the device says", arguments: ProjectFiles.profilePaths)
  func everyCommandIsConfirmed(path: String) throws {
    let profile = try #require(try read(path).profile)
    for part in profile.forms.flatMap(\.parts) {
      for command in part.commands {
        let confirm = try #require(command.confirm, "\(path): \(command.verb)")
        let measured = confirm.expect.names.filter { !$0.hasPrefix("input.") && !$0.hasPrefix("parameter.") }
        #expect(!measured.isEmpty, "\(path): \(command.verb) is confirmed by its own input")
      }
    }
  }

  @Test("A shipped profile names its source and what to know", arguments: ProjectFiles.profilePaths)
  func provenance(path: String) throws {
    let profile = try #require(try read(path).profile)
    #expect(!profile.provenance.document.isEmpty)
    #expect(!profile.provenance.caveats.isEmpty)
    #expect(profile.parameters.allSatisfy { !$0.help.isEmpty })
  }

  private static let bases = ProfileTexts(directories: [ProjectFiles.profiles.path])

  private func read(_ path: String) throws -> (profile: DeviceProfile?, diagnostics: [Diagnostic]) {
    ProfileReader.read(
      text: try ProjectFiles.text(ProjectFiles.profiles.appending(path: path)), file: path, bases: Self.bases)
  }
}
