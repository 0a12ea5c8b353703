import EnergyModel

/// Reads the XML that devices send: elements, attributes, text, the five entities and character references. A document
/// type is refused, so that nothing can be expanded or fetched.
struct XMLReader {
  /// Elements that are nested deeper are refused.
  static let maxDepth = 32
  /// More elements and attributes are refused.
  static let maxNodes = 50_000

  fileprivate struct Element {
    let name: String
    var members: [(key: String, value: DocumentTree)] = []
    /// Where each child element stands in `members`, and how often it came.
    var places: [String: (index: Int, count: Int)] = [:]
    var text: [UInt8] = []
  }

  private let bytes: [UInt8]
  private var index = 0
  private var stack: [Element] = []
  private var nodes = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The root element under its name.
  mutating func document() throws(JSONDocumentError) -> DocumentTree {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    while index < bytes.count {
      if bytes[index] != UInt8(ascii: "<") {
        try takeText()
      } else if let tree = try takeMarkup() {
        try expectEnd()
        return tree
      }
    }
    throw failure("payload is not XML: it ends within an element")
  }

  private func failure(_ message: String) -> JSONDocumentError {
    JSONDocumentError(message: "\(message) (at byte \(index))", offset: index)
  }

  /// Text between tags; outside of elements only blanks are allowed.
  private mutating func takeText() throws(JSONDocumentError) {
    let end = bytes[index...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count
    guard !stack.isEmpty else {
      guard bytes[index..<end].allSatisfy({ Self.isBlank($0) }) else { throw failure("payload is not XML") }
      index = end
      return
    }
    let text = try decoded(bytes[index..<end])
    stack[stack.count - 1].text += text
    index = end
  }

  /// A tag, comment or instruction. Returns the document at the end of its root.
  private mutating func takeMarkup() throws(JSONDocumentError) -> DocumentTree? {
    if has("<!--") {
      try skip(behind: "-->")
    } else if has("<![CDATA["), !stack.isEmpty {
      let start = index + 9
      try skip(behind: "]]>")
      stack[stack.count - 1].text += bytes[start..<(index - 3)]
    } else if has("<!") {
      throw failure("a document type is not read")
    } else if has("<?") {
      try skip(behind: "?>")
    } else if has("</") {
      return try takeEnd()
    } else {
      return try takeStart()
    }
    return nil
  }

  private mutating func takeStart() throws(JSONDocumentError) -> DocumentTree? {
    index += 1
    var element = Element(name: try takeName())
    try count()
    while true {
      skipBlanks()
      if has("/>") {
        index += 2
        stack.append(element)
        return try close()
      }
      if has(">") {
        index += 1
        guard stack.count < Self.maxDepth else { throw failure("payload is nested too deeply") }
        stack.append(element)
        return nil
      }
      let name = try takeName()
      try count()
      element.members.append(("@\(name)", .scalar(.text(try takeAttribute()))))
    }
  }

  private mutating func takeAttribute() throws(JSONDocumentError) -> String {
    skipBlanks()
    guard has("=") else { throw failure("an attribute has no value") }
    index += 1
    skipBlanks()
    guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "'"),
      let end = bytes[(index + 1)...].firstIndex(of: bytes[index])
    else { throw failure("an attribute has no value in quotes") }
    let value = try decoded(bytes[(index + 1)..<end])
    index = end + 1
    return String(decoding: value, as: UTF8.self)
  }

  private mutating func takeEnd() throws(JSONDocumentError) -> DocumentTree? {
    index += 2
    let name = try takeName()
    skipBlanks()
    guard has(">"), stack.last?.name == name else { throw failure("</\(name)> closes another element") }
    index += 1
    return try close()
  }

  /// Puts the innermost element into the one around it; without one it is the document.
  private mutating func close() throws(JSONDocumentError) -> DocumentTree? {
    guard let element = stack.popLast() else { throw failure("an element ends that did not begin") }
    let value = Self.value(of: element)
    guard !stack.isEmpty else { return .object([(element.name, value)]) }
    stack[stack.count - 1].add(value, as: element.name)
    return nil
  }

