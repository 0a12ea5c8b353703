import EnergyModel

/// Telegrams of smart meters (DSMR P1 5.0, eSMR, IEC 62056-21 mode D): `/XMX5…`, lines of `code(value*unit)`, `!CRC`.
public enum MeterTelegram {
  /// More lines are no telegram.
  static let maxLines = 1000
  /// More values of one code are no telegram.
  static let maxValues = 64
  /// The key of the meter's name, which stands behind the `/`.
  static let identification = "identification"

  static func document(_ payload: [UInt8]) throws(JSONDocumentError) -> DocumentTree {
    guard let start = payload.firstIndex(of: UInt8(ascii: "/")),
      let end = payload[start...].firstIndex(of: UInt8(ascii: "!"))
    else { throw JSONDocumentError(message: "payload is not a whole P1 telegram", offset: 0) }
    try checkSum(payload[start...end], stated: payload[(end + 1)...])
    var members: [(key: String, value: DocumentTree)] = []
    var values: [DocumentTree] = []
    func close() {
      guard !values.isEmpty, !members.isEmpty else { return }
      members[members.count - 1].value = values.count == 1 ? values[0] : .array(values)
      values = []
    }
    let lines = payload[start..<end].split(whereSeparator: { $0 == 0x0A || $0 == 0x0D })
    guard lines.count <= maxLines else {
      throw JSONDocumentError(message: "telegram of \(lines.count) lines, the limit is \(maxLines)", offset: 0)
    }
    for line in lines {
      let text = String(decoding: line, as: UTF8.self)
      if text.hasPrefix("/") {
        members.append((identification, .scalar(.text(String(text.dropFirst())))))
        continue
      }
      guard let opening = text.firstIndex(of: "(") else { continue }
      // A line without a code goes on with the one before (gas meters of DSMR 3).
      if opening != text.startIndex {
        close()
        members.append((String(text[..<opening]), .scalar(.null)))
      }
      values += groups(in: text[opening...]).prefix(max(0, maxValues - values.count)).map(value)
    }
    close()
    return .object(members)
  }

  /// `(a)(b)` → `a`, `b`.
  private static func groups(in text: Substring) -> [Substring] {
    text.split(separator: "(").map { $0.prefix { $0 != ")" } }
  }

  /// `000123.456*kWh` is a number in the meter's unit, everything else text.
  private static func value(_ text: Substring) -> DocumentTree {
    if let star = text.firstIndex(of: "*"), let number = Double(text[..<star]), number.isFinite {
      return .scalar(.number(number))
    }
    return .scalar(text.isEmpty ? .null : .text(String(text)))
  }

  // MARK: Checksum

  /// Meters before DSMR 4 send none.
  private static func checkSum(_ body: ArraySlice<UInt8>, stated: ArraySlice<UInt8>) throws(JSONDocumentError) {
    let digits = String(decoding: stated.prefix(4), as: UTF8.self)
    guard let sum = UInt16(digits, radix: 16), digits.utf8.count == 4 else {
      guard stated.allSatisfy({ $0 <= 0x20 }) else {
        throw JSONDocumentError(message: "telegram has no checksum behind '!'", offset: body.endIndex)
      }
      return
    }
    // Some readers take the CR out of the line ends; the meter computed with them.
    let hasReturns = body.contains(0x0D)
    guard sum != checkSum(of: hasReturns ? Array(body) : body.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }) else {
      return
    }
    throw JSONDocumentError(message: "telegram with a wrong checksum (\(digits))", offset: body.endIndex)
  }

  /// The checksum over a telegram from `/` to `!`: CRC-16 with the reflected polynomial 0xA001, starting at 0.
  public static func checkSum(of bytes: [UInt8]) -> UInt16 {
    var crc: UInt16 = 0
    for byte in bytes {
      crc ^= UInt16(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xA001 : crc >> 1 }
    }
    return crc
  }
}
