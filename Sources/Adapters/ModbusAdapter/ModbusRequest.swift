import DeviceProfiles
import ModbusWire

/// A request without unit and frame, and how its answer has to look.
enum ModbusRequest: Hashable {
  case read(RegisterRange)
  case writeRegisters(address: UInt16, values: [UInt16], function: WriteFunction)
  case writeCoil(address: UInt16, value: Bool)
  /// New value = (old value and `and`) or (`or` and not `and`), by the device itself.
  case maskWrite(address: UInt16, and: UInt16, or: UInt16)

  /// Registers that one read may ask for, and bits (Modbus application protocol 1.1b3, sections 6.1 to 6.4).
  static let registerReadLimit = 125
  static let bitReadLimit = 2000
  /// Registers that one write may carry (section 6.12).
  static let registerWriteLimit = 123

  /// Function code and data as they go out.
  func encoded() throws(ModbusFailure) -> [UInt8] {
    switch self {
    case .read(let range):
      let limit = range.table.isBits ? ModbusRequest.bitReadLimit : ModbusRequest.registerReadLimit
      guard range.count >= 1, Int(range.count) <= limit, Int(range.address) + Int(range.count) <= 0x10000 else {
        throw .notSent("\(range): a request reads 1 to \(limit) within 0 to 65535")
      }
      return [function] + ModbusRequest.bytes(of: [range.address, range.count])
    case .writeRegisters(let address, let values, .single):
      guard values.count == 1 else { throw .notSent("FC6 writes one register, not \(values.count)") }
      return [function] + ModbusRequest.bytes(of: [address] + values)
    case .writeRegisters(_, _, .maskWrite): throw .notSent("FC22 changes bits, it does not write registers")
    case .writeRegisters(let address, let values, .multiple):
      let limit = ModbusRequest.registerWriteLimit
      guard (1...limit).contains(values.count), Int(address) + values.count <= 0x10000 else {
        throw .notSent("FC16 writes 1 to \(limit) registers within 0 to 65535, not \(values.count) from \(address)")
      }
      let head = ModbusRequest.bytes(of: [address, UInt16(values.count)])
      return [function] + head + [UInt8(values.count * 2)] + ModbusRequest.bytes(of: values)
    case .writeCoil(let address, let value):
      return [function] + ModbusRequest.bytes(of: [address, value ? 0xFF00 : 0])
    case .maskWrite(let address, let and, let or):
      return [function] + ModbusRequest.bytes(of: [address, and, or])
    }
  }

  /// The request in a framing.
  func framed(
    _ framing: ModbusFraming, unit: UInt8, transaction: UInt16
  ) throws(ModbusFailure) -> FramedRequest {
    let pdu = try encoded()
    do throws(FramingError) {
      return try FramedRequest(framing, unit: unit, pdu: pdu, transaction: transaction)
    } catch {
      throw .notSent(error.reason)
    }
  }

  /// The values of an answer: registers, or bits as 0 and 1; what was written for a write.
  ///
  /// - Parameters:
  ///   - answer: function code and data as they came in.
  ///   - isTolerant: an answer to a write counts by its function alone.
  func decode(
    _ answer: some RandomAccessCollection<UInt8>, isTolerant: Bool = false
  ) throws(ModbusFailure) -> [UInt16] {
    let bytes = Array(answer)
    guard let code = bytes.first else { throw .garbled("an empty answer") }
    if code == function | 0x80 {
      guard bytes.count == 2 || (isTolerant && bytes.count > 2) else {
        throw .garbled("an exception of \(bytes.count) bytes instead of 2")
      }
      throw .exception(bytes[1])
    }
    guard code == function else { throw .garbled("an answer to function \(code) instead of \(function)") }
    switch self {
    case .read(let range): return try decodeRead(bytes, range: range)
    case .writeRegisters, .writeCoil, .maskWrite: return isTolerant ? [] : try decodeEcho(bytes)
    }
  }

  private func decodeRead(_ bytes: [UInt8], range: RegisterRange) throws(ModbusFailure) -> [UInt16] {
    let expected = range.table.isBits ? (Int(range.count) + 7) / 8 : Int(range.count) * 2
    guard bytes.count == expected + 2, Int(bytes[1]) == expected else {
      throw .garbled("an answer of \(bytes.count - 2) data bytes instead of \(expected)")
    }
    let data = bytes.dropFirst(2)
    if range.table.isBits {
      return (0..<Int(range.count)).map { UInt16(data[data.startIndex + $0 / 8] >> UInt8($0 % 8) & 1) }
    }
    return stride(from: data.startIndex, to: data.endIndex, by: 2).map { UInt16(data[$0]) << 8 | UInt16(data[$0 + 1]) }
  }

  /// A write is answered with its own first bytes: function, address and value or number, or both masks.
  private func decodeEcho(_ bytes: [UInt8]) throws(ModbusFailure) -> [UInt16] {
    let length = if case .maskWrite = self { 7 } else { 5 }
    guard bytes.count == length, bytes == Array(try encoded().prefix(length)) else {
      throw .garbled("an acknowledgement of something else (\(bytes))")
    }
    return []
  }

  var isRead: Bool { if case .read = self { true } else { false } }

  private var function: UInt8 {
    switch self {
    case .read(let range):
      switch range.table {
      case .coil: 1
      case .discrete: 2
      case .holding: 3
      case .input: 4
      }
    case .writeCoil: 5
    case .maskWrite: 22
    case .writeRegisters(_, _, let function): UInt8(function.rawValue)
    }
  }

  private static func bytes(of words: [UInt16]) -> [UInt8] {
    words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
  }
}