  private static func value(of element: Element) -> DocumentTree {
    let text = String(decoding: element.text, as: UTF8.self).trimmingBlanks
    let leaf = DocumentTree.scalar(text.isEmpty ? .null : .text(text))
    guard !element.members.isEmpty else { return leaf }
    return .object(text.isEmpty ? element.members : element.members + [("#text", leaf)])
  }

  private mutating func expectEnd() throws(JSONDocumentError) {
    while index < bytes.count {
      if Self.isBlank(bytes[index]) || bytes[index] == 0 {
        index += 1
      } else if has("<!--") {
        try skip(behind: "-->")
      } else if has("<?") {
        try skip(behind: "?>")
      } else {
        throw failure("something stands behind the end of the XML")
      }
    }
  }

  // MARK: Bytes

  private func has(_ mark: StaticString) -> Bool {
    let count = mark.utf8CodeUnitCount
    guard bytes.count - index >= count else { return false }
    return mark.withUTF8Buffer { wanted in
      for offset in 0..<count where bytes[index + offset] != wanted[offset] { return false }
      return true
    }
  }

  private mutating func skip(behind mark: StaticString) throws(JSONDocumentError) {
    let start = index
    while index < bytes.count {
      if has(mark) {
        index += mark.utf8CodeUnitCount
        return
      }
      index += 1
    }
    index = start
    throw failure("'\(mark)' is missing")
  }

  private mutating func skipBlanks() { while index < bytes.count, Self.isBlank(bytes[index]) { index += 1 } }

  private mutating func takeName() throws(JSONDocumentError) -> String {
    let start = index
    while index < bytes.count, !Self.isBlank(bytes[index]), !Array("<>/='\"".utf8).contains(bytes[index]) {
      index += 1
    }
    guard index > start else { throw failure("payload is not XML: a name is missing") }
    return String(decoding: bytes[start..<index], as: UTF8.self)
  }

  private mutating func count() throws(JSONDocumentError) {
    nodes += 1
    guard nodes <= Self.maxNodes else { throw failure("payload has more than \(Self.maxNodes) elements") }
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  // MARK: Entities

  private static let entities: [String: UInt8] = [
    "amp": 0x26, "lt": 0x3C, "gt": 0x3E, "quot": 0x22, "apos": 0x27,
  ]
  /// A longer name is no entity.
  private static let maxEntity = 10

  private func decoded(_ text: ArraySlice<UInt8>) throws(JSONDocumentError) -> [UInt8] {
    guard text.contains(UInt8(ascii: "&")) else { return Array(text) }
    var result: [UInt8] = []
    var rest = text
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "&") else {
        result.append(byte)
        continue
      }
      guard let end = rest.prefix(Self.maxEntity).firstIndex(of: UInt8(ascii: ";")) else {
        throw failure("an entity is not closed")
      }
      let name = String(decoding: rest[..<end], as: UTF8.self)
      guard let replacement = Self.replacement(name) else { throw failure("unknown entity '&\(name);'") }
      result += replacement
      rest = rest[(end + 1)...]
    }
    return result
  }

  private static func replacement(_ name: String) -> [UInt8]? {
    if let known = entities[name] { return [known] }
    guard name.hasPrefix("#") else { return nil }
    let digits = name.dropFirst()
    let code = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
    return code.flatMap(Unicode.Scalar.init).map { Array(String(Character($0)).utf8) }
  }
}

extension XMLReader.Element {
  /// A child; the second of the same name makes a list of both.
  fileprivate mutating func add(_ value: DocumentTree, as name: String) {
    guard let place = places[name] else {
      places[name] = (members.count, 1)
      members.append((name, value))
      return
    }
    places[name] = (place.index, place.count + 1)
    var list = [members[place.index].value]
    if place.count > 1, case .array(let elements) = members[place.index].value {
      list = elements
      // Only one reference may be left, or each element would copy the list.
      members[place.index].value = .scalar(.null)
    }
    list.append(value)
    members[place.index].value = .array(list)
  }
}
