/// The checksums of the framings.
public enum Checksums {
  /// The CRC of Modbus RTU; on the wire the low byte goes first.
  public static func crc(_ bytes: some Sequence<UInt8>) -> UInt16 {
    var crc: UInt16 = 0xFFFF
    for byte in bytes {
      crc ^= UInt16(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xA001 : crc >> 1 }
    }
    return crc
  }

  /// Bytes with their CRC behind.
  static func withCRC(_ bytes: [UInt8]) -> [UInt8] {
    let crc = crc(bytes)
    return bytes + [UInt8(crc & 0xFF), UInt8(crc >> 8)]
  }

  /// Whether the last two bytes are the CRC of those before.
  static func hasCRC(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
    guard bytes.count > 2 else { return false }
    return crc(bytes.dropLast(2)) == word(bytes, bytes.count - 2).byteSwapped
  }

  /// The plain sum of AA55 frames.
  static func sum(_ bytes: some Sequence<UInt8>) -> UInt16 { bytes.reduce(0) { $0 &+ UInt16($1) } }
}

/// The 16-bit number at a place, high byte first; 0 where there is none.
func word(_ bytes: some RandomAccessCollection<UInt8>, _ offset: Int) -> UInt16 {
  guard offset >= 0, bytes.count >= offset + 2 else { return 0 }
  let index = bytes.index(bytes.startIndex, offsetBy: offset)
  return UInt16(bytes[index]) << 8 | UInt16(bytes[bytes.index(after: index)])
}

/// A 16-bit number, high byte first.
func bytes(_ words: UInt16...) -> [UInt8] { words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } }
