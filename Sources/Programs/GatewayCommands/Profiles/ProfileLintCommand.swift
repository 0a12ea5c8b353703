import ArgumentParser
import DeviceProfiles
import LocatedYAML
import ProfileExplanation

/// `heddle profile lint`: everything that is wrong in profiles, at its place.
struct ProfileLintCommand: ProfileTool {
  static let configuration = CommandConfiguration(
    commandName: "lint", abstract: "Everything that is wrong in profiles, with file, line and column.",
    discussion: "Ends with 1 when there is an error, with 0 when there are only warnings.")

  /// How findings are written.
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text, json
    /// Annotations of GitHub's continuous integration.
    case github
  }

  @Argument(help: "Files, or directories with all profiles below them; without any, all profiles.")
  var files: [String] = []
  @Option(help: "text, json or github.")
  var format: Format?
  @OptionGroup var options: ProfileOptions

  func run(on bench: ProfileBench) throws -> ExitStatus {
    let paths = try bench.files(files)
    let report = LintReport(files: paths, bases: bench.bases(of: paths))
    switch format ?? (options.json ? .json : .text) {
    case .text: bench.output.print(report.lines)
    case .json: bench.output.write(Session.text(report, pretty: true) + "\n")
    case .github: if !report.findings.isEmpty { bench.output.print(report.annotations) }
    }
    return report.errors == 0 ? .fine : .failed
  }
}

/// What is wrong in some profiles.
struct LintReport: Encodable {
  struct Finding: Encodable {
    var severity: String
    var code: String
    var file: String
    var line: Int
    var column: Int
    var message: String
    var hint: String?
  }

  var files: Int
  var errors: Int
  var warnings: Int
  var findings: [Finding]
  private let diagnostics: [Diagnostic]

  private enum CodingKeys: CodingKey { case files, errors, warnings, findings }

  init(files paths: [String], bases: ProfileTexts) {
    var diagnostics: [Diagnostic] = []
    var owners: [String: String] = [:]
    for path in paths {
      let (profile, findings) = ProfileFiles.read(path, bases: bases)
      // What is wrong in a base is found with each profile that extends it.
      diagnostics += findings.filter { !diagnostics.contains($0) }
      guard let profile else { continue }
      if let owner = owners[profile.id], owner != path {
        diagnostics.append(
          Diagnostic(
            code: "P124", file: path, line: 0, column: 0, message: "the id '\(profile.id)' is taken by \(owner)",
            hint: "give the profile another id"))
      } else {
        owners[profile.id] = path
      }
    }
    files = paths.count
    errors = diagnostics.count { $0.severity == .error }
    warnings = diagnostics.count { $0.severity == .warning }
    findings = diagnostics.map {
      Finding(
        severity: $0.severity.rawValue, code: $0.code, file: $0.file, line: $0.line, column: $0.column,
        message: $0.message, hint: $0.hint)
    }
    self.diagnostics = diagnostics
  }

  /// Pictures with a caret, and how many there are.
  var lines: [String] {
    let lines = diagnostics.flatMap { [$0.picture, ""] }
    let counts = [(errors, "error"), (warnings, "warning")].filter { $0.0 > 0 }.map { ProfileWords.count($0.0, $0.1) }
    let summary = [ProfileWords.count(files, "file")] + (counts.isEmpty ? ["no findings"] : counts)
    return lines + [summary.joined(separator: ", ")]
  }

  /// `::error file=a.yaml,line=3,col=7,title=P105::message; hint`.
  var annotations: [String] {
    findings.map { finding in
      var place = "file=\(Self.escaped(finding.file, isProperty: true))"
      if finding.line > 0 { place += ",line=\(finding.line),col=\(finding.column)" }
      let text = finding.hint.map { "\(finding.message); \($0)" } ?? finding.message
      return "::\(finding.severity) \(place),title=\(finding.code)::\(Self.escaped(text, isProperty: false))"
    }
  }

  /// A line break would end the annotation; a comma or colon would end one of its properties.
  private static func escaped(_ text: String, isProperty: Bool) -> String {
    var escaped = ""
    for character in text.unicodeScalars {
      switch character {
      case "%": escaped += "%25"
      case "\r": escaped += "%0D"
      case "\n": escaped += "%0A"
      case ":" where isProperty: escaped += "%3A"
      case "," where isProperty: escaped += "%2C"
      default: escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }
}
