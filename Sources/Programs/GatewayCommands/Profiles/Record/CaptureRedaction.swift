import LocalAPISchema

/// Takes out of a capture what belongs to a person or opens a door: serials, MAC addresses, mail addresses, secrets.
///
/// The same text becomes the same replacement in every capture, so that a serial in a topic and in a payload stay the
/// same one. Of the original only a few bits are left, too few to find it by trying.
struct CaptureRedaction {
  /// Texts that were replaced somewhere, to be replaced everywhere.
  private(set) var replaced: [String: String] = [:]

  private static let secretKeys = [
    "password", "passwd", "passphrase", "psk", "token", "secret", "apikey", "authorization", "cookie", "privatekey",
  ]
  private static let identityKeys = ["serial", "ssid", "imei", "iccid", "username", "latitude", "longitude"]
  /// Keys that mean an identity only as a whole.
  private static let wholeKeys: Set<String> = ["sn", "dsn", "uid", "uuid", "gatewayid", "portalid", "dongleid"]
  static let secret = "REDACTED"
  /// In front of what a serial becomes.
  private static let mark = "RX"
  private static let digits = 6
  /// Shorter texts are replaced where they stand, not wherever they occur.
  private static let minLengthEverywhere = 6

  // MARK: Texts

  /// What a serial becomes: as long as before, from three letters on.
  mutating func identity(_ text: String) -> String {
    guard !text.isEmpty, !text.hasPrefix(Self.mark) else { return text }
    let number = String(Self.hash(text) % 1_000_000)
    let full = Self.mark + String(repeating: "0", count: Self.digits - number.count) + number
    let short = String(full.prefix(max(3, text.count)))
    let result = short + String(repeating: "0", count: max(0, text.count - short.count))
    if text.count >= Self.minLengthEverywhere { replaced[text] = result }
    return result
  }

