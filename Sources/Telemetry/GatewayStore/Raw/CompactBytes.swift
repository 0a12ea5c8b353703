/// Writes numbers so that small ones are short: seven bits to a byte, the lowest first.
struct CompactWriter {
  private(set) var bytes: [UInt8] = []

  mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

  mutating func byte(_ byte: UInt8) { bytes.append(byte) }

  mutating func unsigned(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// Numbers near zero of either sign are short.
  mutating func signed(_ number: Int64) {
    unsigned(UInt64(bitPattern: number << 1) ^ UInt64(bitPattern: number >> 63))
  }

  /// The lowest bytes of a number, the lowest first.
  mutating func fixed(_ number: UInt64, count: Int) {
    for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * UInt64(index)))) }
  }
}

/// Reads what `CompactWriter` wrote; ends with an error instead of trapping where bytes are damaged.
struct CompactReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Bytes that are not read yet.
  var remaining: Int { bytes.count - position }

  mutating func byte() throws(GatewayStoreError) -> UInt8 {
    guard position < bytes.count else { throw Self.damaged("it ends too early") }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func unsigned() throws(GatewayStoreError) -> UInt64 {
    var result: UInt64 = 0
    var shift: UInt64 = 0
    while shift < 64 {
      let next = try byte()
      result |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return result }
      shift += 7
    }
    throw Self.damaged("a number is too long")
  }

  mutating func signed() throws(GatewayStoreError) -> Int64 {
    let number = try unsigned()
    return Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1)
  }

  mutating func fixed(count: Int) throws(GatewayStoreError) -> UInt64 {
    guard count <= remaining else { throw Self.damaged("it ends too early") }
    var result: UInt64 = 0
    for index in 0..<count { result |= UInt64(bytes[position + index]) << (8 * UInt64(index)) }
    position += count
    return result
  }

  /// How many elements follow; each takes a byte at least, so that a damaged count allocates nothing large.
  mutating func count(bytesPerElement: Int) throws(GatewayStoreError) -> Int {
    let number = try unsigned()
    guard number <= UInt64(bytes.count) else { throw Self.damaged("it claims \(number) readings") }
    let count = Int(number)
    guard count * bytesPerElement <= remaining else { throw Self.damaged("it claims \(number) readings") }
    return count
  }

  static func damaged(_ why: String) -> GatewayStoreError {
    GatewayStoreError(code: .corrupt, operation: "read raw readings", reason: why)
  }
}
