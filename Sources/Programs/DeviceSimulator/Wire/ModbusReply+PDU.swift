extension ModbusReply {
  /// Function code and data; `nil` where nothing is answered.
  ///
  /// - Parameter request: function code and data of the request.
  func pdu(to request: [UInt8]) -> [UInt8]? {
    guard let function = request.first else { return nil }
    switch self {
    case .registers(let words):
      let data = words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
      return [function, UInt8(truncatingIfNeeded: data.count)] + data
    case .bits(let bits):
      var data = [UInt8](repeating: 0, count: (bits.count + 7) / 8)
      for (index, bit) in bits.enumerated() where bit { data[index / 8] |= 1 << UInt8(index % 8) }
      return [function, UInt8(truncatingIfNeeded: data.count)] + data
    // Function, address, value or number: the first five bytes of the request, of a mask write all seven.
    case .written: return Array(request.prefix(function == 22 ? 7 : 5))
    case .exception(let code): return [function | 0x80, code]
    case .silence, .hangUp: return nil
    }
  }
}
