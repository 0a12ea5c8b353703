import ModbusWire
import Testing

@Suite("Frames")
struct FrameTests {
  @Test("Requests look as devices were seen to want them")
  func requests() throws {
    let rtu = try FramedRequest(.rtu, unit: 1, pdu: [3, 0x05, 0x00, 0x00, 0x19])
    #expect(rtu.bytes == hex("01 03 05 00 00 19 84 cc"))
    let goodwe = try FramedRequest(.goodwe, unit: 0xF7, pdu: [3, 0x89, 0x1C, 0x00, 0x7D])
    #expect(goodwe.bytes == hex("f703891c007d7ae7"))
    let tcp = try FramedRequest(.tcp, unit: 0x7F, pdu: [3, 0x75, 0x94, 0x00, 0x49], transaction: 1)
    #expect(tcp.bytes == hex("0001000000067f0375940049"))
    let givenergy = try FramedRequest(.givenergy, unit: 0x11, pdu: [4, 0, 0, 0, 0x3C])
    #expect(Array(givenergy.bytes.prefix(8)) == hex("59590001001c0102"))
    #expect(Array(givenergy.bytes.suffix(16)) == hex("0000000000000008 11 04 0000 003c f28b"))
    #expect(try FramedRequest(.aa55, unit: 0, pdu: [3, 0x86, 0, 0, 1]).bytes == hex("aa55c07f0106000245"))
    #expect(try FramedRequest(.aa55, unit: 0, pdu: [3, 0x82, 0, 0, 1]).bytes == hex("aa55c07f0102000241"))
    #expect(try FramedRequest(.aa55, unit: 0, pdu: [3, 0x89, 0x80, 0, 1]).bytes == hex("aa55c07f0109000248"))
    let write = try FramedRequest(.aa55, unit: 0, pdu: [6, 0x05, 0x60, 0, 20])
    #expect(write.bytes.dropLast(2) == hex("aa55c07f 0239 05 0560 01 0014")[...])
  }

  @Test("What a framing cannot say is refused")
  func impossibleRequests() {
    let refused: [(ModbusFraming, [UInt8])] = [
      (.tcp, []), (.rtu, [0x2B, 14, 1, 0, 0]), (.rtu, [3, 0]), (.givenergy, [16, 0, 0, 0, 1, 2, 0, 0]),
      (.givenergy, [3, 0, 0, 0, 61]), (.aa55, [4, 0x86, 0, 0, 1]), (.aa55, [3, 0x86, 0x7F, 0, 2]),
      (.aa55, [3, 0xC0, 0, 0, 1]), (.aa55, [3, 0x86, 0, 0, 0]),
    ]
    for (framing, pdu) in refused {
      #expect(throws: FramingError.self) { try FramedRequest(framing, unit: 1, pdu: pdu) }
    }
  }

  @Test("A page of AA55 is read at even and at odd places, and what it does not have is exception 2")
  func pages() throws {
    let page = AA55Frame.pageData(0x8600) { address in
      switch address {
      case 0x8600: 0x0102
      case 0x8602: 0x0500  // byte 4, whose neighbour belongs to the other view
      case 0x8682: 0x0607  // bytes 5 and 6
      default: nil
      }
    }
    #expect(page == [1, 2, 0, 0, 5, 6, 7])
    func read(_ address: UInt16, _ count: UInt8) throws -> [UInt8]? {
      let request = try FramedRequest(.aa55, unit: 0, pdu: [3, UInt8(address >> 8), UInt8(address & 0xFF), 0, count])
      var reader = AnswerReader(.aa55)
      reader.begin(request)
      reader.append(answer(to: request, pdu: page))
      guard case .answer(let pdu) = reader.next() else { return nil }
      return pdu
    }
    #expect(try read(0x8600, 3) == [3, 6, 1, 2, 0, 0, 5, 6])
    #expect(try read(0x8682, 1) == [3, 2, 6, 7])
    #expect(try read(0x8603, 1) == [0x83, 2])
    #expect(try read(0x8682, 2) == [0x83, 2])
  }

