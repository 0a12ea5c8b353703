import CModbus
import Glibc

/// One open serial line: owns the libmodbus context and its descriptor, and frees both at its end.
///
/// libmodbus frames, keeps the time and does everything serial.
final class SerialConnection: ModbusConnection {
  /// libmodbus waits with `select`, which aborts the process on a larger descriptor.
  static let descriptorLimit = 1024
  /// Silence on a serial line after a failed exchange before the next request, and how often it is waited for.
  static let quietMilliseconds: CInt = 50
  static let quietAttempts = 20

  private let context: OpaquePointer
  private let descriptor: CInt
  private let timer: DeadlineTimer
  private var isUnsettled = false
  private var foreignFrames: UInt64 = 0
  private(set) var answers = 0

  /// What is left of an earlier exchange is read away before the next one.
  var outlivesFailures: Bool { true }
  var idleInterval: Duration? { nil }

  init(_ line: ModbusLinkConfiguration.SerialLine) throws(ModbusFailure) {
    timer = try DeadlineTimer()
    let context = try Self.context(line)
    do throws(ModbusFailure) {
      try Self.check(modbus_get_socket(context))
    } catch {
      modbus_close(context)
      modbus_free(context)
      throw error
    }
    // With a byte timeout the library waits anew for each byte, and a device that drips holds the bus for minutes.
    // Without one the response timeout covers the whole answer, because Linux' select counts it down.
    modbus_set_byte_timeout(context, 0, 0)
    self.context = context
    descriptor = modbus_get_socket(context)
  }

  deinit {
    modbus_close(context)
    modbus_free(context)
  }

  private static func context(_ line: ModbusLinkConfiguration.SerialLine) throws(ModbusFailure) -> OpaquePointer {
    if let problem = line.problem { throw .notSent("\(line.device): \(problem)") }
    let parity: Character =
      switch line.parity {
      case .none: "N"
      case .even: "E"
      case .odd: "O"
      }
    let parityByte = CChar(bitPattern: parity.asciiValue ?? 0x4E)
    guard
      let context = modbus_new_rtu(
        line.device, CInt(line.baud), parityByte, CInt(line.dataBits), CInt(line.stopBits))
    else { throw .notSent("\(line.device): \(String(cString: modbus_strerror(errno)))") }
    guard modbus_connect(context) == 0 else {
      let reason = String(cString: modbus_strerror(errno))
      modbus_free(context)
      throw .notSent("cannot open \(line.device): \(reason)")
    }
    return context
  }

  /// Refuses a descriptor that `select` cannot take.
  static func check(_ descriptor: CInt) throws(ModbusFailure) {
    guard descriptor >= 0, descriptor < descriptorLimit else {
      throw .notSent(
        "descriptor \(descriptor): serial lines need one below \(descriptorLimit), and so many files are open; "
          + "use fewer links or connections")
    }
  }

  func idleProblem() -> String? { nil }

  func takeNoise() -> (bytes: UInt64, frames: UInt64) {
    defer { foreignFrames = 0 }
    return (0, foreignFrames)
  }

  func exchange(
    _ request: ModbusRequest, unit: UInt8, timeout: Duration, isTolerant: Bool
  ) throws(ModbusFailure) -> [UInt16] {
    let data = try request.encoded()
    let bounded = ConnectionLimits.bounded(timeout)
    try settle()
    isUnsettled = true
    try send(data, unit: unit)
    let isTolerant = isTolerant && !request.isRead
    let answer = try self.data(of: try receive(timeout: bounded, isTolerant: isTolerant), unit: unit)
    answers += 1
    // From here on the frame was complete, so an exception leaves the bus in order.
    do throws(ModbusFailure) {
      let values = try request.decode(answer, isTolerant: isTolerant)
      // What such a device sent too much must not become the next answer.
      isUnsettled = isTolerant
      return values
    } catch {
      if case .exception = error { isUnsettled = false }
      throw error
    }
  }

  /// Reads away what is left of an earlier exchange.
  private func settle() throws(ModbusFailure) {
    guard isUnsettled || isReadable(within: 0) else { return }
    for _ in 0..<Self.quietAttempts {
      modbus_flush(context)
      if !isReadable(within: Self.quietMilliseconds) { return }
    }
    throw .notSent("the line is never silent; check termination, baud rate and a second master")
  }

  private func isReadable(within milliseconds: CInt) -> Bool {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&waiting, 1, milliseconds) > 0
  }

  private func send(_ data: [UInt8], unit: UInt8) throws(ModbusFailure) {
    let request = [unit] + data
    guard modbus_set_slave(context, CInt(unit)) == 0 else { throw .notSent("unit \(unit) is not possible on a line") }
    guard modbus_send_raw_request(context, request, CInt(request.count)) > 0 else {
      throw .notSent("cannot write to the line: \(String(cString: modbus_strerror(errno)))")
    }
  }

  private func receive(timeout: Duration, isTolerant: Bool) throws(ModbusFailure) -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: Int(MODBUS_MAX_ADU_LENGTH))
    timer.start(timeout)
    var length: CInt = 0
    var code: CInt = 0
    // libmodbus returns 0 for an RTU frame of another unit: one that answers too late must not cost this one its turn.
    while length == 0, let rest = timer.remaining {
      let (seconds, attoseconds) = rest.components
      // Zero is no timeout in the library's eyes.
      modbus_set_response_timeout(context, UInt32(seconds), max(1, UInt32(attoseconds / 1_000_000_000_000)))
      errno = 0
      length = modbus_receive_confirmation(context, &frame)
      code = errno
      if length == 0 { foreignFrames &+= 1 }
    }
    if length > 0 { return Array(frame.prefix(Int(length))) }
    if length == 0 { throw .garbled("an answer of another unit, and nothing else within \(timeout)") }
    switch code {
    case ETIMEDOUT: throw .timeout(timeout)
    case ECONNRESET, EPIPE, EBADF, EIO, ENXIO, ENODEV, ENOTCONN:
      throw .closed("the connection ended before the answer was complete: \(String(cString: modbus_strerror(code)))")
    // Unit, function and the two bytes that are taken for a checksum are all that is looked at then.
    case _ where isTolerant: return Array(frame.prefix(4))
    default: throw .garbled("an answer that cannot be read: \(String(cString: modbus_strerror(code)))")
    }
  }

  private func data(of frame: [UInt8], unit: UInt8) throws(ModbusFailure) -> ArraySlice<UInt8> {
    guard frame.count > 3 else { throw .garbled("a frame of \(frame.count) bytes") }
    guard frame[0] == unit else { throw .garbled("an answer of unit \(frame[0]) instead of \(unit)") }
    return frame[1..<(frame.count - 2)]
  }
}
