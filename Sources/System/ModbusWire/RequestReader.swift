/// Finds requests among the bytes that come, for simulated devices and for captures.
public struct RequestReader: Sendable {
  /// A request with what its answer needs.
  public struct Request: Sendable, Hashable {
    /// The unit that is asked.
    public let unit: UInt8
    /// Function code and data; for AA55 the whole of a page, as far as a page can reach.
    public let pdu: [UInt8]
    let framing: ModbusFraming
    let transaction: UInt16
    let content: AA55Frame.Content?

    /// The AA55 page that is asked for.
    public var page: UInt16? { content.flatMap { AA55Frame.page(of: $0) } }

    /// The answer as it goes out.
    ///
    /// - Parameter pdu: function code and data; for an AA55 page the bytes of the page.
    public func answer(_ pdu: [UInt8]) -> [UInt8] {
      switch framing {
      case .tcp: bytes(transaction, 0, UInt16(clamping: pdu.count + 1)) + [unit] + pdu
      case .rtu: Checksums.withCRC([unit] + pdu)
      case .goodwe: [0xAA, 0x55] + Checksums.withCRC([unit] + pdu)
      case .givenergy: GivenergyFrame.answer(unit: unit, request: self.pdu, pdu: pdu)
      case .aa55: answerAA55(pdu)
      }
    }

    private func answerAA55(_ pdu: [UInt8]) -> [UInt8] {
      guard let content else { return [] }
      let kind = AA55Frame.answerKind(to: content)
      if page != nil { return AA55Frame.bytes(.init(kind: kind, data: pdu), isRequest: false) }
      // There are no exceptions: a device says nothing to what it does not know.
      guard let function = pdu.first, function & 0x80 == 0 else { return [] }
      let data = function == 3 ? Array(pdu.dropFirst(2)) : [0x06]
      return AA55Frame.bytes(.init(kind: kind, data: data), isRequest: false)
    }
  }

  /// What the bytes so far mean.
  public enum Event: Sendable, Hashable {
    case needsMore
    case request(Request)
    /// What comes cannot be understood any more.
    case broken
  }

  /// How frames are wrapped.
  public let framing: ModbusFraming
  private var buffer: [UInt8] = []

  /// A reader for one connection or one datagram.
  public init(_ framing: ModbusFraming) { self.framing = framing }

  /// Takes what came.
  public mutating func append(_ bytes: some Collection<UInt8>) {
    buffer += bytes.suffix(AnswerReader.bufferLimit)
    buffer.removeFirst(max(0, buffer.count - AnswerReader.bufferLimit))
  }

  /// Bytes that were not used yet.
  public var hasRest: Bool { !buffer.isEmpty }

  /// The next event; to be called until it needs more.
  public mutating func next() -> Event {
    switch framing {
    case .tcp: nextTCP()
    case .rtu, .goodwe: nextRTU()
    case .givenergy: nextGivenergy()
    case .aa55: nextAA55()
    }
  }

  private func request(_ unit: UInt8, _ pdu: [UInt8], _ transaction: UInt16 = 0) -> Event {
    .request(Request(unit: unit, pdu: pdu, framing: framing, transaction: transaction, content: nil))
  }

  private mutating func nextTCP() -> Event {
    guard buffer.count >= 6 else { return .needsMore }
    let length = Int(word(buffer, 4))
    guard word(buffer, 2) == 0, (2...254).contains(length) else { return .broken }
    guard buffer.count >= 6 + length else { return .needsMore }
    defer { buffer.removeFirst(6 + length) }
    return request(buffer[6], Array(buffer[7..<(6 + length)]), word(buffer, 0))
  }

  private mutating func nextRTU() -> Event {
    while buffer.count >= 2 {
      guard let length = PDUShape.requestLength(buffer[1...]) else {
        buffer.removeFirst()
        continue
      }
      guard length > 0, buffer.count >= length + 3 else { return .needsMore }
      guard Checksums.hasCRC(buffer.prefix(length + 3)) else {
        buffer.removeFirst()
        continue
      }
      defer { buffer.removeFirst(length + 3) }
      return request(buffer[0], Array(buffer[1...length]))
    }
    return .needsMore
  }

  private mutating func nextGivenergy() -> Event {
    while !buffer.isEmpty {
      switch GivenergyFrame.look(buffer, isAnswer: false) {
      case .incomplete: return .needsMore
      case .noise(let count): buffer.removeFirst(min(max(1, count), buffer.count))
      case .whole(let content, let length):
        buffer.removeFirst(min(length, buffer.count))
        // An answer to a heartbeat is taken in silence.
        guard case .transparent(let unit, let function, let data)? = content, data.count == 4 else { continue }
        return request(unit, [function] + data)
      }
    }
    return .needsMore
  }

  private mutating func nextAA55() -> Event {
    while !buffer.isEmpty {
      switch AA55Frame.look(buffer, isAnswer: false) {
      case .incomplete: return .needsMore
      case .noise(let count): buffer.removeFirst(min(max(1, count), buffer.count))
      case .whole(let content, let length):
        buffer.removeFirst(min(length, buffer.count))
        guard let pdu = Self.pdu(of: content) else { continue }
        return .request(Request(unit: 0x7F, pdu: pdu, framing: framing, transaction: 0, content: content))
      }
    }
    return .needsMore
  }

  private static func pdu(of content: AA55Frame.Content) -> [UInt8]? {
    if let page = AA55Frame.page(of: content) { return [3] + bytes(page, 127) }
    switch (content.kind, content.data.count) {
    case (0x011A, 3): return [3, content.data[0], content.data[1], 0, content.data[2]]
    case (0x0239, 5): return [6, content.data[0], content.data[1], content.data[3], content.data[4]]
    default: return nil
    }
  }
}
