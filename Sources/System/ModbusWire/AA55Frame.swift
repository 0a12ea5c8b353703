/// GoodWe's AA55 protocol: `AA 55`, from, to, two bytes of kind, length, data, sum.
///
/// A request for a page (device, running data, settings) gives all of its bytes. They are shown as holding registers, so
/// that points have all types and a plan: page `p` from `0x8000 + 256 × p`, the register with the index `i` is made of
/// the bytes `2i` and `2i + 1`; 128 registers further up the same bytes are shown once more, shifted by one, because
/// values begin at odd places too: `0x8080 + 256 × p + i` is made of the bytes `2i + 1` and `2i + 2`. Registers below
/// `0x8000` are read and written one by one with commands of their own.
public enum AA55Frame {
  /// Addresses from here on are bytes of pages.
  public static let pageBase: UInt16 = 0x8000
  /// The last address of a page.
  public static let pageEnd: UInt16 = 0xBFFF
  private static let requestMark: [UInt8] = [0xAA, 0x55, 0xC0, 0x7F]
  private static let answerMark: [UInt8] = [0xAA, 0x55, 0x7F, 0xC0]
  private static let overhead = 9
  private static let viewLength = 128

  /// Kind and data.
  public struct Content: Sendable, Hashable {
    /// Two bytes: what is asked; in answers with the top bit of the second one.
    public var kind: UInt16
    /// At most 255 bytes.
    public var data: [UInt8]

    init(kind: UInt16, data: [UInt8]) {
      self.kind = kind
      self.data = data
    }
  }

  /// What a look at the beginning of some bytes shows.
  enum Look {
    case noise(Int)
    case incomplete
    case whole(Content, length: Int)
  }

  static func look(_ buffer: some RandomAccessCollection<UInt8>, isAnswer: Bool) -> Look {
    let mark = isAnswer ? answerMark : requestMark
    guard buffer.starts(with: mark) else {
      if buffer.count < mark.count, mark.starts(with: buffer) { return .incomplete }
      return .noise(1)
    }
    guard buffer.count >= overhead else { return .incomplete }
    let head = Array(buffer.prefix(7))
    let length = overhead + Int(head[6])
    guard buffer.count >= length else { return .incomplete }
    let frame = Array(buffer.prefix(length))
    guard Checksums.sum(frame.dropLast(2)) == word(frame, length - 2) else { return .noise(1) }
    return .whole(Content(kind: word(frame, 4), data: Array(frame[7..<(length - 2)])), length: length)
  }

  static func bytes(_ content: Content, isRequest: Bool) -> [UInt8] {
    let mark = isRequest ? requestMark : answerMark
    let data = Array(content.data.prefix(255))
    let frame = mark + ModbusWire.bytes(content.kind) + [UInt8(data.count)] + data
    return frame + ModbusWire.bytes(Checksums.sum(frame))
  }

  // MARK: Requests as Modbus has them

  static func request(pdu: [UInt8]) throws(FramingError) -> Content {
    guard pdu.count == 5 else { throw FramingError("AA55 reads registers and writes one at a time") }
    let address = word(pdu, 1)
    let value = word(pdu, 3)
    switch pdu[0] {
    case 3 where (pageBase...pageEnd).contains(address):
      guard place(address, Int(value)) != nil else {
        throw FramingError("\(value) registers from \(address) are not in one view of an AA55 page")
      }
      return Content(kind: 0x0100 | (address - pageBase) >> 8, data: [])
    case 3 where address < pageBase && (1...0x7F).contains(value):
      return Content(kind: 0x011A, data: ModbusWire.bytes(address) + [UInt8(value)])
    case 6 where address < pageBase:
      return Content(kind: 0x0239, data: ModbusWire.bytes(address) + [1] + ModbusWire.bytes(value))
    default: throw FramingError("AA55 has no request for function \(pdu[0]) at \(address)")
    }
  }

  /// The kind of the answer.
  static func answerKind(to request: Content) -> UInt16 { request.kind | 0x80 }

  /// The answer as Modbus would have it: the wanted bytes, or exception 2 where the page has none.
  static func answer(to pdu: [UInt8], data: [UInt8]) -> [UInt8] {
    guard pdu.count == 5, pdu[0] == 3 else { return pdu }
    let count = Int(word(pdu, 3))
    let address = word(pdu, 1)
    let start = (pageBase...pageEnd).contains(address) ? place(address, count) : 0
    guard let start, count > 0, start + 2 * count <= data.count else { return [0x83, 2] }
    return [3, UInt8(truncatingIfNeeded: 2 * count)] + data[start..<(start + 2 * count)]
  }

  /// The first byte of some registers; `nil` where they are not in one view of one page.
  private static func place(_ address: UInt16, _ count: Int) -> Int? {
    let index = Int(address & 0xFF) % viewLength
    guard count >= 1, index + count <= viewLength else { return nil }
    return 2 * index + Int(address & 0xFF) / viewLength
  }

  // MARK: Pages as a device gives them

  /// The page that a request asks for.
  static func page(of request: Content) -> UInt16? {
    guard request.kind >> 8 == 1, request.kind != 0x011A, request.data.isEmpty, request.kind & 0xFF < 0x40 else {
      return nil
    }
    return pageBase | (request.kind & 0xFF) << 8
  }

  /// The registers of a page in both views, as far as it has bytes.
  static func registers(of page: UInt16, _ data: [UInt8]) -> [UInt16: UInt16] {
    var values: [UInt16: UInt16] = [:]
    for start in 0..<max(0, data.count - 1) {
      values[page &+ UInt16(start % 2 * viewLength + start / 2)] = word(data, start)
    }
    return values
  }

  /// The bytes of a page, made of both of its views: each register that is there gives its two bytes.
  public static func pageData(_ page: UInt16, register: (UInt16) -> UInt16?) -> [UInt8] {
    var data: [UInt8] = []
    for view in 0..<2 {
      for index in 0..<viewLength {
        guard let value = register(page &+ UInt16(view * viewLength + index)) else { continue }
        let start = 2 * index + view
        guard start + 2 <= 255 else { continue }
        if data.count < start + 2 { data += [UInt8](repeating: 0, count: start + 2 - data.count) }
        // A byte that only the other view knows is 0 here.
        data[start] |= UInt8(value >> 8)
        data[start + 1] |= UInt8(value & 0xFF)
      }
    }
    return data
  }
}
