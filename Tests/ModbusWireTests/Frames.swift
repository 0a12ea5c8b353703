import ModbusWire

/// A repeatable source of randomness.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

/// Bytes of a text of hexadecimal digits.
func hex(_ text: String) -> [UInt8] {
  let digits = text.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
}

/// The answer that a device would give.
func answer(to request: FramedRequest, pdu: [UInt8]) -> [UInt8] {
  var reader = RequestReader(request.framing)
  reader.append(request.bytes)
  guard case .request(let found) = reader.next() else { return [] }
  return found.answer(pdu)
}

/// Each register's value is its own address.
func goodAnswer(to pdu: [UInt8]) -> [UInt8] {
  let address = UInt16(pdu[1]) << 8 | UInt16(pdu[2])
  let count = UInt16(pdu[3]) << 8 | UInt16(pdu[4])
  guard pdu[0] == 3 || pdu[0] == 4 else { return Array(pdu.prefix(5)) }
  let values = (0..<count).map { address &+ $0 }
  return [pdu[0], UInt8(count * 2)] + values.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
}