  @Test("GivEnergy's heartbeats are answered, answers to other clients are left out, an exception is one")
  func givenergy() throws {
    let mine = try FramedRequest(.givenergy, unit: 0x11, pdu: [4, 0, 0, 0, 2])
    let other = try FramedRequest(.givenergy, unit: 0x32, pdu: [4, 0, 60, 0, 2])
    var reader = AnswerReader(.givenergy)
    reader.append(answer(to: other, pdu: goodAnswer(to: other.pdu)))
    reader.append(GivenergyFrame.heartbeat(adapterType: 1, isAnswer: false))
    reader.append([0x59, 0x59, 0x00] as [UInt8])
    reader.append(answer(to: mine, pdu: [4, 4, 1, 2, 3, 4]))
    reader.begin(mine)
    #expect(reader.next() == .reply(hex("59590001000d0101") + Array("AB1234G567".utf8) + [1]))
    #expect(reader.next() == .answer([4, 4, 1, 2, 3, 4]))
    #expect(reader.foreignFrames == 1)
    #expect(reader.skippedBytes == 3)
    reader.begin(mine)
    reader.append(answer(to: mine, pdu: [0x84, 2]))
    #expect(reader.next() == .answer([0x84, 2]))
    // A captured refusal: the serial numbers are as in the capture, so is the checksum.
    let refused = try FramedRequest(.givenergy, unit: 0x11, pdu: [3, 0x04, 0x4C, 0, 60])
    reader.begin(refused)
    reader.append(
      hex("5959000100260102") + Array("WJ2414G000".utf8) + hex("0000000000000012 1183") + Array("CH2414G000".utf8)
        + hex("044c003c"))
    #expect(reader.next() == .needsMore)
  }

  @Test("The bytes of GoodWe's mark are no noise, other bytes before the answer are counted")
  func noise() throws {
    let request = try FramedRequest(.goodwe, unit: 0xF7, pdu: [3, 0, 10, 0, 1])
    var reader = AnswerReader(.goodwe)
    reader.begin(request)
    reader.append(answer(to: request, pdu: [3, 2, 0, 7]))
    #expect(reader.next() == .answer([3, 2, 0, 7]))
    #expect(reader.skippedBytes == 0)
    reader.begin(request)
    reader.append([1, 2, 3] + answer(to: request, pdu: [3, 2, 0, 8]))
    #expect(reader.next() == .answer([3, 2, 0, 8]))
    #expect(reader.skippedBytes == 5)
    #expect(!reader.hasRest)
  }

  @Test("An RTU answer of another length, of another unit or with a wrong checksum is none, and the reason is said")
  func rtuMistakes() throws {
    let request = try FramedRequest(.rtu, unit: 1, pdu: [3, 0, 10, 0, 2])
    var reader = AnswerReader(.rtu)
    reader.begin(request)
    reader.append(answer(to: try FramedRequest(.rtu, unit: 1, pdu: [3, 0, 9, 0, 1]), pdu: [3, 2, 0, 7]))
    #expect(reader.next() == .needsMore)
    #expect(reader.foreignFrames == 1)
    #expect(reader.problem?.contains("another request") == true)
    reader.append(answer(to: try FramedRequest(.rtu, unit: 2, pdu: request.pdu), pdu: [3, 4, 0, 7, 0, 8]))
    #expect(reader.next() == .needsMore)
    #expect(reader.problem == "an answer of unit 2 instead of 1")
    var wrong = answer(to: request, pdu: [3, 4, 0, 7, 0, 8])
    wrong[8] ^= 1
    reader.append(wrong)
    #expect(reader.next() == .needsMore)
    #expect(reader.problem == "an answer with a wrong checksum")
    reader.append(answer(to: request, pdu: [0x83, 2]))
    #expect(reader.next() == .answer([0x83, 2]))
  }
}
