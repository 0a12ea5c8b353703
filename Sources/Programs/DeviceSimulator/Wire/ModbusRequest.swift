public import DeviceProfiles

/// A Modbus request as a server sees it.
public struct ModbusRequest: Sendable, Hashable {
  /// What is asked for.
  public enum Body: Sendable, Hashable {
    case read(RegisterRange)
    case writeRegisters(address: UInt16, values: [UInt16], function: WriteFunction)
    case writeCoils(address: UInt16, values: [Bool])
    /// New value = (old value and `and`) or (`or` and not `and`).
    case maskWrite(address: UInt16, and: UInt16, or: UInt16)
    /// A function code that simulated devices do not have.
    case unsupported
  }

  /// The unit identifier.
  public var unit: UInt8
  /// What is asked for.
  public var body: Body

  /// A request to a unit.
  public init(unit: UInt8, body: Body) {
    self.unit = unit
    self.body = body
  }

  /// Reads a whole frame. `nil` when it is shorter than its function code needs.
  ///
  /// - Parameters:
  ///   - frame: as libmodbus received it.
  ///   - header: bytes before the function code; the last of them is the unit identifier.
  public init?(frame: [UInt8], header: Int) {
    guard header >= 1, frame.count > header else { return nil }
    let payload = Array(frame[(header + 1)...])
    func word(_ index: Int) -> UInt16? {
      payload.count >= index + 2 ? UInt16(payload[index]) << 8 | UInt16(payload[index + 1]) : nil
    }
    unit = frame[header - 1]
    let function = frame[header]
    guard let address = word(0), let second = word(2) else {
      guard ![1, 2, 3, 4, 5, 6, 15, 16, 22].contains(function) else { return nil }
      body = .unsupported
      return
    }
    switch function {
    case 1, 2, 3, 4:
      let tables: [RegisterTable] = [.coil, .discrete, .holding, .input]
      body = .read(RegisterRange(table: tables[Int(function) - 1], address: address, count: second))
    case 5: body = .writeCoils(address: address, values: [second == 0xFF00])
    case 6: body = .writeRegisters(address: address, values: [second], function: .single)
    case 15:
      guard payload.count >= 5 + (Int(second) + 7) / 8, second <= 1968 else { return nil }
      let bits = (0..<Int(second)).map { payload[5 + $0 / 8] >> UInt8($0 % 8) & 1 == 1 }
      body = .writeCoils(address: address, values: bits)
    case 16:
      let words = (0..<Int(second)).compactMap { word(5 + 2 * $0) }
      guard words.count == Int(second), second <= 123 else { return nil }
      body = .writeRegisters(address: address, values: words, function: .multiple)
    case 22:
      guard let or = word(4) else { return nil }
      body = .maskWrite(address: address, and: second, or: or)
    default: body = .unsupported
    }
  }

  /// Registers or bits in one request, by the standard.
  static func maxCount(of table: RegisterTable) -> Int { table.isBits ? 2000 : 125 }
}

/// What a simulated device answers.
public enum ModbusReply: Sendable, Hashable {
  case registers([UInt16])
  case bits([Bool])
  /// The write was taken.
  case written
  case exception(UInt8)
  /// No answer at all.
  case silence
  /// The connection is closed instead of an answer.
  case hangUp

  static let illegalFunction = ModbusReply.exception(1)
  static let illegalAddress = ModbusReply.exception(2)
  static let illegalValue = ModbusReply.exception(3)
  /// What a gateway says of a unit that is not there.
  static let noSuchUnit = ModbusReply.exception(11)
}
