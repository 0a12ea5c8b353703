import ArgumentParser
import DeviceProfiles
import EnergyModel
import LocatedYAML
import ProfileExplanation

/// `heddle profile test`: runs the tests inside profiles and says what no test covers.
struct ProfileTestCommand: ProfileTool {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Run the tests inside profiles.",
    discussion: """
      What the device says in a test goes through the same decoder as in the gateway, commands through the same encoder.
      Every field must have a value in some test, every command (auto too) a test with its exact writes, and every \
      variant must be in force in some test.
      """)

  @Argument(help: "Files, directories or ids; without any, all profiles.")
  var files: [String] = []
  @OptionGroup var options: ProfileOptions

  func run(on bench: ProfileBench) throws -> ExitStatus {
    var paths: [String] = []
    for file in files where !ProfileFiles.isPath(file) { paths.append(try bench.profile(file).file) }
    let named = files.filter(ProfileFiles.isPath)
    if files.isEmpty || !named.isEmpty { paths += try bench.files(named) }
    guard !paths.isEmpty else {
      let places = files.isEmpty ? bench.directories : files
      throw CommandFailure(message: "there is no profile in \(places.joined(separator: ", "))")
    }
    let bases = bench.bases(of: paths)
    let reports = paths.map { ProfileTestReport(file: $0, bases: bases) }
    bench.show(reports) { reports.flatMap(\.lines) }
    return reports.allSatisfy(\.isPassed) ? .fine : .failed
  }
}

/// How the tests of one profile went.
struct ProfileTestReport: Encodable {
  struct Test: Encodable {
    var name: String
    var line: Int
    var failures: [String]
  }

  /// Something that no test covers.
  struct Gap: Encodable {
    /// `battery.powerW`, `battery:auto`.
    var subject: String
    /// `nil` where it has no line of its own.
    var line: Int?
    var message: String
  }

  var file: String
  /// `nil` where the file has errors.
  var profile: String?
  var isPassed: Bool
  var tests: [Test] = []
  var uncovered: [Gap] = []
  /// Why the file is no profile.
  var errors: [String] = []

  init(file: String, bases: ProfileTexts) {
    self.file = file
    let (profile, findings) = ProfileFiles.read(file, bases: bases)
    guard let profile else {
      errors = findings.filter { $0.severity == .error }.map(\.oneLine)
      isPassed = false
      return
    }
    self.profile = profile.id
    let results = ProfileTester.run(profile)
    tests = results.map { Test(name: $0.name, line: $0.line, failures: $0.failures) }
    uncovered = profile.forms.flatMap { Self.gaps($0, profile.tests) }
    for variant in profile.variants where !results.contains(where: { $0.variant == variant.name }) {
      uncovered.append(
        Gap(subject: "variant \(variant.name)", line: variant.line, message: "it is in force in no test"))
    }
    var seen: Set<String> = []
    uncovered = uncovered.filter { seen.insert($0.subject).inserted }
    isPassed = uncovered.isEmpty && tests.allSatisfy(\.failures.isEmpty)
  }

  private static func gaps(_ profile: DeviceProfile, _ tests: [ProfileTest]) -> [Gap] {
    var gaps: [Gap] = []
    for part in profile.parts {
      for point in part.points {
        guard case .field(let field) = point.target else { continue }
        let values = tests.compactMap { $0.expect[part.name]?[field.name] }
        guard values.allSatisfy({ $0 == .null }) else { continue }
        gaps.append(
          Gap(
            subject: "\(part.name).\(field.name)", line: point.line,
            message: values.isEmpty ? "no test expects it" : "no test expects it to have a value"))
      }
      for verb in part.verbs {
        let isTested = tests.contains { test in
          test.command?.part == part.name && test.command?.verb == verb && !test.writes.isEmpty
        }
        guard !isTested else { continue }
        let line = part.command(verb)?.line ?? 0
        gaps.append(
          Gap(
            subject: "\(part.name):\(verb)", line: line > 0 ? line : nil,
            message: "no test has this command with its exact writes"))
      }
    }
    return gaps
  }

  var lines: [String] {
    guard profile != nil else { return errors + ["\(file): not tested, the file has errors"] }
    var lines: [String] = []
    for test in tests where !test.failures.isEmpty {
      lines.append("\(file):\(test.line): the test '\(test.name)' failed")
      lines += test.failures.map { "  \($0)" }
    }
    for gap in uncovered { lines.append("\(file)\(gap.line.map { ":\($0)" } ?? ""): \(gap.subject): \(gap.message)") }
    let failed = tests.count { !$0.failures.isEmpty }
    var summary = ["\(ProfileWords.count(tests.count - failed, "test")) passed"]
    if failed > 0 { summary.append("\(failed) failed") }
    if !uncovered.isEmpty { summary.append("\(uncovered.count) not covered") }
    return lines + ["\(file): \(summary.joined(separator: ", "))"]
  }
}
