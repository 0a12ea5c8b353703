import EnergyModel

/// Changes single values of a JSON text and leaves every other byte as it is: unknown members, the order of members and
/// the spelling of numbers.
struct JSONEdit {
  private var bytes: [UInt8]

  /// Takes a document that is an object.
  init(_ bytes: [UInt8]) throws(EncodingError) {
    do throws(JSONDocumentError) {
      // Only what is known to be JSON, and not too deep, is scanned below.
      _ = try JSONDocument(parsing: bytes)
    } catch {
      throw EncodingError(message: "the answer cannot be changed: \(error.message)")
    }
    self.bytes = bytes
    guard let start = Scanner(bytes).afterBlanks(0), bytes[start] == UInt8(ascii: "{") else {
      throw EncodingError(message: "the answer cannot be changed: it is no JSON object")
    }
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Puts a value at a path. A last key that is missing is added; objects and lists are not replaced.
  mutating func set(_ json: String, at path: DocumentPath) throws(EncodingError) {
    let scanner = Scanner(bytes)
    guard var place = scanner.value(at: 0), !path.steps.isEmpty else {
      throw EncodingError(message: "\(path) is not a value of the answer")
    }
    for (index, step) in path.steps.enumerated() {
      if let next = scanner.enter(step, place) {
        place = next
        continue
      }
      guard index == path.steps.count - 1, let name = step.memberName, bytes[place.lowerBound] == UInt8(ascii: "{")
      else { throw EncodingError(message: "the answer has no \(path)") }
      add(name, json, to: place)
      return
    }
    guard bytes[place.lowerBound] != UInt8(ascii: "{"), bytes[place.lowerBound] != UInt8(ascii: "[") else {
      throw EncodingError(message: "\(path) is not a single value in the answer")
    }
    bytes.replaceSubrange(place, with: Array(json.utf8))
  }

  /// Leaves out all members of the document but these.
  mutating func keep(_ names: [String]) throws(EncodingError) {
    let scanner = Scanner(bytes)
    guard let root = scanner.value(at: 0) else { throw EncodingError(message: "the answer is empty") }
    var parts: [String] = []
    for name in names {
      guard let place = scanner.enter(.key(name), root) else {
        throw EncodingError(message: "the answer has no /\(name)")
      }
      parts.append("\(JSONText.quoted(name)):\(String(decoding: bytes[place], as: UTF8.self))")
    }
    bytes = Array("{\(parts.joined(separator: ","))}".utf8)
  }

  private mutating func add(_ name: String, _ json: String, to object: Range<Int>) {
    let isEmpty = Scanner(bytes).afterBlanks(object.lowerBound + 1) == object.upperBound - 1
    let member = "\(isEmpty ? "" : ",")\(JSONText.quoted(name)):\(json)"
    bytes.insert(contentsOf: Array(member.utf8), at: object.upperBound - 1)
  }

  /// Finds values in a text that is known to be JSON. Never reads past the end, whatever the text is.
  private struct Scanner {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func afterBlanks(_ start: Int) -> Int? {
      bytes[min(start, bytes.count)...].firstIndex { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }

    /// The bytes of the value that starts at or behind an index.
    func value(at start: Int) -> Range<Int>? {
      guard let first = afterBlanks(start) else { return nil }
      switch bytes[first] {
      case UInt8(ascii: "\""): return endOfText(first).map { first..<$0 }
      case UInt8(ascii: "{"), UInt8(ascii: "["): return endOfNest(first).map { first..<$0 }
      default:
        let end = bytes[first...].firstIndex { [0x20, 0x09, 0x0A, 0x0D, 0x2C, 0x5D, 0x7D].contains($0) }
        return first..<(end ?? bytes.count)
      }
    }

    func enter(_ step: DocumentPath.Step, _ place: Range<Int>) -> Range<Int>? {
      let isObject = bytes[place.lowerBound] == UInt8(ascii: "{")
      guard isObject || bytes[place.lowerBound] == UInt8(ascii: "[") else { return nil }
      switch step {
      case .key(let key): return isObject ? member(key, place) : nil
      case .index(let index):
        if isObject { return member(String(index), place) }
        let elements = elements(of: place)
        return elements.indices.contains(index) ? elements[index] : nil
      case .element(let key, let value):
        return elements(of: place).first { element in
          guard bytes[element.lowerBound] == UInt8(ascii: "{"), let found = member(key, element) else { return false }
          return plain(found) == value
        }
      case .any: return nil
      }
    }

    private func member(_ key: String, _ object: Range<Int>) -> Range<Int>? {
      var position = object.lowerBound + 1
      while let start = afterBlanks(position), start < object.upperBound - 1, let end = endOfText(start),
        let colon = afterBlanks(end), let value = value(at: colon + 1)
      {
        if plain(start..<end) == key { return value }
        guard let comma = afterBlanks(value.upperBound) else { return nil }
        position = comma + 1
      }
      return nil
    }

    private func elements(of list: Range<Int>) -> [Range<Int>] {
      guard bytes[list.lowerBound] == UInt8(ascii: "[") else { return [] }
      var result: [Range<Int>] = []
      var position = list.lowerBound + 1
      while let start = afterBlanks(position), start < list.upperBound - 1, let value = value(at: start) {
        result.append(value)
        guard let comma = afterBlanks(value.upperBound) else { break }
        position = comma + 1
      }
      return result
    }

    /// A text without quotes and escapes, or a number or word as it is spelled.
    private func plain(_ range: Range<Int>) -> String {
      let spelled = bytes[range]
      guard spelled.first == UInt8(ascii: "\"") else { return String(decoding: spelled, as: UTF8.self) }
      guard spelled.contains(UInt8(ascii: "\\")) else {
        return String(decoding: spelled.dropFirst().dropLast(), as: UTF8.self)
      }
      guard let document = try? JSONDocument(parsing: Array(spelled)),
        case .text(let text)? = document.value(at: DocumentPath(steps: []))
      else { return String(decoding: spelled, as: UTF8.self) }
      return text
    }

    private func endOfText(_ start: Int) -> Int? {
      guard start < bytes.count, bytes[start] == UInt8(ascii: "\"") else { return nil }
      var index = start + 1
      while index < bytes.count {
        switch bytes[index] {
        case UInt8(ascii: "\\"): index += 2
        case UInt8(ascii: "\""): return index + 1
        default: index += 1
        }
      }
      return nil
    }

    private func endOfNest(_ start: Int) -> Int? {
      var depth = 0
      var index = start
      while index < bytes.count {
        switch bytes[index] {
        case UInt8(ascii: "\""):
          guard let end = endOfText(index) else { return nil }
          index = end
          continue
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
          depth -= 1
          if depth == 0 { return index + 1 }
        default: break
        }
        index += 1
      }
      return nil
    }
  }
}

extension DocumentPath.Step {
  /// The name of the member that a step means in an object.
  fileprivate var memberName: String? {
    switch self {
    case .key(let key): key
    case .index(let index): String(index)
    case .element, .any: nil
    }
  }
}