  /// Addresses in a text, and everything that was replaced elsewhere.
  mutating func text(_ text: String) -> String {
    var result = text
    for match in text.matches(of: #/[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}/#).map({ String($0.output) }) {
      guard !match.hasSuffix("@example.com") else { continue }
      replaced[match] = "user\(Self.hash(match) % 10_000)@example.com"
    }
    for match in text.matches(of: #/\b(?:[0-9A-Fa-f]{2}[:\-]){5}[0-9A-Fa-f]{2}\b/#).map({ String($0.output) })
    where !match.hasPrefix("02") {
      let separator = match.contains(":") ? ":" : "-"
      let hash = Self.hash(match.uppercased().filter(\.isHexDigit))
      let tail = (0..<3).map { Self.hex(UInt8(truncatingIfNeeded: hash >> UInt64($0 * 8))) }
      replaced[match] = (["02", "00", "00"] + tail).joined(separator: separator)
    }
    // A MAC address without colons, as in the names of many plugs.
    for match in text.matches(of: #/\b[0-9A-Fa-f]{12}\b/#).map({ String($0.output) })
    where match.contains(where: \.isLetter) && match.contains(where: \.isNumber) {
      _ = identity(match)
    }
    for (original, replacement) in replaced.sorted(by: { $0.key.count > $1.key.count }) {
      result = result.replacing(original, with: replacement)
    }
    return result
  }

  // MARK: Documents

  /// A payload or an answer: by the names of its members where it is JSON, else by what it looks like.
  mutating func payload(_ body: String) -> String {
    guard let first = body.first(where: { !$0.isWhitespace }), first == "{" || first == "[",
      let value = try? JSONText.value(body)
    else { return text(plain(body)) }
    note(value, key: "")
    return JSONText.text(redacted(value, key: ""))
  }

  /// `serial=123`, `<sn>123</sn>`.
  private mutating func plain(_ body: String) -> String {
    var result = body
    for match in body.matches(of: #/([A-Za-z_]{2,30})\s*(?:=|:|>)\s*"?([A-Za-z0-9_\-]{3,64})/#) {
      let (key, value) = (String(match.output.1), String(match.output.2))
      switch Self.kind(of: key) {
      case .secret: result = result.replacing(value, with: Self.secret)
      case .identity: result = result.replacing(value, with: identity(value))
      case .plain: break
      }
    }
    return result
  }

  private enum Kind { case secret, identity, plain }

  private static func kind(of key: String) -> Kind {
    let name = key.lowercased().filter { $0.isLetter || $0.isNumber }
    if secretKeys.contains(where: { name.contains($0) }) { return .secret }
    if wholeKeys.contains(name) || identityKeys.contains(where: { name.contains($0) }) { return .identity }
    return .plain
  }

  /// Remembers all identities of a document before any text of it is written.
  private mutating func note(_ value: JSONValue, key: String) {
    switch value {
    case .object(let members): for (key, value) in members { note(value, key: key) }
    case .array(let elements): for element in elements { note(element, key: key) }
    case .text(let text): if Self.kind(of: key) == .identity { _ = identity(text) }
    case .number, .flag, .null: break
    }
  }

  private mutating func redacted(_ value: JSONValue, key: String) -> JSONValue {
    switch value {
    case .object(let members):
      var result: [String: JSONValue] = [:]
      for (key, value) in members { result[text(key)] = redacted(value, key: key) }
      return .object(result)
    case .array(let elements): return .array(elements.map { redacted($0, key: key) })
    case .text(let text):
      switch Self.kind(of: key) {
      case .secret: return .text(Self.secret)
      case .identity: return .text(identity(text))
      case .plain: return .text(self.text(text))
      }
    case .number(let number):
      // A number stays one, so that the profile reads it as before.
      return Self.kind(of: key) == .plain ? value : .number(Double(Self.hash("\(number)") % 1_000_000))
    case .flag, .null: return value
    }
  }

  // MARK: Registers

  /// Text registers that look like a serial: runs with words of eight and more characters, most of them digits.
  mutating func registers(_ values: [UInt16: UInt16]) -> [UInt16: UInt16] {
    var result = values
    var run: [UInt16] = []
    func isText(_ value: UInt16) -> Bool {
      let bytes = [UInt8(value >> 8), UInt8(value & 0xFF)]
      return bytes[0] != 0 && bytes.allSatisfy { $0 == 0 || (0x20...0x7E).contains($0) }
    }
    func close() {
      if run.count >= Self.minRegisters { redact(run, in: &result) }
      run = []
    }
    for address in values.keys.sorted() {
      if let last = run.last, Int(last) + 1 != Int(address) { close() }
      if isText(values[address] ?? 0) { run.append(address) } else { close() }
    }
    close()
    return result
  }

  private static let minRegisters = 4
  private static let minWord = 8
  private static let minDigits = 5

  /// Replaces all text of these registers, or only the words in it that look like a serial.
  mutating func redact(_ addresses: [UInt16], in values: inout [UInt16: UInt16], whole: Bool = false) {
    var bytes = addresses.flatMap { [UInt8((values[$0] ?? 0) >> 8), UInt8((values[$0] ?? 0) & 0xFF)] }
    var word: Range<Int>?
    func isWordByte(_ byte: UInt8) -> Bool {
      let character = Character(UnicodeScalar(byte))
      return byte < 0x80 && (character.isLetter || character.isNumber)
    }
    for index in 0...bytes.count {
      if index < bytes.count, isWordByte(bytes[index]) {
        word = (word?.lowerBound ?? index)..<(index + 1)
        continue
      }
      if let found = word {
        let text = String(decoding: bytes[found], as: UTF8.self)
        let looksLikeSerial = text.count >= Self.minWord && text.count(where: \.isNumber) >= Self.minDigits
        if whole || looksLikeSerial { bytes.replaceSubrange(found, with: identity(text).utf8.prefix(found.count)) }
      }
      word = nil
    }
    for (index, address) in addresses.enumerated() {
      values[address] = UInt16(bytes[index * 2]) << 8 | UInt16(bytes[index * 2 + 1])
    }
  }

  // MARK: Helpers

  /// FNV-1a, 64 bits.
  private static func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}
