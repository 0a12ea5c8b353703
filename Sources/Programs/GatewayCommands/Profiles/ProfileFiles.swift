import DeviceProfiles
import Foundation
import LocatedYAML
import ProfileExplanation

/// Profiles as files: which there are, and what is in them.
enum ProfileFiles {
  /// Whether a text means a file or directory, not the id of a profile.
  static func isPath(_ text: String) -> Bool {
    text.contains("/") || hasEnding(text) || FileManager.default.fileExists(atPath: text)
  }

  /// Whether a name ends as that of a YAML file.
  static func hasEnding(_ path: String) -> Bool { path.hasSuffix(".yaml") || path.hasSuffix(".yml") }

  /// The file itself, or all profiles below a directory in the order of their names.
  static func files(at path: String) -> [String] {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
      return [path]
    }
    // An enumerator does not follow a link that is its own start.
    let real = URL(filePath: path).resolvingSymlinksInPath().path
    let found = FileManager.default.enumerator(atPath: real)?.compactMap { $0 as? String } ?? []
    let start = path.hasSuffix("/") ? path : path + "/"
    return found.filter(hasEnding).sorted().map { start + $0 }
  }

  /// The profile of a file with everything that was found; a file that cannot be read is a finding too.
  static func read(_ path: String, bases: ProfileTexts) -> (profile: DeviceProfile?, findings: [Diagnostic]) {
    do throws(CommandFailure) {
      let (profile, findings) = ProfileReader.read(text: try text(path), file: path, bases: bases)
      return (profile, findings)
    } catch {
      return (nil, [Diagnostic(code: "P001", file: path, line: 0, column: 0, message: error.message)])
    }
  }

  /// The text of a file, which is refused when it is too large or no text.
  static func text(_ path: String) throws(CommandFailure) -> String {
    guard FileManager.default.fileExists(atPath: path) else {
      throw CommandFailure(message: "there is no such file", hint: path)
    }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw CommandFailure(message: "the file cannot be opened", hint: path)
    }
    defer { try? handle.close() }
    // One byte more than allowed shows that a file is too large without reading all of it.
    guard let data = try? handle.read(upToCount: YAMLDocument.maxBytes + 1) ?? Data() else {
      throw CommandFailure(message: "the file cannot be read (is it a directory?)", hint: path)
    }
    guard data.count <= YAMLDocument.maxBytes else {
      throw CommandFailure(message: "the file is larger than \(YAMLDocument.maxBytes) bytes", hint: path)
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw CommandFailure(message: "the file is not UTF-8 text", hint: path)
    }
    return text
  }
}

extension ProfileWords {
  /// The nearest known word, else how to see all.
  static func suggestion(_ word: String, among words: [String]) -> String {
    Suggestion.hint(for: word, among: words) ?? "see 'heddle profile list'"
  }
}
