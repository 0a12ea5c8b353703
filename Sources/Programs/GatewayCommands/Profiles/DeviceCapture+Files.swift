import DeviceProfiles
import EnergyModel
import Foundation
import LocalAPISchema
import LocatedYAML
import ProfileExplanation

/// From files.
extension DeviceCapture {
  /// Deeper nesting is no capture.
  private static let maxDepth = 6

  /// Reads a capture for a profile.
  ///
  /// - Parameters:
  ///   - path: a file or a folder; YAML or JSON, for MQTT also lines of `topic payload` as `mosquitto_sub -v` writes
  ///     them, for Modbus also frames in hexadecimal.
  ///   - bound: says which transport and which unit is meant.
  ///   - isComplete: whether the profile's own requests have to be in it.
  static func read(
    _ path: String, for bound: BoundProfile, isComplete: Bool = true
  ) throws(CommandFailure) -> DeviceCapture {
    var capture = DeviceCapture()
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
      try capture.readFolder(path, bound)
    } else {
      try capture.readFile(path, bound)
    }
    if isComplete { try capture.checkContent(path, bound) }
    return capture
  }

  private mutating func readFile(_ path: String, _ bound: BoundProfile) throws(CommandFailure) {
    let text: String
    do throws(CommandFailure) {
      text = try ProfileFiles.text(path)
    } catch {
      throw CommandFailure(message: "\(path): \(error.message)")
    }
    let isDocument = path.hasSuffix(".json") || ProfileFiles.hasEnding(path)
    switch bound.profile.transport {
    case .mqtt where !isDocument: readLines(text)
    case .modbus where !isDocument && !text.contains("{"): readFrames(text, bound)
    default: try readDocument(text, path, bound)
    }
  }

  private mutating func readDocument(_ text: String, _ path: String, _ bound: BoundProfile) throws(CommandFailure) {
    let document = Self.parse(text, path)
    guard let root = document.root else {
      throw CommandFailure(message: document.diagnostics.first?.oneLine ?? "\(path): there is nothing in it")
    }
    switch bound.profile.transport {
    case .modbus: readMemory(root, bound, unit: nil, table: nil, depth: 0)
    case .mqtt: readMessages(root)
    case .http: readResponses(root, bound)
    }
    if let problem = document.diagnostics.first(where: { $0.severity == .error }) {
      throw CommandFailure(message: problem.oneLine)
    }
  }

  // MARK: Folders

  /// More files are no capture of one device.
  private static let maxFiles = 2000

  /// Answers in files named after their paths, messages in files named after their topics, or several images.
  private mutating func readFolder(_ path: String, _ bound: BoundProfile) throws(CommandFailure) {
    let real = URL(filePath: path).resolvingSymlinksInPath().path
    let names = (FileManager.default.enumerator(atPath: real)?.compactMap { $0 as? String } ?? []).sorted()
    guard names.count <= Self.maxFiles else {
      throw CommandFailure(message: "\(path): there are more than \(Self.maxFiles) files in it")
    }
    let files = names.filter { name in
      var isDirectory: ObjCBool = false
      return FileManager.default.fileExists(atPath: "\(real)/\(name)", isDirectory: &isDirectory)
        && !isDirectory.boolValue
    }
    switch bound.profile.transport {
    case .modbus:
      for name in files { try readFile("\(real)/\(name)", bound) }
    case .mqtt:
      for name in files {
        guard let text = try? ProfileFiles.text("\(real)/\(name)") else { continue }
        messages.append((name, text.hasSuffix("\n") ? String(text.dropLast()) : text))
      }
    case .http:
      let assigned = RequestNames(bound).assign(files)
      for (request, name) in assigned {
        responses.append((request, try ProfileFiles.text("\(real)/\(name)")))
        remarks.append("\(request) is \(name)")
      }
    }
  }

  private mutating func readFrames(_ text: String, _ bound: BoundProfile) {
    let frames = CapturedFrames(text)
    for (number, image) in frames.images.sorted(by: { $0.key < $1.key }) {
      guard let number = UInt8(exactly: number) else { continue }
      registers.merge(image, unit: Self.unit(number, isOnlyOne: frames.images.count == 1, bound))
    }
    if frames.unreadableLines > 0 {
      remarks.append("\(ProfileWords.count(frames.unreadableLines, "line")) without a complete Modbus frame")
    }
    if frames.lonelyAnswers > 0 {
      remarks.append(
        "\(ProfileWords.count(frames.lonelyAnswers, "answer")) without its request: "
          + "write the place before it, as in 'holding 35100: f703…'")
    }
  }

  /// Nearly all JSON is YAML too; what is not (tabs, surrogate pairs) is read as JSON and written as YAML has it.
  private static func parse(_ text: String, _ path: String) -> YAMLDocument {
    let document = YAMLDocument(text: text, file: path, codePrefix: "D")
    guard document.root == nil, let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else {
      return document
    }
    return YAMLDocument(text: Session.text(value, pretty: false), file: path, codePrefix: "D")
  }

  private func checkContent(_ path: String, _ bound: BoundProfile) throws(CommandFailure) {
    switch bound.profile.transport {
    case .modbus where registers.isEmpty:
      throw CommandFailure(
        message: "\(path): there are no registers in it",
        hint: remarks.first ?? "write {start: 40000, registers: [1, 2]} or {holding: {40000: [1, 2]}}")
    case .mqtt where messages.isEmpty:
      throw CommandFailure(message: "\(path): there are no messages in it", hint: "write {topic: payload}")
    case .http where !responses.contains { bound.requestName($0.request) != nil }:
      let names = bound.polledRequests.map { "'\($0.name)' (\($0.request.path))" }.joined(separator: ", ")
      throw CommandFailure(
        message: "\(path): there is no answer to a request of \(bound.profile.id) in it",
        hint: "write {request: body}; the requests are \(names)")
    default: break
    }
  }

  // MARK: Modbus

  /// Finds tables at any depth: `{start, registers}`, `{holding: {address: values}}`, and both of them below names
  /// (`registers`, `units`) or below a unit's number. A capture of one unit is that of the bound one, whatever its
  /// number, where the profile asks no other.
  private mutating func readMemory(
    _ node: YAMLNode, _ bound: BoundProfile, unit: UInt8?, table: RegisterTable?, depth: Int
  ) {
    guard node.isMapping, depth <= Self.maxDepth else { return }
    if let values = node["registers"], values.isSequence {
      let stated = node["table"]?.scalarText.flatMap { RegisterTable(rawValue: $0) } ?? table ?? .holding
      let start = node["start"] ?? node["address"]
      append(values.elements, at: start?.integer ?? 0, RegisterSpace(unit: unit, table: stated))
      return
    }
    let entries = node.entries
    let units = entries.filter { $0.key.anyInteger != nil && $0.value.isMapping }
    for (key, value) in entries {
      if let number = key.anyInteger {
        if value.isMapping {
          guard let number = UInt8(exactly: number) else { continue }
          let unit = Self.unit(number, isOnlyOne: units.count == 1, bound)
          readMemory(value, bound, unit: unit, table: table, depth: depth + 1)
        } else if let table {
          append(
            value.isSequence ? value.elements : [value], at: number, RegisterSpace(unit: unit, table: table))
        }
      } else {
        let named = key.scalarText.flatMap { RegisterTable(rawValue: $0) } ?? table
        readMemory(value, bound, unit: unit, table: named, depth: depth + 1)
      }
    }
  }

  /// A unit of a capture as the profile knows it, where its own one has no number.
  private static func unit(_ number: UInt8, isOnlyOne: Bool, _ bound: BoundProfile) -> UInt8? {
    let isOwn = number == bound.modbusUnit || (isOnlyOne && !bound.otherUnits.contains(number))
    return isOwn ? nil : number
  }

  private mutating func append(_ elements: [YAMLNode], at start: Int, _ space: RegisterSpace) {
    for (offset, element) in elements.enumerated() where !element.isNull && !element.isReadError {
      guard let address = UInt16(exactly: start.addingReportingOverflow(offset).partialValue) else {
        element.report(1, "there is no register behind 65535")
        return
      }
      let flag = element.flag.map { $0 ? 1 : 0 }
      guard let value = flag ?? element.anyInteger, (-0x8000...0xFFFF).contains(value) else {
        element.report(2, "a register is a whole number from 0 to 65535")
        return
      }
      registers.tables[space, default: [:]][address] = UInt16(truncatingIfNeeded: value)
    }
  }

  // MARK: MQTT and HTTP

  /// `mosquitto_sub -v`: a topic, a blank, the payload.
  private mutating func readLines(_ text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else { continue }
      messages.append((String(parts[0]), String(parts[1])))
    }
  }

  /// `{topic: payload}`, or a list of `{topic, payload}` as in tests of profiles, also below `messages`.
  private mutating func readMessages(_ root: YAMLNode) {
    let node = root["messages"] ?? root
    for element in node.elements {
      guard let topic = element["topic"]?.scalarText, let payload = element["payload"] else {
        element.report(3, "a message has a topic and a payload")
        return
      }
      messages.append((topic, payload.payload))
    }
    for (key, value) in node.entries { messages.append((key.scalarText ?? "", value.payload)) }
  }

  /// `{request: body}`, also below `responses`. Where the profile makes one request only, its body may stand alone.
  private mutating func readResponses(_ root: YAMLNode, _ bound: BoundProfile) {
    for (key, value) in (root["responses"] ?? root).entries { responses.append((key.scalarText ?? "", value.payload)) }
    let isKnown = responses.contains { bound.requestName($0.request) != nil }
    if !isKnown, bound.polledRequests.count == 1 { responses = [(bound.polledRequests[0].name, root.payload)] }
  }
}

