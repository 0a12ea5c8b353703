import ModbusWire
import Testing

/// Random bytes, split arbitrarily: nothing traps, and no answer reaches a request that it is not for.
@Suite("Frames, whatever the bytes are")
struct FramePropertyTests {
  private static func request(_ framing: ModbusFraming, _ random: inout SeededGenerator, _ number: UInt16) throws
    -> FramedRequest
  {
    let count = UInt8.random(in: 1...20, using: &random)
    let index = UInt8.random(in: 0...60, using: &random)
    let pdu: [UInt8]
    switch framing {
    case .aa55: pdu = [3, [0x82, 0x86, 0x89].randomElement(using: &random) ?? 0x86, index, 0, count]
    case .givenergy: pdu = [UInt8.random(in: 3...4, using: &random), 0, index, 0, count]
    default: pdu = [[3, 4, 6].randomElement(using: &random) ?? 3, 0, index, 0, count]
    }
    return try FramedRequest(
      framing, unit: UInt8.random(in: 1...3, using: &random), pdu: pdu, transaction: number)
  }

  private static func noise(_ random: inout SeededGenerator) -> [UInt8] {
    let marks: [[UInt8]] = [[0x59, 0x59, 0, 1], [0xAA, 0x55], [0xAA, 0x55, 0x7F, 0xC0], [1, 3], [0x59], []]
    let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    return (marks.randomElement(using: &random) ?? []) + bytes
  }

  /// What the device answers to a request, as the reader is to give it.
  private static func reply(_ request: FramedRequest) -> (wire: [UInt8], pdu: [UInt8]) {
    guard request.framing == .aa55 else {
      let pdu = goodAnswer(to: request.pdu)
      return (answer(to: request, pdu: pdu), pdu)
    }
    let page = AA55Frame.pageData(UInt16(request.pdu[1]) << 8) { $0 & 0xFF < 0x7F ? $0 : nil }
    let start = 2 * Int(request.pdu[2])
    return (
      answer(to: request, pdu: page), [3, 2 * request.pdu[4]] + page[start..<(start + 2 * Int(request.pdu[4]))]
    )
  }

  @Test("Random bytes never trap, never answer, and the buffer stays bounded", arguments: ModbusFraming.allCases)
  func randomBytes(_ framing: ModbusFraming) throws {
    var random = SeededGenerator(seed: 7)
    for round in 0..<300 {
      var reader = AnswerReader(framing)
      var server = RequestReader(framing)
      if round % 2 == 0 { reader.begin(try Self.request(framing, &random, UInt16(round))) }
      for _ in 0..<10 {
        let chunk = Self.noise(&random) + Self.noise(&random)
        reader.append(chunk)
        server.append(chunk)
        loop: for _ in 0..<200 {
          switch reader.next() {
          case .needsMore, .broken: break loop
          case .answer(let pdu): Issue.record("an answer out of noise: \(pdu)")
          case .reply: continue
          }
        }
        for _ in 0..<200 { if case .request = server.next() { continue } else { break } }
      }
      reader.append([UInt8](repeating: 1, count: 5000))
      _ = reader.next()
    }
  }

  @Test(
    "Answers among noise, late and doubled ones, cut anywhere: each request gets its own",
    arguments: [ModbusFraming.givenergy, .tcp])
  func ownAnswers(_ framing: ModbusFraming) throws {
    var random = SeededGenerator(seed: 11)
    var reader = AnswerReader(framing)
    var late: [UInt8] = []
    for number in 0..<500 as Range<UInt16> {
      let request = try Self.request(framing, &random, number)
      let (wire, pdu) = Self.reply(request)
      reader.begin(request)
      // Modbus TCP has no way back after noise: there the connection ends.
      let stream = late + (framing == .tcp ? [] : Self.noise(&random).filter { $0 != 0x59 }) + wire
      var rest = stream[...]
      var found: [UInt8]?
      while !rest.isEmpty, found == nil {
        let size = min(rest.count, Int.random(in: 1...30, using: &random))
        reader.append(rest.prefix(size))
        rest = rest.dropFirst(size)
        if case .answer(let answer) = reader.next() { found = answer }
      }
      #expect(found == pdu)
      // Half of the answers come once more, after the next request.
      late = Bool.random(using: &random) ? wire : []
    }
    #expect(reader.foreignFrames > 50)
  }

  @Test(
    "An answer behind noise is found, however it is cut", arguments: [ModbusFraming.rtu, .goodwe, .aa55, .givenergy])
  func behindNoise(_ framing: ModbusFraming) throws {
    var random = SeededGenerator(seed: 13)
    for number in 0..<500 as Range<UInt16> {
      let request = try Self.request(framing, &random, number)
      let (wire, pdu) = Self.reply(request)
      var reader = AnswerReader(framing)
      reader.begin(request)
      let noise = Self.noise(&random).filter { $0 != 0x59 }
      var rest = (noise + wire)[...]
      var found: [UInt8]?
      while !rest.isEmpty, found == nil {
        let size = min(rest.count, Int.random(in: 1...30, using: &random))
        reader.append(rest.prefix(size))
        rest = rest.dropFirst(size)
        if case .answer(let answer) = reader.next() { found = answer }
      }
      #expect(found == pdu, "\(framing) \(noise) \(wire)")
    }
  }

  @Test("Of two requests none takes the other's answer where the frames can tell", arguments: ModbusFraming.allCases)
  func otherRequests(_ framing: ModbusFraming) throws {
    var random = SeededGenerator(seed: 17)
    for number in 0..<500 as Range<UInt16> {
      let first = try Self.request(framing, &random, number)
      let second = try Self.request(framing, &random, number &+ 1)
      // RTU says unit, function and length only, AA55 the page: there the sockets keep requests apart.
      let isSame: Bool
      switch framing {
      case .rtu, .goodwe:
        isSame =
          first.unit == second.unit && first.pdu[0] == second.pdu[0]
          && (first.pdu[0] == 6 || first.pdu[4] == second.pdu[4])
      case .aa55: isSame = first.pdu[1] == second.pdu[1]
      case .givenergy: isSame = first.unit == second.unit && first.pdu == second.pdu
      case .tcp: isSame = false
      }
      guard !isSame else { continue }
      var reader = AnswerReader(framing)
      reader.begin(second)
      reader.append(Self.reply(first).wire)
      if case .answer(let pdu) = reader.next() { Issue.record("\(framing) \(first.pdu) \(second.pdu) \(pdu)") }
    }
  }
}
