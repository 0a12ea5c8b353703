import DeviceProfiles
import EnergyModel
import LocalAPISchema
import ProfileExplanation

/// A profile from a capture of which nothing is known: everything that has a value becomes a local with its value as a
/// comment, for the author to bind to fields.
enum CaptureDraft {
  /// More values make no file that anybody reads.
  private static let maxPoints = 400
  /// Shorter runs of printable registers are numbers that look like text.
  private static let minTextRegisters = 3
  private static let maxDepth = 8

  static func draft(
    _ capture: DeviceCapture, id: String, kind: DeviceKind, transport: StarterTransport, unit: Int
  ) throws(CommandFailure) -> ProfileDraft {
    var points: [ProfileDraft.Point]
    var header: [String]
    let said: (EndpointDecoder) -> [String]
    switch transport {
    case .modbus:
      points = registers(capture.registers)
      header = [
        "parameters:",
        "  unit: {type: integer, range: 0..247, default: \(unit), help: \"unit identifier of the device\"}",
        "", "transport:", "  modbus: {unit: $unit}",
      ]
      said = { ProfileDraft.registers(capture.registers, $0) }
    case .mqtt:
      points = messages(capture)
      header = ["transport: {mqtt: }"]
      said = { _ in
        ["messages:"]
          + capture.messages.map { message in
            "  - {topic: \(ProfileDraft.quoted(message.topic)), payload: \(yaml(message.payload))}"
          }
      }
    case .http:
      points = responses(capture)
      header = ["transport:", "  http:", "    requests:"]
      for (index, response) in capture.responses.enumerated() {
        header.append("      r\(index + 1): {get: \(ProfileDraft.quoted(response.request))}")
      }
      said = { _ in
        ["responses:"]
          + capture.responses.enumerated().map { index, response in "  r\(index + 1): \(yaml(response.body))" }
      }
    }
    let all = points.count
    points = Array(points.prefix(maxPoints))
    var caveats = ["All values are locals: bind to fields what they are."]
    if all > points.count { caveats.append("The capture has \(all) values, \(points.count) are here.") }
    return ProfileDraft(
      id: id, name: "Captured device", manufacturer: "unknown", document: "a capture of the device",
      caveats: caveats, transport: header,
      devices: [ProfileDraft.Device(part: kind.rawValue, kind: kind, points: points)], capture: capture, said: said)
  }

  // MARK: Registers

  private static func registers(_ image: RegisterImage) -> [ProfileDraft.Point] {
    var points: [ProfileDraft.Point] = []
    for table in [RegisterTable.holding, .input] {
      let values = image[table]
      var rest = values.keys.sorted()[...]
      while let address = rest.first {
        let text = rest.prefix { isText(values[$0] ?? 0) && Int($0) - Int(address) < 60 }
        let run = zip(text, text.indices).prefix { Int($0) - Int(address) == $1 - text.startIndex }.count
        if run >= minTextRegisters {
          points.append(
            point(table, address, "type: string, length: \(run)", ProfileDraft.quoted(string(address, run, values))))
          rest = rest.dropFirst(run)
          continue
        }
        rest = rest.dropFirst()
        guard let value = values[address], value != 0 else { continue }
        points.append(point(table, address, "type: u16", comment(value, values[address &+ 1])))
      }
    }
    for table in [RegisterTable.coil, .discrete] {
      for (address, value) in image[table].sorted(by: { $0.key < $1.key }) where value != 0 {
        points.append(point(table, address, "", "set"))
      }
    }
    return points
  }

  private static func point(
    _ table: RegisterTable, _ address: UInt16, _ type: String, _ comment: String
  ) -> ProfileDraft.Point {
    ProfileDraft.Point(
      name: "\(table.rawValue)\(address)", isLocal: true,
      source: "\(table.rawValue): \(address)" + (type.isEmpty ? "" : ", \(type)") + ", optional: true",
      comment: comment)
  }

  private static func isText(_ value: UInt16) -> Bool {
    (0x20...0x7E).contains(value >> 8) && (value & 0xFF == 0 || (0x20...0x7E).contains(value & 0xFF))
  }