extension YAMLNode {
  /// A whole number, also as the key of a JSON object, which is always in quotes.
  fileprivate var anyInteger: Int? {
    if let integer { return integer }
    guard let text = scalarText else { return nil }
    return text.hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : Int(text)
  }

  /// A register that could not be read when the capture was made.
  fileprivate var isReadError: Bool { ["error", "read_error"].contains(scalarText) }

  /// What goes over the wire: a single value as it is, everything else as JSON.
  fileprivate var payload: String { isScalar ? scalarText ?? "" : json }

  private var json: String {
    if isMapping {
      return "{\(entries.map { "\(Self.quoted($0.key.scalarText ?? "")):\($0.value.json)" }.joined(separator: ","))}"
    }
    if isSequence { return "[\(elements.map(\.json).joined(separator: ","))]" }
    if isNull { return "null" }
    if let flag { return flag ? "true" : "false" }
    guard let text = scalarText else { return "null" }
    // The digits as written, so that nothing is lost; YAML's other spellings of numbers are not JSON.
    if let number { return isJSONNumber(text) ? text : "\(number)" }
    return Self.quoted(text)
  }

  private func isJSONNumber(_ text: String) -> Bool {
    let digits = text.drop { $0 == "-" }
    return text.allSatisfy { "-+.eE0123456789".contains($0) } && digits.first?.isNumber == true
      && (digits.first != "0" || digits.dropFirst().first?.isNumber != true)
      && text.last?.isNumber == true
  }

  private static func quoted(_ text: String) -> String { Session.text(text, pretty: false) }
}
