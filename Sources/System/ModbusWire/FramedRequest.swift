/// A request as it goes out, and all that its answer has to agree with.
public struct FramedRequest: Sendable, Hashable {
  /// How it is wrapped.
  public let framing: ModbusFraming
  /// The unit that is asked.
  public let unit: UInt8
  /// Function code and data.
  public let pdu: [UInt8]
  /// The number that the answer repeats, in Modbus TCP.
  public let transaction: UInt16
  /// What goes over the wire.
  public let bytes: [UInt8]

  /// Wraps a request; throws when the framing has no words for it.
  public init(
    _ framing: ModbusFraming, unit: UInt8, pdu: [UInt8], transaction: UInt16 = 0
  ) throws(FramingError) {
    guard let function = pdu.first else { throw FramingError("an empty request") }
    self.framing = framing
    self.unit = unit
    self.pdu = pdu
    self.transaction = transaction
    switch framing {
    case .tcp:
      bytes = ModbusWire.bytes(transaction, 0, UInt16(clamping: pdu.count + 1)) + [unit] + pdu
    case .rtu, .goodwe:
      guard PDUShape.answerLength(to: pdu) != nil else {
        throw FramingError("the end of an answer to function \(function) cannot be told in RTU")
      }
      bytes = Checksums.withCRC([unit] + pdu)
    case .givenergy: bytes = try GivenergyFrame.request(unit: unit, pdu: pdu)
    case .aa55: bytes = AA55Frame.bytes(try AA55Frame.request(pdu: pdu), isRequest: true)
    }
  }

  /// Whether it asks only, so that asking twice does no harm.
  public var isRead: Bool { pdu.first.map { (1...4).contains($0) } ?? false }
}

/// The lengths of requests and answers, which RTU does not say.
enum PDUShape {
  /// Bytes of a good answer; `nil` for functions that are not known.
  static func answerLength(to request: [UInt8]) -> Int? {
    guard let function = request.first, request.count >= 5 else { return nil }
    let count = Int(word(request, 3))
    switch function {
    case 1, 2: return 2 + (count + 7) / 8
    case 3, 4, 23: return 2 + 2 * count
    case 5, 6, 15, 16: return 5
    case 22: return 7
    default: return nil
    }
  }

  /// Bytes of a request as far as it is known; `nil` for functions that are not known, 0 while more is needed to tell.
  static func requestLength(_ begin: some RandomAccessCollection<UInt8>) -> Int? {
    guard let function = begin.first else { return 0 }
    func counted(_ offset: Int) -> Int {
      begin.count > offset ? offset + 1 + Int(begin[begin.index(begin.startIndex, offsetBy: offset)]) : 0
    }
    switch function {
    case 1...6: return 5
    case 15, 16: return counted(5)
    case 22: return 7
    case 23: return counted(9)
    default: return nil
    }
  }
}
