/// Why an exchange on the bus gave no value.
enum ModbusFailure: Error, Hashable {
  /// Nothing left the gateway: no connection, or a request that cannot be expressed.
  case notSent(String)
  /// Sent, and no complete answer in time.
  case timeout(Duration)
  /// The device answered with an exception.
  case exception(UInt8)
  /// The connection ended before the answer was complete.
  case closed(String)
  /// An answer came that does not belong to the request.
  case garbled(String)

  /// The words for the codes of the Modbus application protocol 1.1b3, section 7.
  static func name(ofException code: UInt8) -> String {
    switch code {
    case 1: "illegal function"
    case 2: "illegal data address"
    case 3: "illegal data value"
    case 4: "server device failure"
    case 5: "acknowledge, still working"
    case 6: "server device busy"
    case 7: "negative acknowledge"
    case 8: "memory parity error"
    case 10: "gateway path unavailable"
    case 11: "gateway target device failed to respond"
    default: "unknown code"
    }
  }

  /// What went wrong, in words that stay the same while the cause does.
  var reason: String {
    switch self {
    case .notSent(let reason), .closed(let reason), .garbled(let reason): reason
    case .timeout(let limit): "no answer within \(limit)"
    case .exception(let code): "exception \(code) (\(ModbusFailure.name(ofException: code)))"
    }
  }

  /// The name under which failures are counted.
  var kind: String {
    switch self {
    case .notSent: "not sent"
    case .timeout: "timeout"
    case .exception(let code): "exception \(code)"
    case .closed: "connection closed"
    case .garbled: "wrong answer"
    }
  }
}
