import EnergyModel
import TestSupport
import Testing

@testable import GatewayStore

@Suite("Raw readings as bytes")
struct RawCodecTests {
  /// Readings as devices give them: steps of a register, 32-bit numbers, any double, nothing; polls that jitter, and
  /// clocks that are set.
  private static func readings(_ random: inout SeededGenerator, count: Int, series: ClosedRange<UInt32>) -> [RawSample]
  {
    var time = Int64.random(in: 0...4_000_000_000_000, using: &random)
    let kind = Int.random(in: 0...5, using: &random)
    return (0..<count).map { _ in
      time +=
        Int.random(in: 0...99, using: &random) == 0
        ? Int64.random(in: -10_000_000...10_000_000, using: &random) : Int64.random(in: 9990...10_010, using: &random)
      let raw = Double(Int.random(in: -70_000...70_000, using: &random))
      let value: Double =
        switch kind {
        case 0: raw
        case 1: raw * 0.1
        case 2: raw / 100
        case 3: Double(Float.random(in: -1e9...1e9, using: &random))
        case 4: Double(bitPattern: random.next())
        default: Bool.random(using: &random) ? raw * 0.001 : .nan
        }
      return RawSample(
        series: .random(in: series, using: &random), value: value,
        quality: Quality.allCases.randomElement(using: &random) ?? .good, observedAt: time)
    }
  }

  private static func isSame(_ lhs: [RawSample], _ rhs: [RawSample]) -> Bool {
    lhs.count == rhs.count
      && zip(lhs, rhs).allSatisfy {
        $0.series == $1.series && $0.quality == $1.quality && $0.observedAt == $1.observedAt
          && ($0.value.isNaN ? $1.value.isNaN : $0.value.bitPattern == $1.value.bitPattern)
      }
  }

  @Test("Readings come back to the last bit, from groups and from chunks", arguments: 0..<60 as Range<UInt64>)
  func roundTrip(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let count = Int.random(in: 0...300, using: &random)
    let mixed = Self.readings(&random, count: count, series: 1...2000)
    var decoded: [RawSample] = []
    try RawGroup.decode(RawGroup.encode(mixed)) { decoded.append($0) }
    #expect(Self.isSame(decoded, mixed))
    let single = Self.readings(&random, count: count, series: 7...7)
    decoded = []
    try RawChunk.decode(RawChunk.encode(single[...]), series: 7) { decoded.append($0) }
    #expect(Self.isSame(decoded, single))
  }

  @Test("Extremes come back, too")
  func extremes() throws {
    let values = [
      0, -0.0, 0.1, 0.1 + 0.2, 1e15, -1e15, 9_007_199_254_740_994, .infinity, -.infinity, .leastNonzeroMagnitude,
      .greatestFiniteMagnitude, 230.1, 2301 * 0.1, .pi, .nan,
    ]
    for value in values {
      let sample = RawSample(series: .max, value: value, quality: .missing, observedAt: .max)
      let second = RawSample(series: .max, value: value, quality: .good, observedAt: .min)
      var decoded: [RawSample] = []
      try RawGroup.decode(RawGroup.encode([sample, second])) { decoded.append($0) }
      #expect(Self.isSame(decoded, [sample, second]), "\(value)")
      decoded = []
      try RawChunk.decode(RawChunk.encode([sample, second][...]), series: .max) { decoded.append($0) }
      #expect(Self.isSame(decoded, [sample, second]), "\(value)")
    }
  }

  @Test("A register polled every ten seconds takes less than five bytes a reading in a chunk, nine in a group")
  func size() {
    var random = SeededGenerator(seed: 1)
    var value = 2300
    let samples = (0..<60).map { index in
      value += Int.random(in: -20...20, using: &random)
      return RawSample(
        series: 4, value: Double(value) * 0.1, quality: .good,
        observedAt: 1_777_636_800_000 + Int64(index) * 10_000 + Int64.random(in: 0...20, using: &random))
    }
    #expect(RawChunk.encode(samples[...]).count < 60 * 5)
    let group = (0..<2000 as Range<UInt32>).map {
      RawSample(series: $0 + 1, value: 230.1, quality: .good, observedAt: 1_777_636_800_000)
    }
    #expect(RawGroup.encode(group).count < 2000 * 9)
  }

  @Test("Damaged bytes are an error or other readings, and never end the program", arguments: 0..<40 as Range<UInt64>)
  func damage(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let samples = Self.readings(&random, count: 50, series: 3...3)
    for bytes in [RawGroup.encode(samples), RawChunk.encode(samples[...])] {
      for _ in 0..<50 {
        var damaged = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
        for _ in 0..<Int.random(in: 0...4, using: &random) where !damaged.isEmpty {
          damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        var count = 0
        try? RawGroup.decode(damaged) { _ in count += 1 }
        try? RawChunk.decode(damaged, series: 3) { _ in count += 1 }
        #expect(count <= 2 * damaged.count)
      }
    }
  }
}
