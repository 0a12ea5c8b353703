/// Finds the answer to a request among the bytes that come, whatever they are and however they are cut.
///
/// What belongs to nobody is left out and counted. The buffer is bounded. Nothing here waits or traps.
public struct AnswerReader: Sendable {
  /// What the bytes so far mean.
  public enum Event: Sendable, Hashable {
    case needsMore
    /// Function code and data of the answer; the request is done.
    case answer([UInt8])
    /// To be sent at once: the peer asked whether somebody is there.
    case reply([UInt8])
    /// What comes cannot be understood any more, in words: the connection is of no use.
    case broken(String)
  }

  /// Bytes that are kept at most; the longest frame has 306.
  public static let bufferLimit = 1024

  /// How frames are wrapped.
  public let framing: ModbusFraming
  /// Bytes that belonged to no frame.
  public private(set) var skippedBytes: UInt64 = 0
  /// Whole frames that were not the answer: late, doubled, of others.
  public private(set) var foreignFrames: UInt64 = 0
  /// Why the last thing that came was not the answer, in words; of the present request.
  public private(set) var problem: String?
  private var request: FramedRequest?
  private var isTolerant = false
  private var buffer: [UInt8] = []

  /// A reader without a request.
  public init(_ framing: ModbusFraming) { self.framing = framing }

  /// Bytes that came and were not used yet.
  public var hasRest: Bool { !buffer.isEmpty }

  /// From now on the answer to this request is looked for.
  ///
  /// - Parameter isTolerant: an answer to a write counts by its unit and function, whatever else is wrong with it.
  public mutating func begin(_ request: FramedRequest, isTolerant: Bool = false) {
    self.request = request
    self.isTolerant = isTolerant && !request.isRead
    problem = nil
  }

  /// The time is over: what stands for an answer to a tolerant request, as far as it came.
  public mutating func remnant() -> [UInt8]? {
    guard isTolerant, let request, framing == .rtu || framing == .goodwe else { return nil }
    let begin = buffer.indices.first { index in
      buffer[index] == request.unit && index + 1 < buffer.count && buffer[index + 1] == request.pdu[0]
    }
    return begin.map { _ in done([request.pdu[0]], length: buffer.count) }.flatMap {
      if case .answer(let pdu) = $0 { pdu } else { nil }
    }
  }

  /// Takes what came; of too much the oldest goes.
  public mutating func append(_ bytes: [UInt8]) {
    buffer += bytes
    let excess = buffer.count - Self.bufferLimit
    if excess > 0 { skip(excess) }
  }

  /// The same of any bytes.
  public mutating func append(_ bytes: some Collection<UInt8>) { append(Array(bytes)) }

  /// The next event; to be called until it needs more.
  public mutating func next() -> Event {
    switch framing {
    case .tcp: nextTCP()
    case .rtu, .goodwe: nextRTU()
    case .givenergy: nextGivenergy()
    case .aa55: nextAA55()
    }
  }

  private mutating func skip(_ count: Int) {
    buffer.removeFirst(min(count, buffer.count))
    skippedBytes &+= UInt64(count)
  }

  private mutating func foreign(_ length: Int, _ reason: String) {
    buffer.removeFirst(min(length, buffer.count))
    foreignFrames &+= 1
    problem = reason
  }

  private mutating func done(_ pdu: [UInt8], length: Int) -> Event {
    if length >= buffer.count { buffer.removeAll(keepingCapacity: true) } else { buffer.removeFirst(length) }
    // What such a device sent too much must not become the next answer.
    if isTolerant { skip(buffer.count) }
    request = nil
    return .answer(pdu)
  }

  // MARK: Modbus TCP

  private static let tcpHead = 7
  /// Unit, function and data.
  private static let tcpLengths = 3...254

  private mutating func nextTCP() -> Event {
    while buffer.count >= Self.tcpHead {
      guard word(buffer, 2) == 0 else { return .broken("an answer in another protocol (\(word(buffer, 2)))") }
      guard let length = tcpLength() else { return .needsMore }
      guard Self.tcpLengths.contains(length) else { return .broken("an answer of \(length) bytes") }
      guard buffer.count >= 6 + length else { return .needsMore }
      guard let request, word(buffer, 0) == request.transaction else {
        foreign(6 + length, "an answer to another request (transaction \(word(buffer, 0)))")
        continue
      }
      guard buffer[6] == request.unit else {
        return .broken("an answer of unit \(buffer[6]) instead of \(request.unit)")
      }
      return done(Array(buffer[Self.tcpHead..<(6 + length)]), length: 6 + length)
    }
    return .needsMore
  }

  /// Bytes after the header's length field as it says, or as the function has them where the header is not trusted.
  private func tcpLength() -> Int? {
    let stated = Int(word(buffer, 4))
    guard isTolerant, let request, word(buffer, 0) == request.transaction, buffer[6] == request.unit else {
      return stated
    }
    guard buffer.count > Self.tcpHead else { return nil }
    if buffer[Self.tcpHead] == request.pdu[0] | 0x80 { return 3 }
    guard buffer[Self.tcpHead] == request.pdu[0] else { return stated }
    return PDUShape.answerLength(to: request.pdu).map { $0 + 1 } ?? stated
  }

  // MARK: RTU

  private static let datagramMark: [UInt8] = [0xAA, 0x55]

  private enum Candidate {
    case impossible
    case incomplete
    case answer(length: Int)
    case other(length: Int, String)
  }

