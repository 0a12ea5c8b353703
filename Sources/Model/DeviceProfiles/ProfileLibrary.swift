import Foundation
public import LocatedYAML

/// All profiles of some directories. A later directory overrides an earlier one by id.
public struct ProfileLibrary: Sendable {
  /// More files in one directory tree are not read; the finding says so.
  public static let maxFiles = 2000

  /// Profiles without errors, by id.
  public private(set) var profiles: [String: DeviceProfile] = [:]
  /// What was found in the files, with their paths.
  public private(set) var diagnostics: [Diagnostic] = []

  /// Reads every `*.yaml` below the directories. Never throws: what cannot be read is a finding. A directory that does
  /// not exist is empty.
  public init(directories: [String]) {
    for directory in directories {
      var here: [String: DeviceProfile] = [:]
      for file in files(below: directory) {
        guard let profile = read(file) else { continue }
        if let other = here[profile.id] {
          diagnostics.append(
            Diagnostic(
              code: "P124", file: file, line: 0, column: 0,
              message: "the id '\(profile.id)' is taken by \(other.file)", hint: "give the profile another id"))
          continue
        }
        here[profile.id] = profile
      }
      profiles.merge(here) { _, later in later }
    }
  }

  /// The profile of that id.
  public func profile(_ id: String) -> DeviceProfile? { profiles[id] }

  /// Files that have errors now stay as they were read before. Returns the ids of the profiles that were kept.
  public mutating func keepLastGood(of previous: ProfileLibrary) -> [String] {
    let broken = Set(diagnostics.filter { $0.severity == .error }.map(\.file))
    let kept = previous.profiles.values.filter { broken.contains($0.file) }
    for profile in kept { profiles[profile.id] = profile }
    return kept.map(\.id).sorted()
  }

  private mutating func files(below directory: String) -> [String] {
    // An enumerator does not follow a link that is its own start.
    let real = URL(filePath: directory).resolvingSymlinksInPath().path
    guard let walk = FileManager.default.enumerator(atPath: real) else { return [] }
    var files: [String] = []
    while let path = walk.nextObject() as? String {
      guard path.hasSuffix(".yaml") || path.hasSuffix(".yml") else { continue }
      guard files.count < Self.maxFiles else {
        diagnostics.append(
          Diagnostic(
            code: "P001", file: directory, line: 0, column: 0,
            message: "there are more than \(Self.maxFiles) files, the rest was not read"))
        break
      }
      files.append(directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)")
    }
    return files.sorted()
  }

  private mutating func read(_ file: String) -> DeviceProfile? {
    func failed(_ message: String) -> Diagnostic {
      Diagnostic(code: "P001", file: file, line: 0, column: 0, message: message)
    }
    guard let handle = FileHandle(forReadingAtPath: file) else {
      diagnostics.append(failed("the file cannot be opened"))
      return nil
    }
    // One byte more than allowed shows that a file is too large without reading all of it.
    guard let data = try? handle.read(upToCount: YAMLDocument.maxBytes + 1) ?? Data() else {
      diagnostics.append(failed("the file cannot be read"))
      return nil
    }
    guard let text = String(data: data, encoding: .utf8) else {
      diagnostics.append(failed("the file is not UTF-8 text, or larger than \(YAMLDocument.maxBytes) bytes"))
      return nil
    }
    let (profile, findings) = ProfileReader.read(text: text, file: file)
    diagnostics += findings
    return profile
  }
}
