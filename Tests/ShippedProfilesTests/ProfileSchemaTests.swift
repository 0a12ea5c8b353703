import DeviceProfiles
import Foundation
import LocatedYAML
import Testing

/// The published schema and the real checker, over one corpus.
@Suite("The JSON Schema of profiles")
struct ProfileSchemaTests {
  /// A file of the corpus that has to be refused.
  struct BadFile: Sendable, CustomTestStringConvertible {
    var name: String
    /// The finding that it has to have.
    var code: String
    /// Line and column of it.
    var place: String
    /// Whether an editor sees it too; else only the checker does.
    var isStructure: Bool

    var testDescription: String { name }

    /// The first line says what has to be found: `# P105 16:7 structure`.
    init?(_ name: String) {
      guard let text = try? ProjectFiles.text(ProfileSchemaTests.corpus.appending(path: name)),
        let words = text.split(whereSeparator: \.isNewline).first?.split(separator: " "), words.count == 4,
        words[3] == "structure" || words[3] == "meaning"
      else { return nil }
      self.name = name
      code = String(words[1])
      place = String(words[2])
      isStructure = words[3] == "structure"
    }
  }

  static let corpus = ProjectFiles.root.appending(path: "Tests/ProfileCorpus")
  static let goodFiles = names(in: "good")
  static let badFiles = names(in: "bad").compactMap { BadFile($0) }

  private static func names(in folder: String) -> [String] {
    let found = try? FileManager.default.contentsOfDirectory(atPath: corpus.appending(path: folder).path)
    return (found ?? []).filter { $0.hasSuffix(".yaml") }.sorted().map { "\(folder)/\($0)" }
  }

  @Test("The published file is what the program prints")
  func published() throws {
    let file = try ProjectFiles.text(ProjectFiles.profiles.appending(path: "profile.schema.json"))
    #expect(file == ProfileSchema.json, "run 'make tables'")
  }

  @Test("The whole corpus is read")
  func corpusIsThere() {
    #expect(Self.goodFiles.count >= 6)
    #expect(Self.badFiles.count == Self.names(in: "bad").count, "a bad file starts with '# CODE LINE:COLUMN kind'")
    #expect(Self.badFiles.count >= 70)
  }

  @Test("The checker takes every good file, and its tests pass", arguments: goodFiles)
  func good(_ name: String) throws {
    let (profile, findings) = try read(name)
    #expect(findings.isEmpty, "\(findings)")
    for result in ProfileTester.run(try #require(profile)) { #expect(result.failures.isEmpty, "\(result.failures)") }
  }

  @Test("The checker refuses every bad file, for the reason and at the place that it says", arguments: badFiles)
  func bad(_ file: BadFile) throws {
    let (profile, findings) = try read(file.name)
    #expect(profile == nil)
    let found = findings.filter { $0.severity == .error }.map { "\($0.code) \($0.line):\($0.column)" }
    #expect(found.contains("\(file.code) \(file.place)"), "\(findings.map(\.oneLine))")
  }

  @Test(
    "An editor with the schema sees what is wrong in structure and nothing else",
    .enabled(if: Peer.hasValidator, "make peers was not run"))
  func editor() throws {
    var documents: [String: String] = [:]
    for name in ProjectFiles.profilePaths {
      documents[name] = try document(ProjectFiles.profiles.appending(path: name), name)
    }
    for name in Self.goodFiles + Self.badFiles.map(\.name) {
      documents[name] = try document(Self.corpus.appending(path: name), name)
    }
    let errors = try Peer.validate(documents, against: ProfileSchema.json)
    let structure = Set(Self.badFiles.filter(\.isStructure).map(\.name))
    for (name, error) in errors where !structure.contains(name) { Issue.record("\(name): \(error)") }
    for name in structure.subtracting(errors.keys).sorted() {
      Issue.record("\(name): the schema does not see what is wrong")
    }
  }

  private func read(_ name: String) throws -> (profile: DeviceProfile?, diagnostics: [Diagnostic]) {
    ProfileReader.read(text: try ProjectFiles.text(Self.corpus.appending(path: name)), file: name)
  }

  /// A YAML file as JSON, as an editor understands it.
  private func document(_ file: URL, _ name: String) throws -> String {
    let document = YAMLDocument(text: try ProjectFiles.text(file), file: name, codePrefix: "P")
    return Self.json(try #require(document.root, "\(document.diagnostics)"))
  }

  private static func json(_ node: YAMLNode) -> String {
    if node.isMapping {
      let members = node.entries.map { "\(quoted($0.key.scalarText ?? "")):\(json($0.value))" }
      return "{\(members.joined(separator: ","))}"
    }
    if node.isSequence { return "[\(node.elements.map(json).joined(separator: ","))]" }
    if node.isQuoted { return quoted(node.scalarText ?? "") }
    if node.isNull { return "null" }
    if let integer = node.integer { return "\(integer)" }
    if let number = node.number { return "\(number)" }
    return node.flag.map { "\($0)" } ?? quoted(node.scalarText ?? "")
  }

  private static func quoted(_ text: String) -> String {
    (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }
}

/// The validator that `make peers` installs.
private enum Peer {
  static let python = ProjectFiles.root.appending(path: ".build/peers/bin/python").path

  static let hasValidator: Bool = {
    guard FileManager.default.isExecutableFile(atPath: python) else { return false }
    return (try? run(["-c", "import jsonschema"])) != nil
  }()

  /// The first error of each document that the schema refuses.
  static func validate(_ documents: [String: String], against schema: String) throws -> [String: String] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "heddle-schema-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = [folder.appending(path: "schema.json"), folder.appending(path: "documents.json")]
    let members = documents.map { name, json in "\"\(name)\":\(json)" }
    try schema.write(to: files[0], atomically: true, encoding: .utf8)
    try "{\(members.joined(separator: ","))}".write(to: files[1], atomically: true, encoding: .utf8)
    let script = ProjectFiles.root.appending(path: "Tests/Peers/schema_check.py").path
    return try JSONDecoder().decode([String: String].self, from: run([script] + files.map(\.path)))
  }

  private static func run(_ arguments: [String]) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    struct Failed: Error {}
    guard process.terminationStatus == 0 else { throw Failed() }
    return output
  }
}
