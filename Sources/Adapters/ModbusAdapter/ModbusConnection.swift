import CModbus
import Glibc

/// One open bus: owns the libmodbus context and its descriptor, and frees both at its end.
///
/// libmodbus frames the answers, keeps the time and does everything serial. The TCP header is written and checked here,
/// because libmodbus does not compare the unit of a TCP answer with the unit that was asked.
struct ModbusConnection: ~Copyable {
  /// libmodbus waits with `select`, which aborts the process on a larger descriptor.
  static let descriptorLimit = 1024
  /// A request waits at least and at most so long, whatever the profile says.
  static let timeoutBounds = Duration.milliseconds(1)...Duration.seconds(60)
  /// Silence on a serial line after a failed exchange before the next request, and how often it is waited for.
  static let quietMilliseconds: CInt = 50
  static let quietAttempts = 20

  private static let tcpHeaderLength = 7

  private let context: OpaquePointer
  private let descriptor: CInt
  private let isSerial: Bool
  private let gate: LinkGate
  private var transaction: UInt16 = 0
  private var isUnsettled = false
  /// Answers that came over this connection.
  private(set) var answers = 0

  private init(context: OpaquePointer, descriptor: CInt, isSerial: Bool, gate: LinkGate) {
    self.context = context
    self.descriptor = descriptor
    self.isSerial = isSerial
    self.gate = gate
  }

  deinit {
    gate.unwatch()
    modbus_close(context)
    modbus_free(context)
  }

  /// Opens the bus; takes as long as the configuration allows.
  static func open(
    _ configuration: ModbusLinkConfiguration, gate: LinkGate
  ) throws(ModbusFailure) -> ModbusConnection {
    switch configuration.medium {
    case .tcp(let host, let port):
      let descriptor = try SocketConnect.open(
        host: host, port: port, timeout: configuration.connectTimeout, gate: gate)
      do throws(ModbusFailure) {
        try check(descriptor)
        guard let context = modbus_new_tcp(nil, CInt(port)) else { throw .notSent("libmodbus: out of memory") }
        modbus_set_socket(context, descriptor)
        return prepared(context, descriptor: descriptor, isSerial: false, gate: gate)
      } catch {
        gate.unwatch()
        close(descriptor)
        throw error
      }
    case .rtu(let line):
      return try open(line, gate: gate)
    }
  }

  private static func open(
    _ line: ModbusLinkConfiguration.SerialLine, gate: LinkGate
  ) throws(ModbusFailure) -> ModbusConnection {
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
    do throws(ModbusFailure) {
      try check(modbus_get_socket(context))
    } catch {
      modbus_close(context)
      modbus_free(context)
      throw error
    }
    return prepared(context, descriptor: modbus_get_socket(context), isSerial: true, gate: gate)
  }

  /// Refuses a descriptor that `select` cannot take.
  static func check(_ descriptor: CInt) throws(ModbusFailure) {
    guard descriptor >= 0, descriptor < descriptorLimit else {
      throw .notSent(
        "descriptor \(descriptor): Modbus links need one below \(descriptorLimit), and so many files are open; "
          + "use fewer links or connections")
    }
  }

  private static func prepared(
    _ context: OpaquePointer, descriptor: CInt, isSerial: Bool, gate: LinkGate
  ) -> ModbusConnection {
    // With a byte timeout the library waits anew for each byte, and a device that drips holds the bus for minutes.
    // Without one the response timeout covers the whole answer, because Linux' select counts it down.
    modbus_set_byte_timeout(context, 0, 0)
    return ModbusConnection(context: context, descriptor: descriptor, isSerial: isSerial, gate: gate)
  }

