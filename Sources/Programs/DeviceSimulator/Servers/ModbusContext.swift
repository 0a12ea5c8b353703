import CModbus
import DeviceProfiles
import Glibc

/// Owns a libmodbus context in its server role.
///
/// The sockets of clients belong to the server, so they are taken out of the context before it is freed.
struct ModbusContext: ~Copyable {
  let pointer: OpaquePointer
  private let ownsSocket: Bool

  /// How long the rest of a frame may take once it began; a slow client would hold up the others.
  static let byteTimeoutMicroseconds: UInt32 = 200_000

  /// A context for clients that are accepted from a listening socket.
  init(host: String, port: Int) throws(SimulatorError) {
    guard let pointer = modbus_new_tcp(host, CInt(port)) else {
      throw SimulatorError("modbus \(host):\(port): \(Self.lastError)")
    }
    self.pointer = pointer
    ownsSocket = false
    setTimeouts()
  }

  /// A context for one unit on a serial line.
  init(serialPath: String, baud: Int, unit: UInt8) throws(SimulatorError) {
    guard let pointer = modbus_new_rtu(serialPath, CInt(clamping: baud), CChar(UInt8(ascii: "N")), 8, 1) else {
      throw SimulatorError("serial line \(serialPath): \(Self.lastError)")
    }
    self.pointer = pointer
    ownsSocket = true
    modbus_set_slave(pointer, CInt(unit))
    setTimeouts()
  }

  private func setTimeouts() {
    modbus_set_byte_timeout(pointer, 0, Self.byteTimeoutMicroseconds)
    modbus_set_indication_timeout(pointer, 0, Self.byteTimeoutMicroseconds)
  }

  deinit {
    if ownsSocket { modbus_close(pointer) } else { modbus_set_socket(pointer, -1) }
    modbus_free(pointer)
  }

  /// The last failure of a call, in words.
  static var lastError: String { String(cString: modbus_strerror(errno)) }

  /// Reads one request that has begun to arrive; `nil` when the connection is of no use any more, an empty array when
  /// the frame was for another unit.
  func receive() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: Int(MODBUS_MAX_ADU_LENGTH))
    let count = modbus_receive(pointer, &buffer)
    guard count >= 0, count <= buffer.count else { return nil }
    return Array(buffer.prefix(Int(count)))
  }

  /// Sends an answer through libmodbus; `false` when the connection must be closed.
  func send(_ reply: ModbusReply, to frame: [UInt8], _ request: ModbusRequest) -> Bool {
    switch reply {
    case .silence: return true
    case .hangUp: return false
    case .exception(let code): return modbus_reply_exception(pointer, frame, UInt32(code)) >= 0
    case .registers, .bits, .written:
      guard let mapping = ModbusMapping(reply, for: request.body) else { return false }
      return modbus_reply(pointer, frame, CInt(frame.count), mapping.pointer) >= 0
    }
  }
}

/// A libmodbus memory map that covers exactly the range of one request.
private struct ModbusMapping: ~Copyable {
  let pointer: UnsafeMutablePointer<modbus_mapping_t>

  init?(_ reply: ModbusReply, for body: ModbusRequest.Body) {
    var starts = [RegisterTable: UInt32]()
    var counts = [RegisterTable: UInt32]()
    switch body {
    case .read(let range):
      starts[range.table] = UInt32(range.address)
      counts[range.table] = UInt32(range.count)
    case .writeRegisters(let address, let values, _):
      starts[.holding] = UInt32(address)
      counts[.holding] = UInt32(values.count)
    case .writeCoils(let address, let values):
      starts[.coil] = UInt32(address)
      counts[.coil] = UInt32(values.count)
    case .maskWrite(let address, _, _):
      starts[.holding] = UInt32(address)
      counts[.holding] = 1
    case .unsupported: return nil
    }
    let made = modbus_mapping_new_start_address(
      starts[.coil] ?? 0, counts[.coil] ?? 0, starts[.discrete] ?? 0, counts[.discrete] ?? 0, starts[.holding] ?? 0,
      counts[.holding] ?? 0, starts[.input] ?? 0, counts[.input] ?? 0)
    guard let made else { return nil }
    pointer = made
    if case .read(let range) = body { fill(reply, range) }
  }

  private func fill(_ reply: ModbusReply, _ range: RegisterRange) {
    switch reply {
    case .registers(let words) where !range.table.isBits:
      let memory = range.table == .holding ? pointer.pointee.tab_registers : pointer.pointee.tab_input_registers
      for (index, word) in words.prefix(Int(range.count)).enumerated() { memory?[index] = word }
    case .bits(let bits) where range.table.isBits:
      let memory = range.table == .coil ? pointer.pointee.tab_bits : pointer.pointee.tab_input_bits
      for (index, bit) in bits.prefix(Int(range.count)).enumerated() { memory?[index] = bit ? 1 : 0 }
    default: break
    }
  }

  deinit { modbus_mapping_free(pointer) }
}