  /// Of all places where the answer could begin the first complete one counts, as a false beginning may wait for bytes
  /// that never come.
  private mutating func nextRTU() -> Event {
    var firstOpen: Int?
    var index = 0
    while index < buffer.count {
      switch candidate(at: index) {
      case .impossible: break
      case .incomplete: firstOpen = firstOpen ?? index
      case .answer(let length):
        let pdu = Array(buffer[(index + 1)..<(index + length - 2)])
        skipNoise(index)
        return done(pdu, length: length)
      case .other(let length, let reason):
        skipNoise(index)
        foreign(length, reason)
        firstOpen = nil
        index = -1
      }
      index += 1
    }
    let useless = firstOpen ?? buffer.count
    if useless > 0 {
      problem = foreignUnit() ?? "\(useless) bytes that are no answer to the request"
      skipNoise(useless)
    }
    return .needsMore
  }

  /// The mark of GoodWe's datagrams is no noise.
  private mutating func skipNoise(_ count: Int) {
    let isMark = count == Self.datagramMark.count && framing == .goodwe && buffer.starts(with: Self.datagramMark)
    if isMark { buffer.removeFirst(count) } else { skip(count) }
  }

  private func candidate(at index: Int) -> Candidate {
    guard let request, let expected = PDUShape.answerLength(to: request.pdu) else { return .impossible }
    let left = buffer.count - index
    guard buffer[index] == request.unit else { return .impossible }
    // The mark itself begins no frame, except for a unit of that number.
    guard left >= 2 else { return .incomplete }
    let function = buffer[index + 1]
    if function == request.pdu[0] | 0x80 { return complete(index, 5, isExpected: true) }
    guard function == request.pdu[0] else { return .impossible }
    guard [1, 2, 3, 4, 23].contains(function) else { return complete(index, expected + 3, isExpected: true) }
    guard left >= 3 else { return .incomplete }
    let length = Int(buffer[index + 2]) + 5
    return complete(index, length, isExpected: length == expected + 3)
  }

  private func complete(_ index: Int, _ length: Int, isExpected: Bool) -> Candidate {
    guard buffer.count - index >= length else { return .incomplete }
    let isTrusted = isTolerant && request.map { buffer[index + 1] == $0.pdu[0] } ?? false
    guard isTrusted || Checksums.hasCRC(buffer[index..<(index + length)]) else { return .impossible }
    return isExpected
      ? .answer(length: length) : .other(length: length, "an answer of \(length - 5) data bytes to another request")
  }

  /// Whether what came is the answer of another unit, in words.
  private func foreignUnit() -> String? {
    guard let request, let expected = PDUShape.answerLength(to: request.pdu) else { return nil }
    let start = buffer.starts(with: Self.datagramMark) ? Self.datagramMark.count : 0
    for length in [expected + 3, 5] where buffer.count >= start + length {
      let frame = buffer[start..<(start + length)]
      if buffer[start] != request.unit, Checksums.hasCRC(frame) {
        return "an answer of unit \(buffer[start]) instead of \(request.unit)"
      }
      if buffer[start] == request.unit, buffer[start + 1] & 0x7F == request.pdu[0] {
        return "an answer with a wrong checksum"
      }
    }
    return nil
  }

  // MARK: GivEnergy

  private mutating func nextGivenergy() -> Event {
    while !buffer.isEmpty {
      switch GivenergyFrame.look(buffer, isAnswer: true) {
      case .incomplete: return .needsMore
      case .noise(let count): skip(max(1, count))
      case .whole(.heartbeat(let type)?, let length):
        buffer.removeFirst(min(length, buffer.count))
        return .reply(GivenergyFrame.heartbeat(adapterType: type))
      case .whole(.transparent(let unit, let function, let data)?, let length):
        if let pdu = answer(unit: unit, function: function, data: data) { return done(pdu, length: length) }
        foreign(length, "answers to other requests only")
      case .whole(nil, let length): foreign(length, "a frame of another kind")
      }
    }
    return .needsMore
  }

  /// An answer repeats unit, function, first register and number (or value) of its request.
  private func answer(unit: UInt8, function: UInt8, data: [UInt8]) -> [UInt8]? {
    guard let request, unit == request.unit, function & 0x7F == request.pdu[0],
      data.starts(with: request.pdu.dropFirst())
    else { return nil }
    // The dongle names no code. It says so for registers that a model does not have.
    if function & 0x80 != 0 { return [function, 2] }
    if function == 6 { return data.count == 4 ? request.pdu : nil }
    let values = data.dropFirst(4)
    guard values.count == 2 * Int(word(request.pdu, 3)) else { return nil }
    return [function, UInt8(truncatingIfNeeded: values.count)] + values
  }

  // MARK: AA55

  private mutating func nextAA55() -> Event {
    while !buffer.isEmpty {
      switch AA55Frame.look(buffer, isAnswer: true) {
      case .incomplete: return .needsMore
      case .noise(let count):
        problem = "bytes that are no answer to the request"
        skip(count)
      case .whole(let content, let length):
        guard let request, let asked = try? AA55Frame.request(pdu: request.pdu),
          content.kind == AA55Frame.answerKind(to: asked)
        else {
          foreign(length, "an answer of kind \(content.kind) to another request")
          continue
        }
        return done(AA55Frame.answer(to: request.pdu, data: content.data), length: length)
      }
    }
    return .needsMore
  }
}
