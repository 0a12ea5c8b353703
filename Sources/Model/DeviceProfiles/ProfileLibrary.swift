public import LocatedYAML

/// All profiles of some directories. A later directory overrides an earlier one by id.
public struct ProfileLibrary: Sendable {
  /// More files in one directory tree are not read; the finding says so.
  public static let maxFiles = 2000

  /// Profiles without errors, by id.
  public private(set) var profiles: [String: DeviceProfile] = [:]
  /// The ids of profiles with errors, each with the first of them. A broken file that would override another one does
  /// not bring that one back: nobody asked for it.
  public private(set) var broken: [String: Diagnostic] = [:]
  /// What was found in the files, with their paths.
  public private(set) var diagnostics: [Diagnostic] = []

  /// Reads every `*.yaml` below the directories. Never throws: what cannot be read is a finding. A directory that does
  /// not exist is empty.
  public init(directories: [String]) {
    var texts = ProfileTexts()
    let layers = directories.map { texts.add(below: $0) }
    diagnostics = texts.diagnostics
    for layer in layers { read(layer, texts) }
    // A mistake in a base is found again with each profile that extends it.
    var seen: Set<Diagnostic> = []
    diagnostics = diagnostics.filter { seen.insert($0).inserted }
  }

  /// The profile of that id.
  public func profile(_ id: String) -> DeviceProfile? { profiles[id] }

  /// Profiles that have errors now, in their own file or in one that they extend, stay as they were read before.
  /// Returns the ids of the profiles that were kept.
  public mutating func keepLastGood(of previous: ProfileLibrary) -> [String] {
    let files = Set(diagnostics.filter { $0.severity == .error }.map(\.file))
    let kept = previous.profiles.values.filter { broken[$0.id] != nil || files.contains($0.file) }
    for profile in kept { profiles[profile.id] = profile }
    return kept.map(\.id).sorted()
  }

  private mutating func read(_ layer: [ProfileTexts.Entry], _ texts: ProfileTexts) {
    var here: [String: DeviceProfile] = [:]
    for entry in layer {
      let (profile, findings) = ProfileReader.read(text: entry.text, file: entry.file, bases: texts)
      diagnostics += findings
      guard let profile else {
        guard let id = ProfileTexts.id(in: entry.text) else { continue }
        broken[id] = findings.first { $0.severity == .error }
        profiles[id] = nil
        continue
      }
      if let other = here[profile.id] {
        diagnostics.append(
          Diagnostic(
            code: "P124", file: entry.file, line: 0, column: 0,
            message: "the id '\(profile.id)' is taken by \(other.file)", hint: "give the profile another id"))
        continue
      }
      here[profile.id] = profile
      broken[profile.id] = nil
    }
    profiles.merge(here) { _, later in later }
  }
}
