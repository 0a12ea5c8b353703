import EnergyModel
import Foundation

/// Numbers from a seed (SplitMix64), so that a failure can be repeated, with a liking for what breaks decoders.
struct HostileNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ limit: Int) -> Int { limit > 0 ? Int(next() % UInt64(limit)) : 0 }
  mutating func chance(_ oneIn: Int) -> Bool { below(oneIn) == 0 }
  mutating func pick<Element>(_ elements: [Element]) -> Element? {
    elements.isEmpty ? nil : elements[below(elements.count)]
  }

  /// Marks for "no value", halves of NaN, infinity and huge floats, powers of ten up and down, and anything.
  mutating func word() -> UInt16 {
    let marks: [UInt16] = [
      0, 1, 2, 3, 10, 12, 100, 0x7FFF, 0x8000, 0x8001, 0xFFFF, 0xFFFE, 0xFFF6, 0xFFF4, 0x7FC0, 0xFFC0, 0x7F80, 0xFF80,
      0x7F7F, 0xFF7F, 0x7FF0, 0x7FEF, 0x4E20, 0x2020, 0x5375, 0x6E53,
    ]
    return chance(2) ? UInt16(truncatingIfNeeded: next()) : marks[below(marks.count)]
  }

  mutating func number() -> Double {
    let hostile: [Double] = [
      0, -0.0, 1, -1, 0.5, 100, -100, 1e3, 1e5, -1e5, 32768, 65535, 2_147_483_648, 4_294_967_295, 9.3e18, -9.3e18,
      1.9e19,
      1e100, -1e308, 1.7e308, .leastNonzeroMagnitude, .nan, .infinity, -.infinity,
    ]
    if chance(3) { return hostile[below(hostile.count)] }
    return Double(Int64(truncatingIfNeeded: next()) >> Int64(below(60))) / (chance(2) ? 1 : 1000)
  }

  mutating func text() -> String {
    let texts = [
      "", "0", "-1", "1e999", "nan", "NaN", "inf", "on", "OFF", "true", "---", "unavailable", "12 kW", "0x10", "\u{0}",
      "\"", "\\", "é\u{301}", "😀", "/", "../..", "a,b=c", "99999999999999999999", "heat", "charging",
    ]
    return texts[below(texts.count)]
  }

  mutating func scalar() -> ScalarValue {
    switch below(8) {
    case 0: .null
    case 1: .flag(chance(2))
    case 2: .text(text())
    default: .number(number())
    }
  }

  mutating func json(depth: Int = 3) -> String {
    switch below(depth > 0 ? 8 : 5) {
    case 0: return "null"
    case 1: return chance(2) ? "true" : "false"
    case 2: return "\"\(chance(2) ? "1.5" : "x")\""
    case 3: return ["1e400", "-1e308", "18446744073709551616", "-0", "1e-400", "9007199254740993"][below(6)]
    case 4: return "\(Int64(truncatingIfNeeded: next()) >> Int64(below(60)))"
    case 5, 6: return "[" + (0..<below(4)).map { _ in json(depth: depth - 1) }.joined(separator: ",") + "]"
    default:
      return "{" + (0..<below(4)).map { "\"k\($0)\":\(json(depth: depth - 1))" }.joined(separator: ",") + "}"
    }
  }

  /// A real answer with something wrong: cut short, bytes changed, a number or a text replaced, or all of it.
  mutating func mutated(_ real: some Sequence<UInt8>) -> [UInt8] {
    var bytes = Array(real)
    switch below(7) {
    case 0: bytes.removeLast(below(bytes.count + 1))
    case 1: for _ in 0...below(8) where !bytes.isEmpty { bytes[below(bytes.count)] = UInt8(truncatingIfNeeded: next()) }
    case 2, 3: bytes = replacingNumbers(bytes)
    case 4: bytes = Array(json().utf8)
    case 5: bytes = (0..<below(40)).map { _ in UInt8(truncatingIfNeeded: next()) }
    default: break
    }
    return bytes
  }

  /// About every third run of digits becomes another JSON value.
  private mutating func replacingNumbers(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let start = index
      while index < bytes.count, (0x30...0x39).contains(bytes[index]) || bytes[index] == 0x2E { index += 1 }
      if index > start {
        result += chance(3) ? Array(json(depth: 1).utf8) : Array(bytes[start..<index])
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return result
  }
}