  /// What happened to an idle connection, in words; `nil` if it can be used.
  ///
  /// Many devices close a connection that was idle for a while: that is no failure. Bytes that nobody asked for mean
  /// that the next answer could be mistaken.
  func idleProblem() -> String? {
    guard !isSerial, isReadable(within: 0) else { return nil }
    var byte: UInt8 = 0
    let count = recv(descriptor, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT))
    return count > 0 ? "the device sent bytes that nobody asked for" : "the device closed the connection"
  }

  /// Sends a request and waits for its answer, at most for `timeout` in all.
  ///
  /// After any failure but an exception a TCP connection must not be used any more: what comes late would be taken
  /// for the next answer. A serial line is waited on until it is silent.
  ///
  /// - Parameter isTolerant: an answer to a write counts by its unit and function, whatever else is wrong with it.
  mutating func exchange(
    _ request: ModbusRequest, unit: UInt8, timeout: Duration, isTolerant: Bool = false
  ) throws(ModbusFailure) -> [UInt16] {
    let data = try request.encoded()
    let bounded = min(max(timeout, Self.timeoutBounds.lowerBound), Self.timeoutBounds.upperBound)
    let (seconds, attoseconds) = bounded.components
    modbus_set_response_timeout(context, UInt32(seconds), UInt32(attoseconds / 1_000_000_000_000))
    if isSerial { try settle() }
    isUnsettled = true
    try send(data, unit: unit)
    let isTolerant = isTolerant && !request.isRead
    let frame = try receive(timeout: bounded, isTolerant: isTolerant)
    let answer = try isSerial ? serialData(frame, unit: unit) : tcpData(frame, unit: unit, isTolerant: isTolerant)
    answers += 1
    // From here on the frame was complete, so an exception leaves the bus in order.
    do throws(ModbusFailure) {
      let values = try request.decode(answer, isTolerant: isTolerant)
      // What such a device sent too much must not become the next answer.
      isUnsettled = isTolerant
      if isTolerant, !isSerial { drain() }
      return values
    } catch {
      if case .exception = error { isUnsettled = false }
      throw error
    }
  }

  /// Reads away what is left of an earlier exchange.
  private mutating func settle() throws(ModbusFailure) {
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

  private mutating func send(_ data: [UInt8], unit: UInt8) throws(ModbusFailure) {
    if isSerial {
      let request = [unit] + data
      guard modbus_set_slave(context, CInt(unit)) == 0 else { throw .notSent("unit \(unit) is not possible on a line") }
      guard modbus_send_raw_request(context, request, CInt(request.count)) > 0 else {
        throw .notSent("cannot write to the line: \(String(cString: modbus_strerror(errno)))")
      }
      return
    }
    transaction &+= 1
    let length = UInt16(data.count + 1)
    let frame =
      [UInt8(transaction >> 8), UInt8(transaction & 0xFF), 0, 0, UInt8(length >> 8), UInt8(length & 0xFF), unit] + data
    let sent = Glibc.send(descriptor, frame, frame.count, CInt(MSG_NOSIGNAL))
    if sent == frame.count { return }
    if sent > 0 { throw .closed("the connection broke in the middle of a request") }
    throw .notSent("cannot send: \(SocketConnect.text(errno))")
  }

  private func receive(timeout: Duration, isTolerant: Bool) throws(ModbusFailure) -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: Int(MODBUS_MAX_ADU_LENGTH))
    errno = 0
    let length = modbus_receive_confirmation(context, &frame)
    if length > 0 { return Array(frame.prefix(Int(length))) }
    let code = errno
    // libmodbus returns 0 for an RTU frame of another unit.
    if length == 0 { throw .garbled("an answer of another unit") }
    switch code {
    case ETIMEDOUT: throw .timeout(timeout)
    case ECONNRESET, EPIPE, EBADF, EIO, ENXIO, ENODEV, ENOTCONN:
      throw .closed("the connection ended before the answer was complete: \(String(cString: modbus_strerror(code)))")
    // Unit, function and the two bytes that are taken for a checksum are all that is looked at then.
    case _ where isTolerant && isSerial: return Array(frame.prefix(4))
    default: throw .garbled("an answer that cannot be read: \(String(cString: modbus_strerror(code)))")
    }
  }

  /// Reads away what came with an answer and does not belong to it.
  private func drain() {
    var rest = [UInt8](repeating: 0, count: Int(MODBUS_MAX_ADU_LENGTH))
    _ = recv(descriptor, &rest, rest.count, CInt(MSG_DONTWAIT))
  }

  private func tcpData(
    _ frame: [UInt8], unit: UInt8, isTolerant: Bool
  ) throws(ModbusFailure) -> ArraySlice<UInt8> {
    guard frame.count > Self.tcpHeaderLength else { throw .garbled("a frame of \(frame.count) bytes") }
    func word(_ index: Int) -> Int { Int(frame[index]) << 8 | Int(frame[index + 1]) }
    guard word(0) == Int(transaction) else { throw .garbled("an answer to another request (transaction \(word(0)))") }
    guard word(2) == 0 else { throw .garbled("an answer in another protocol (\(word(2)))") }
    guard word(4) == frame.count - 6 || isTolerant else {
      throw .garbled("a frame that says \(word(4)) bytes and has \(frame.count - 6)")
    }
    guard frame[6] == unit else { throw .garbled("an answer of unit \(frame[6]) instead of \(unit)") }
    return frame[Self.tcpHeaderLength...]
  }

  private func serialData(_ frame: [UInt8], unit: UInt8) throws(ModbusFailure) -> ArraySlice<UInt8> {
    guard frame.count > 3 else { throw .garbled("a frame of \(frame.count) bytes") }
    guard frame[0] == unit else { throw .garbled("an answer of unit \(frame[0]) instead of \(unit)") }
    return frame[1..<(frame.count - 2)]
  }
}
