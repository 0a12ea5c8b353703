/// Registers out of recorded answers that say themselves what they answer: GivEnergy's frames and AA55 pages.
///
/// A frame may be cut over several pieces; what is no frame is passed over.
public struct CapturedAnswers: Sendable {
  /// Registers of one unit as they stood in an answer.
  public struct Registers: Sendable, Hashable {
    /// The unit that answered.
    public var unit: UInt8
    /// Modbus's function: 3 for holding registers, 4 for input registers.
    public var function: UInt8
    /// By address.
    public var values: [UInt16: UInt16]
  }

  /// Units of AA55 have no number on the wire; this is the one in its header.
  public static let pageUnit: UInt8 = 0x7F

  private var buffer: [UInt8] = []

  /// Nothing yet.
  public init() {}

  /// Whether bytes are, or begin with, a frame that is read here.
  public static func knows(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: GivenergyFrame.mark) || bytes.starts(with: [0xAA, 0x55, 0x7F, 0xC0])
      || bytes.starts(with: [0xAA, 0x55, 0xC0, 0x7F])
  }

  /// Whether a frame has begun and goes on in the next piece.
  public var isIncomplete: Bool { !buffer.isEmpty }

  /// Takes a piece; returns the registers of the answers that are complete with it.
  public mutating func take(_ bytes: [UInt8]) -> [Registers] {
    buffer += bytes.suffix(AnswerReader.bufferLimit)
    buffer.removeFirst(max(0, buffer.count - AnswerReader.bufferLimit))
    if buffer.first == 0xAA { return takePages() }
    var found: [Registers] = []
    while !buffer.isEmpty {
      switch GivenergyFrame.look(buffer, isAnswer: true) {
      case .incomplete: return found
      case .noise(let count): buffer.removeFirst(min(max(1, count), buffer.count))
      case .whole(let content, let length):
        buffer.removeFirst(min(length, buffer.count))
        guard case .transparent(let unit, let function, let data)? = content, function == 3 || function == 4,
          data.count == 4 + 2 * Int(word(data, 2))
        else { continue }
        var values: [UInt16: UInt16] = [:]
        for offset in 0..<word(data, 2) { values[word(data, 0) &+ offset] = word(data, 4 + 2 * Int(offset)) }
        found.append(Registers(unit: unit, function: function, values: values))
      }
    }
    return found
  }

  private mutating func takePages() -> [Registers] {
    var found: [Registers] = []
    while !buffer.isEmpty {
      switch AA55Frame.look(buffer, isAnswer: true) {
      case .incomplete: return found
      case .noise(let count): buffer.removeFirst(min(count, buffer.count))
      case .whole(let content, let length):
        buffer.removeFirst(min(length, buffer.count))
        guard content.kind & 0x80 != 0,
          let page = AA55Frame.page(of: .init(kind: content.kind & ~0x80, data: []))
        else { continue }
        found.append(
          Registers(unit: Self.pageUnit, function: 3, values: AA55Frame.registers(of: page, content.data)))
      }
    }
    return found
  }
}