  private static func string(_ address: UInt16, _ count: Int, _ values: [UInt16: UInt16]) -> String {
    let bytes = (0..<count).flatMap { offset in
      let value = values[address &+ UInt16(clamping: offset)] ?? 0
      return [UInt8(value >> 8), UInt8(value & 0xFF)]
    }
    return String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self)
  }

  /// What the register may be, alone and as the first of two.
  private static func comment(_ value: UInt16, _ next: UInt16?) -> String {
    var words = [value > 0x7FFF ? "\(value) or \(Int16(bitPattern: value))" : "\(value)"]
    if let next {
      let double = UInt32(value) << 16 | UInt32(next)
      words.append("with the next one i32 \(Int32(bitPattern: double))")
      let float = Float(bitPattern: double)
      if float.isNormal, (1e-3...1e9).contains(float.magnitude) { words.append("f32 \(float)") }
    }
    return words.joined(separator: ", ")
  }

  // MARK: Documents

  private static func messages(_ capture: DeviceCapture) -> [ProfileDraft.Point] {
    var points: [ProfileDraft.Point] = []
    var seen: Set<String> = []
    for message in capture.messages {
      for (path, value) in leaves(message.payload) where seen.insert("\(message.topic) \(path)").inserted {
        let name = name(path.steps.isEmpty ? message.topic : "\(path)", points)
        let place = path.steps.isEmpty ? "" : ", path: \(ProfileDraft.quoted("\(path)"))"
        points.append(
          ProfileDraft.Point(
            name: name, isLocal: true, source: "topic: \(ProfileDraft.quoted(message.topic))\(place), optional: true",
            comment: value))
      }
    }
    return points
  }

  private static func responses(_ capture: DeviceCapture) -> [ProfileDraft.Point] {
    var points: [ProfileDraft.Point] = []
    for (index, response) in capture.responses.enumerated() {
      for (path, value) in leaves(response.body) where !path.steps.isEmpty {
        points.append(
          ProfileDraft.Point(
            name: name("\(path)", points), isLocal: true,
            source: "request: r\(index + 1), path: \(ProfileDraft.quoted("\(path)")), optional: true", comment: value))
      }
    }
    return points
  }

  /// All single values of a document; of what is no document, the text itself.
  private static func leaves(_ body: String) -> [(path: DocumentPath, value: String)] {
    guard let first = body.first(where: { !$0.isWhitespace }), "{[".contains(first),
      let value = try? JSONText.value(body)
    else { return [(DocumentPath(steps: []), comment(body))] }
    var found: [(DocumentPath, String)] = []
    func walk(_ value: JSONValue, _ steps: [DocumentPath.Step]) {
      guard steps.count <= maxDepth, found.count < maxPoints else { return }
      switch value {
      case .object(let members):
        for (key, value) in members.sorted(by: { $0.key < $1.key }) { walk(value, steps + [.key(key)]) }
      case .array(let elements):
        for (index, value) in elements.enumerated() { walk(value, steps + [.index(index)]) }
      case .null: break
      case .number, .flag, .text: found.append((DocumentPath(steps: steps), comment(JSONText.text(value))))
      }
    }
    walk(value, [])
    return found
  }

  private static func comment(_ text: String) -> String {
    String(text.map { $0.isNewline ? " " : $0 }.prefix(60))
  }

  /// A name of letters and digits that no point has yet.
  private static func name(_ text: String, _ points: [ProfileDraft.Point]) -> String {
    let words = text.split { !$0.isASCII || !($0.isLetter || $0.isNumber) }.suffix(3).map(String.init)
    let joined = words.enumerated().map {
      $0 == 0
        ? ($1.allSatisfy { $0.isUppercase } ? $1.lowercased() : $1.prefix(1).lowercased() + $1.dropFirst())
        : $1.prefix(1).uppercased() + $1.dropFirst()
    }.joined()
    let base = joined.first?.isLetter == true ? joined : "v\(joined)"
    guard points.contains(where: { $0.name == base }) else { return base }
    return "\(base)N\(points.count)"
  }

  private static func yaml(_ body: String) -> String {
    guard let first = body.first(where: { !$0.isWhitespace }), "{[".contains(first),
      let value = try? JSONText.value(body)
    else { return ProfileDraft.quoted(body) }
    return JSONText.text(value)
  }
}
