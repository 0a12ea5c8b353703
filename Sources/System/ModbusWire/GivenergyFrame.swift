/// What GivEnergy's dongles speak on TCP 8899.
///
/// `59 59 00 01`, length, `01`, kind, ten bytes of the dongle's serial number. Kind 1 is a heartbeat that wants to be
/// answered; kind 2 goes on with eight bytes, unit, function, in answers ten bytes of the inverter's serial number, first
/// register, number or value, the values, and a CRC from the unit on. An answer says what it answers, so answers to other
/// clients, which the dongle sends to everybody, can be told apart.
public struct GivenergyFrame: Sendable, Hashable {
  static let mark: [UInt8] = [0x59, 0x59, 0x00, 0x01]
  /// Registers in one request; the dongle cuts longer ones.
  public static let registerLimit = 60
  /// The client's serial number; dongles take any.
  private static let clientSerial = Array("AB1234G567".utf8)
  private static let padding: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 8]
  private static let answerPadding: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0x8A]
  private static let headLength = 8
  private static let serialLength = 10
  private static let unitOffset = 26
  /// The length of a frame after its length field: a heartbeat, and the longest answer with room.
  private static let lengths = 2...300

  /// What is in a frame.
  public enum Content: Sendable, Hashable {
    case heartbeat(adapterType: UInt8)
    /// Unit, function and what follows it, without serial numbers and CRC.
    case transparent(unit: UInt8, function: UInt8, data: [UInt8])
  }

  /// What a look at the beginning of some bytes shows.
  enum Look {
    /// The bytes before the next place where a frame can begin.
    case noise(Int)
    case incomplete
    case whole(Content?, length: Int)
  }

  /// Looks for a frame at the beginning.
  static func look(_ buffer: some RandomAccessCollection<UInt8>, isAnswer: Bool) -> Look {
    guard buffer.starts(with: mark) else {
      if buffer.count < mark.count, mark.starts(with: buffer) { return .incomplete }
      return .noise(distance(toMarkIn: buffer))
    }
    guard buffer.count >= headLength else { return .incomplete }
    let length = Int(word(buffer, 4))
    let head = Array(buffer.prefix(headLength))
    guard lengths.contains(length), head[6] == 1, head[7] == 1 || head[7] == 2 else { return .noise(mark.count) }
    guard buffer.count >= 6 + length else { return .incomplete }
    let frame = Array(buffer.prefix(6 + length))
    guard head[7] == 2 else {
      guard frame.count > headLength + serialLength else { return .noise(mark.count) }
      return .whole(.heartbeat(adapterType: frame[headLength + serialLength]), length: frame.count)
    }
    let skipped = isAnswer ? serialLength : 0
    guard frame.count >= unitOffset + 2 + skipped + 6 else { return .whole(nil, length: frame.count) }
    // A frame of this length whose CRC is wrong may be noise with a frame within.
    guard Checksums.hasCRC(frame[unitOffset...]) else { return .noise(mark.count) }
    let data = Array(frame[(unitOffset + 2 + skipped)..<(frame.count - 2)])
    return .whole(
      .transparent(unit: frame[unitOffset], function: frame[unitOffset + 1], data: data), length: frame.count)
  }

  private static func distance(toMarkIn buffer: some RandomAccessCollection<UInt8>) -> Int {
    for offset in 1..<max(2, buffer.count) {
      let rest = buffer.dropFirst(offset)
      if rest.isEmpty || rest.starts(with: mark) || (rest.count < mark.count && mark.starts(with: rest)) {
        return offset
      }
    }
    return buffer.count
  }

  static func request(unit: UInt8, pdu: [UInt8]) throws(FramingError) -> [UInt8] {
    guard let function = pdu.first, [3, 4, 6].contains(function), pdu.count == 5 else {
      throw FramingError("GivEnergy's dongle knows the functions 3, 4 and 6 only")
    }
    if function != 6, word(pdu, 3) > UInt16(registerLimit) {
      throw FramingError("GivEnergy's dongle reads at most \(registerLimit) registers, not \(word(pdu, 3))")
    }
    return frame(serial: clientSerial, padding: padding, inner: [unit] + pdu)
  }

  /// The answer to a heartbeat, and a heartbeat itself: they look alike.
  public static func heartbeat(adapterType: UInt8, isAnswer: Bool = true) -> [UInt8] {
    let serial = isAnswer ? clientSerial : serial(of: "SD")
    return mark + ModbusWire.bytes(UInt16(serial.count + 3)) + [1, 1] + serial + [adapterType]
  }

  /// An answer as the dongle gives it.
  static func answer(unit: UInt8, request: [UInt8], pdu: [UInt8]) -> [UInt8] {
    guard let function = pdu.first else { return [] }
    // An exception has no code here; a good answer repeats the request, then come the values.
    let values = function & 0x80 == 0 && (function == 3 || function == 4) ? Array(pdu.dropFirst(2)) : []
    let inner = [unit, function] + serial(of: "SA") + request.dropFirst().prefix(4) + values
    return frame(serial: serial(of: "SD"), padding: answerPadding, inner: inner)
  }

  private static func serial(of prefix: String) -> [UInt8] { Array("\(prefix)0000G000".utf8) }

  private static func frame(serial: [UInt8], padding: [UInt8], inner: [UInt8]) -> [UInt8] {
    let body = serial + padding + Checksums.withCRC(inner)
    return mark + ModbusWire.bytes(UInt16(clamping: body.count + 2)) + [1, 2] + body
  }
}
