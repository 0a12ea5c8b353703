import ArgumentParser
import DeviceProfiles
import Foundation
import LocatedYAML
import ProfileExplanation

/// Where profiles are, and how answers are shown. The same on every profile command.
struct ProfileOptions: ParsableArguments {
  @Option(help: "A directory with profiles; later ones override earlier ones. Repeatable.")
  var profiles: [String] = []

  @Flag(help: "Show the answer as JSON.")
  var json = false

  /// Where an installed gateway looks for profiles, in its order.
  static let installed = ["/usr/share/heddle/device-profiles", "/etc/heddle/device-profiles"]
  /// Where profiles are in a source tree.
  static let local = "device-profiles"

  /// What was asked for, else what is installed, else what lies here.
  func directories(exists: (String) -> Bool) -> [String] {
    if !profiles.isEmpty { return profiles }
    let installed = Self.installed.filter(exists)
    return installed.isEmpty && exists(Self.local) ? [Self.local] : installed
  }
}

/// A command that works on profiles, without a gateway.
protocol ProfileTool: ParsableCommand {
  var options: ProfileOptions { get }
  func run(on bench: ProfileBench) throws -> ExitStatus
}

extension ProfileTool {
  func run() throws {
    let output = Output.standard(environment: ProcessInfo.processInfo.environment)
    let status = perform(on: ProfileBench(output: output, options: options))
    if status != .fine { throw ExitCode(status.rawValue) }
  }

  /// Runs and reports what goes wrong.
  func perform(on bench: ProfileBench) -> ExitStatus {
    do {
      return try run(on: bench)
    } catch {
      return bench.report(error)
    }
  }
}

/// What a profile command works with: the profiles, the terminal, and how answers are shown.
struct ProfileBench {
  let output: Output
  let json: Bool
  let directories: [String]

  init(output: Output, options: ProfileOptions) {
    self.output = output
    json = options.json
    directories = options.directories(exists: FileManager.default.fileExists(atPath:))
  }

  /// Shows an answer: as JSON, or in words.
  func show(_ value: some Encodable, _ lines: () -> [String]) {
    if json { output.write(Session.text(value, pretty: true) + "\n") } else { output.print(lines()) }
  }

  /// Says what went wrong.
  func report(_ error: any Error) -> ExitStatus {
    guard let failure = error as? CommandFailure else {
      output.writeError("error: \(error)\n")
      return .failed
    }
    output.writeError("error: \(failure.message)\n" + (failure.hint.map { "hint: \($0)\n" } ?? ""))
    return failure.status
  }

  /// All profiles of the directories. What is wrong with some of them does not hide the others, and is said.
  func library() throws(CommandFailure) -> ProfileLibrary {
    guard !directories.isEmpty else {
      throw CommandFailure(
        message: "there is no directory with profiles (looked for \(lookedFor))",
        hint: "say where they are with --profiles DIR", status: .configuration)
    }
    for directory in directories where !FileManager.default.fileExists(atPath: directory) {
      throw CommandFailure(message: "there is no directory \(directory)", status: .configuration)
    }
    let library = ProfileLibrary(directories: directories)
    let errors = library.diagnostics.filter { $0.severity == .error }
    for file in Set(errors.map(\.file)).sorted() {
      output.writeError("warning: \(file) is left out, it has errors; see 'heddle profile lint \(file)'\n")
    }
    return library
  }

  private var lookedFor: String { (ProfileOptions.installed + [ProfileOptions.local]).joined(separator: ", ") }

  /// A profile by the path of its file, or by its id in the directories.
  func profile(_ text: String) throws(CommandFailure) -> DeviceProfile {
    guard ProfileFiles.isPath(text) else {
      let library = try library()
      if let profile = library.profile(text) { return profile }
      let hint = ProfileWords.suggestion(text, among: library.profiles.keys.sorted())
      throw CommandFailure(
        message: "there is no profile '\(text)' in \(directories.joined(separator: ", "))", hint: hint)
    }
    let (profile, findings) = ProfileFiles.read(text, bases: bases(of: [text]))
    if let profile { return profile }
    let errors = findings.filter { $0.severity == .error }
    throw CommandFailure(
      message: "\(text) has \(ProfileWords.count(errors.count, "error")): \(errors.first?.oneLine ?? "")",
      hint: "see all of them with 'heddle profile lint \(text)'")
  }

  /// Where files find the profiles that they extend: beside them, else in the directories.
  func bases(of files: [String]) -> ProfileTexts {
    var bases = ProfileTexts(directories: directories)
    var places: Set<String> = []
    for file in files where places.insert(URL(filePath: file).deletingLastPathComponent().path).inserted {
      bases.add(beside: file)
    }
    return bases
  }

  /// The files that are meant: those that are named (directories with all below them), else all of the directories.
  func files(_ paths: [String]) throws(CommandFailure) -> [String] {
    let starts = paths.isEmpty ? directories : paths
    guard !starts.isEmpty else {
      throw CommandFailure(
        message: "no file is named, and there is no directory with profiles (looked for \(lookedFor))",
        status: .usage)
    }
    return starts.flatMap { ProfileFiles.files(at: $0) }
  }
}
