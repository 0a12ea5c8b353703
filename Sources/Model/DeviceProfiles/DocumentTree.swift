import EnergyModel

/// A document on its way to JSON. Its depth is bounded by who builds it.
indirect enum DocumentTree: Sendable {
  case object([(key: String, value: DocumentTree)])
  case array([DocumentTree])
  case scalar(ScalarValue)

  /// JSON without blanks.
  var text: String {
    var result = ""
    write(to: &result)
    return result
  }

  private func write(to result: inout String) {
    switch self {
    case .scalar(let value): result += JSONText.text(value)
    case .array(let elements):
      result += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { result += "," }
        element.write(to: &result)
      }
      result += "]"
    case .object(let members):
      result += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { result += "," }
        result += JSONText.quoted(member.key) + ":"
        member.value.write(to: &result)
      }
      result += "}"
    }
  }
}

/// `key=value` lists.
enum KeyValueText {
  /// More pairs are no answer of a device.
  static let maxPairs = 4096

  static func document(_ payload: [UInt8]) throws(JSONDocumentError) -> DocumentTree {
    var members: [(key: String, value: DocumentTree)] = []
    for pair in payload.split(whereSeparator: { isSeparator($0) }) {
      guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
      let key = String(decoding: pair[..<equals], as: UTF8.self).trimmingBlanks
      guard !key.isEmpty else { continue }
      guard members.count < maxPairs else {
        throw JSONDocumentError(message: "payload has more than \(maxPairs) pairs", offset: pair.startIndex)
      }
      let value = String(decoding: pair[pair.index(after: equals)...], as: UTF8.self).trimmingBlanks
      members.append((key, .scalar(.text(value))))
    }
    guard !members.isEmpty else { throw JSONDocumentError(message: "payload has no key=value", offset: 0) }
    return .object(members)
  }

  private static func isSeparator(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "&"), 0x0A, 0x0D: true
    default: false
    }
  }
}
