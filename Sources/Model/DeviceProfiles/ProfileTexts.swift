import Foundation
import LocatedYAML

/// The texts of profiles by id: where `extends` finds its base. A later directory overrides an earlier one.
public struct ProfileTexts: Sendable {
  /// A file and what is in it.
  struct Entry: Sendable {
    var file: String
    var text: String
  }

  private(set) var entries: [String: Entry] = [:]
  /// Files that could not be read.
  private(set) var diagnostics: [Diagnostic] = []

  /// No profiles, so that `extends` finds nothing.
  public init() {}

  /// Every `*.yaml` below the directories. A directory that does not exist is empty.
  public init(directories: [String]) {
    for directory in directories { _ = add(below: directory) }
  }

  /// The profiles that lie in the same directory as a file, over those that are there already.
  public mutating func add(beside file: String) {
    let directory = URL(filePath: file).deletingLastPathComponent().path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    var here: [String: Entry] = [:]
    for name in names.sorted() where Self.isProfile(name) { take("\(directory)/\(name)", &here) }
    entries.merge(here) { _, later in later }
  }

  /// Reads what is below a directory, and returns it in the order of the names.
  mutating func add(below directory: String) -> [Entry] {
    var here: [String: Entry] = [:]
    let all = files(below: directory).compactMap { take($0, &here) }
    entries.merge(here) { _, later in later }
    return all
  }

  @discardableResult
  private mutating func take(_ file: String, _ here: inout [String: Entry]) -> Entry? {
    guard let text = read(file) else { return nil }
    let entry = Entry(file: file, text: text)
    // Of two files with the same id in one directory the first counts; the library reports the other.
    if let id = Self.id(in: text), here[id] == nil { here[id] = entry }
    return entry
  }

  /// The id of a profile without reading the rest of it, which may be broken.
  static func id(in text: String) -> String? {
    for line in text.split(separator: "\n") where line.hasPrefix("id:") {
      let word = line.dropFirst("id:".count).drop { $0 == " " }.prefix { $0 != " " && $0 != "#" && $0 != "\r" }
      let id = word.filter { $0 != "\"" && $0 != "'" }
      return id.isEmpty ? nil : id
    }
    return nil
  }

  private static func isProfile(_ name: String) -> Bool { name.hasSuffix(".yaml") || name.hasSuffix(".yml") }

  // MARK: Files

  private mutating func files(below directory: String) -> [String] {
    // An enumerator does not follow a link that is its own start.
    let real = URL(filePath: directory).resolvingSymlinksInPath().path
    guard let walk = FileManager.default.enumerator(atPath: real) else { return [] }
    var files: [String] = []
    while let path = walk.nextObject() as? String {
      guard Self.isProfile(path) else { continue }
      guard files.count < ProfileLibrary.maxFiles else {
        report(directory, "there are more than \(ProfileLibrary.maxFiles) files, the rest was not read")
        break
      }
      files.append(directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)")
    }
    return files.sorted()
  }

  private mutating func read(_ file: String) -> String? {
    guard let handle = FileHandle(forReadingAtPath: file) else {
      report(file, "the file cannot be opened")
      return nil
    }
    defer { try? handle.close() }
    // One byte more than allowed shows that a file is too large without reading all of it.
    guard let data = try? handle.read(upToCount: YAMLDocument.maxBytes + 1) ?? Data() else {
      report(file, "the file cannot be read")
      return nil
    }
    guard let text = String(data: data, encoding: .utf8) else {
      report(file, "the file is not UTF-8 text, or larger than \(YAMLDocument.maxBytes) bytes")
      return nil
    }
    return text
  }

  private mutating func report(_ file: String, _ message: String) {
    diagnostics.append(Diagnostic(code: "P001", file: file, line: 0, column: 0, message: message))
  }
}
