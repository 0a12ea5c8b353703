/// How a Modbus request is wrapped on its way, by the words of profiles.
///
/// The requests and answers inside are always those of Modbus: function code and data.
public enum ModbusFraming: String, CaseIterable, Sendable, Hashable {
  /// Modbus TCP: a header with a transaction number, no checksum.
  case tcp
  /// Modbus RTU: the unit in front, a CRC behind. On serial lines, and through bridges over TCP or UDP.
  case rtu
  /// GoodWe's UDP port 8899: RTU in datagrams, the answer with `AA 55` in front.
  case goodwe
  /// The TCP port 8899 of GivEnergy's dongles.
  case givenergy
  /// The UDP port 8899 of GoodWe's ES, EM and BP: no Modbus, whole pages of bytes that are shown as registers.
  case aa55

  /// The same request gives the same bytes, and an answer says less than its request: on a connection an answer that
  /// comes late can be taken for the next one.
  public var isAnonymous: Bool { self == .rtu || self == .goodwe || self == .aa55 }
}

/// A request that cannot be said in a framing, in words.
public struct FramingError: Error, Hashable {
  /// What was wrong.
  public let reason: String

  init(_ reason: String) { self.reason = reason }
}
