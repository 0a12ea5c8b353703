import DeviceProfiles
import ModbusWire
import ProfileExplanation

/// Registers out of recorded Modbus frames: requests and answers in hexadecimal, one to a line, as TCP or RTU.
///
/// What stands before the frame (time, direction) is passed over: a frame is known by its header or its checksum. An
/// answer does not say its address, so it follows its request; where there is none, the line says it:
/// `holding 35100: aa55f703…`. GivEnergy's frames and AA55 pages say it themselves.
struct CapturedFrames {
  /// By unit.
  private(set) var images: [Int: RegisterImage] = [:]
  /// Lines that have no frame in them.
  private(set) var unreadableLines = 0
  /// Answers whose request is not there.
  private(set) var lonelyAnswers = 0

  private struct Question: Hashable {
    var unit: UInt8
    var function: UInt8
  }

  private var questions: [Question: RegisterRange] = [:]
  private var answers = CapturedAnswers()

  /// Longer lines are no frames.
  private static let maxLineLength = 4096
  private static let separators: Set<Character> = [" ", "\t", ",", ":", ";", "<", ">", "[", "]", "-", "|", "="]
  /// In front of RTU frames of some makers.
  private static let prefix: [UInt8] = [0xAA, 0x55]

  init(_ text: String) {
    for line in text.split(whereSeparator: \.isNewline) where !line.allSatisfy(\.isWhitespace) && line.first != "#" {
      take(line)
    }
  }

  private mutating func take(_ line: Substring) {
    if line.count <= Self.maxLineLength, takeNamed(line) { return }
    guard line.count <= Self.maxLineLength, let (unit, data) = Self.frame(in: line) else {
      unreadableLines += 1
      return
    }
    guard let function = data.first, let table = Self.table(of: function) else { return }
    let question = Question(unit: unit, function: function)
    if let stated = Self.statedPlace(line), let first = data.dropFirst().first {
      let count = stated.table.isBits ? Int(first) * 8 : Int(first) / 2
      questions[question] = RegisterRange(
        table: stated.table, address: stated.address, count: UInt16(clamping: count))
    }
    if let range = questions[question], Self.isAnswer(data, to: range) {
      questions[question] = nil
      store(data.dropFirst(2), range, unit)
    } else if data.count == 5 {
      let word = { (index: Int) in
        UInt16(data[data.startIndex + index]) << 8 | UInt16(data[data.startIndex + index + 1])
      }
      questions[question] = RegisterRange(table: table, address: word(1), count: word(3))
    } else {
      lonelyAnswers += 1
    }
  }

  /// Frames that say what they answer, also cut over several lines.
  private mutating func takeNamed(_ line: Substring) -> Bool {
    let pieces = Self.bytes(atEndOf: line)
    guard
      let start = pieces.indices.first(where: { CapturedAnswers.knows(pieces[$0...].flatMap(\.self)) })
        ?? (answers.isIncomplete ? pieces.indices.last : nil)
    else { return false }
    for found in answers.take(pieces[start...].flatMap(\.self)) {
      guard let table = Self.table(of: found.function) else { continue }
      images[Int(found.unit), default: RegisterImage()].tables[RegisterSpace(table: table), default: [:]]
        .merge(found.values) { $1 }
    }
    return true
  }

  private mutating func store(_ bytes: ArraySlice<UInt8>, _ range: RegisterRange, _ unit: UInt8) {
    let bytes = Array(bytes)
    for offset in 0..<Int(range.count) {
      guard let address = UInt16(exactly: Int(range.address) + offset) else { return }
      let value =
        range.table.isBits
        ? UInt16(bytes[offset / 8] >> UInt8(offset % 8) & 1)
        : UInt16(bytes[offset * 2]) << 8 | UInt16(bytes[offset * 2 + 1])
      images[Int(unit), default: RegisterImage()].tables[range.space, default: [:]][address] = value
    }
  }

  private static func isAnswer(_ data: ArraySlice<UInt8>, to range: RegisterRange) -> Bool {
    let expected = range.table.isBits ? (Int(range.count) + 7) / 8 : Int(range.count) * 2
    return data.count == expected + 2 && Int(data[data.startIndex + 1]) == expected && expected > 0
  }

  private static func table(of function: UInt8) -> RegisterTable? {
    switch function {
    case 1: .coil
    case 2: .discrete
    case 3: .holding
    case 4: .input
    default: nil
    }
  }

  /// `holding 35100` at the start of a line.
  private static func statedPlace(_ line: Substring) -> (table: RegisterTable, address: UInt16)? {
    let words = line.split { $0 == " " || $0 == ":" }
    guard words.count > 2, let table = RegisterTable(rawValue: String(words[0])), let address = UInt16(words[1])
    else { return nil }
    return (table, address)
  }

  // MARK: Frames

  /// Unit, and function code with data, of the frame at the end of a line.
  private static func frame(in line: Substring) -> (unit: UInt8, data: ArraySlice<UInt8>)? {
    let bytes = bytes(atEndOf: line)
    for start in bytes.indices {
      let candidate = bytes[start...].flatMap(\.self)
      if let frame = tcp(candidate) ?? rtu(candidate[...]) { return frame }
      if candidate.starts(with: prefix) {
        let rest = candidate.dropFirst(prefix.count)
        // Some captures have the datagram twice.
        let length = rest.count > 2 ? Int(rest[rest.startIndex + 2]) + 5 : 0
        if let frame = rtu(rest) ?? rtu(rest.prefix(length)) { return frame }
      }
    }
    return nil
  }

  private static func bytes(atEndOf line: Substring) -> [[UInt8]] {
    let words = line.split { separators.contains($0) }.map { $0.hasPrefix("0x") ? $0.dropFirst(2) : $0 }
    var bytes: [[UInt8]] = []
    for word in words.reversed() {
      guard let some = Self.bytes(word) else { break }
      bytes.insert(some, at: 0)
    }
    return bytes
  }

  private static func bytes(_ word: Substring) -> [UInt8]? {
    let digits = Array(word)
    guard !digits.isEmpty, digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard digits[index].isASCII, digits[index + 1].isASCII,
        let byte = UInt8(String(digits[index...index + 1]), radix: 16)
      else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  private static func tcp(_ bytes: [UInt8]) -> (unit: UInt8, data: ArraySlice<UInt8>)? {
    guard bytes.count >= 9, bytes[2] == 0, bytes[3] == 0,
      Int(bytes[4]) << 8 | Int(bytes[5]) == bytes.count - 6
    else { return nil }
    return (bytes[6], bytes[7...])
  }

  private static func rtu(_ bytes: ArraySlice<UInt8>) -> (unit: UInt8, data: ArraySlice<UInt8>)? {
    guard bytes.count >= 5, let unit = bytes.first else { return nil }
    let checksum = UInt16(bytes[bytes.endIndex - 1]) << 8 | UInt16(bytes[bytes.endIndex - 2])
    guard Self.checksum(bytes.dropLast(2)) == checksum else { return nil }
    return (unit, bytes.dropFirst().dropLast(2))
  }

  /// CRC-16 of Modbus over serial line, section 6.2.2.
  static func checksum(_ bytes: some Sequence<UInt8>) -> UInt16 { Checksums.crc(bytes) }
}
