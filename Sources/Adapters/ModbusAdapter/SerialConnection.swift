import CModbus
import Glibc
import ModbusWire

/// One open serial line: owns the libmodbus context and its descriptor, and frees both at its end.
///
/// libmodbus opens the line and sends. It would wait with `select`, which aborts the process on a descriptor of 1024 or
/// more, so waiting and reading are done here; both block.
final class SerialConnection: ModbusConnection {
  /// Silence on a serial line after a failed exchange before the next request, and how often it is waited for.
  static let quietMilliseconds: CInt = 50
  static let quietAttempts = 20

  private let context: OpaquePointer
  private let descriptor: CInt
  private let timer: DeadlineTimer
  private var isUnsettled = false
  private var noise: (bytes: UInt64, frames: UInt64) = (0, 0)
  private(set) var answers = 0

  /// What is left of an earlier exchange is read away before the next one.
  var outlivesFailures: Bool { true }

  init(_ line: ModbusLinkConfiguration.SerialLine) throws(ModbusFailure) {
    timer = try DeadlineTimer()
    context = try Self.context(line)
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

  func idleProblem() -> String? { nil }

  func takeNoise() -> (bytes: UInt64, frames: UInt64) {
    defer { noise = (0, 0) }
    return noise
  }

  func exchange(
    _ request: ModbusRequest, unit: UInt8, timeout: Duration, isTolerant: Bool
  ) throws(ModbusFailure) -> [UInt16] {
    let frame = try request.framed(.rtu, unit: unit, transaction: 0)
    let isTolerant = isTolerant && !request.isRead
    var reader = AnswerReader(.rtu)
    reader.begin(frame, isTolerant: isTolerant)
    defer { noise = (noise.bytes &+ reader.skippedBytes, noise.frames &+ reader.foreignFrames) }
    try settle()
    isUnsettled = true
    try send(frame)
    let answer = try receive(&reader, timeout: ConnectionLimits.bounded(timeout))
    answers += 1
    // From here on the frame was complete, so an exception leaves the bus in order. What a device sent too much must not
    // become the next answer.
    isUnsettled = isTolerant || reader.hasRest
    do throws(ModbusFailure) {
      return try request.decode(answer, isTolerant: isTolerant)
    } catch {
      if case .exception = error {} else { isUnsettled = true }
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

  private func send(_ frame: FramedRequest) throws(ModbusFailure) {
    guard modbus_set_slave(context, CInt(frame.unit)) == 0 else {
      throw .notSent("unit \(frame.unit) is not possible on a line")
    }
    // The library adds the checksum.
    let request = [frame.unit] + frame.pdu
    guard modbus_send_raw_request(context, request, CInt(request.count)) > 0 else {
      throw .notSent("cannot write to the line: \(String(cString: modbus_strerror(errno)))")
    }
  }

  /// Function code and data of the answer.
  private func receive(_ reader: inout AnswerReader, timeout: Duration) throws(ModbusFailure) -> [UInt8] {
    timer.start(timeout)
    while true {
      if case .answer(let pdu) = reader.next() { return pdu }
      guard timer.wait(for: descriptor) else {
        if let remnant = reader.remnant() { return remnant }
        throw reader.problem.map { .garbled("\($0), and nothing else within \(timeout)") } ?? .timeout(timeout)
      }
      var buffer = [UInt8](repeating: 0, count: Int(MODBUS_MAX_ADU_LENGTH))
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count > 0 {
        reader.append(buffer.prefix(count))
      } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
        let reason = count == 0 ? "the line is gone" : ModbusFailure.words(forSystemError: errno)
        throw .closed("the connection ended before the answer was complete: \(reason)")
      }
    }
  }
}
