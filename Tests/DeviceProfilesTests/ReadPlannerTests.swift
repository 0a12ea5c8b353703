@testable import DeviceProfiles
import Testing

@Suite struct ReadPlannerTests {
  typealias Item = ReadPlanner.Item

  func item(
    _ address: Int, _ count: Int = 1, _ pollClass: PollClass = .normal, table: RegisterTable = .holding,
    unit: UInt8? = nil, optional: Bool = false
  ) -> Item {
    Item(
      space: RegisterSpace(unit: unit, table: table), address: address, count: count, pollClass: pollClass,
      isOptional: optional)
  }

  func plan(
    _ items: [Item], max: Int = 125, gap: Int = 8, blocks: [RegisterRange] = [], forbidden: [RegisterRange] = []
  ) -> [String] {
    ReadPlanner(maxRegisters: max, maxGap: gap, blocks: blocks, forbidden: forbidden).plan(items).map {
      "\($0.pollClass) \($0.range)\($0.isOptional ? " optional" : "")"
    }
  }

  @Test("Neighbours share a request, also across a small gap")
  func merges() {
    #expect(plan([item(10, 2), item(0), item(20)]) == ["normal holding 0", "normal holding 10–20"])
    #expect(plan([item(0), item(9)]) == ["normal holding 0–9"])
    #expect(plan([item(0), item(10)]) == ["normal holding 0", "normal holding 10"])
  }

  @Test("A request is not longer than the device allows, and no value is split")
  func caps() {
    #expect(plan([item(0, 6), item(6, 6), item(12, 4)], max: 10) == ["normal holding 0–5", "normal holding 6–15"])
    #expect(plan([item(0, 4), item(4, 4), item(8, 4)], max: 10) == ["normal holding 0–7", "normal holding 8–11"])
  }

  @Test("Tables and poll classes are apart, and a slower class does not read again what a faster one reads")
  func classes() {
    #expect(
      plan([item(0, 1, .slow), item(4, 1, .fast), item(0, 1, .fast), item(2, 1, .slow), item(50, 1, .slow)])
        == ["fast holding 0–4", "slow holding 50"])
    #expect(plan([item(0), item(1, table: .input)]) == ["normal holding 0", "normal input 1"])
  }

  @Test("Values that may be missing do not share a request with others, nor lie in a bridged gap")
  func optional() {
    #expect(
      plan([item(0), item(1, optional: true), item(2), item(3, optional: true)])
        == ["normal holding 0", "normal holding 2", "normal holding 1–3 optional"])
  }

  @Test("Units are apart, the own one first")
  func units() {
    #expect(
      plan([item(0, unit: 246), item(1), item(1, unit: 246), item(2)])
        == ["normal holding 1–2", "normal unit 246 holding 0–1"])
  }

  @Test("A block is read as it is, as often as its fastest value, and nothing reaches into it")
  func blocks() {
    let block = RegisterRange(table: .holding, address: 10, count: 10)
    #expect(
      plan([item(8), item(12, 1, .slow), item(15, 2, .fast), item(21), item(23)], gap: 20, blocks: [block])
        == ["fast holding 10–19", "normal holding 8", "normal holding 21–23"])
    #expect(plan([item(12, optional: true), item(13)], blocks: [block]) == ["normal holding 10–19"])
    #expect(plan([item(12, unit: 3)], blocks: [block]) == ["normal unit 3 holding 12"])
  }

  @Test("Forbidden registers are never read across, however many requests that costs")
  func forbidden() {
    let range = RegisterRange(table: .holding, address: 5, count: 1)
    #expect(plan([item(4), item(6), item(8)], forbidden: [range]) == ["normal holding 4", "normal holding 6–8"])
  }

  @Test("Random points: each is read whole, within the caps")
  func property() {
    let seed: UInt64 = 0x5EED_0004
    var numbers = SeededNumbers(seed: seed)
    for _ in 0..<300 {
      let most = Int.random(in: 4...125, using: &numbers)
      let items = (0..<40).map { _ in
        item(
          Int.random(in: 0...400, using: &numbers), Int.random(in: 1...4, using: &numbers),
          PollClass.allCases.randomElement(using: &numbers) ?? .normal,
          table: Bool.random(using: &numbers) ? .holding : .input, optional: Int.random(in: 0...5, using: &numbers) == 0
        )
      }
      let reads = ReadPlanner(maxRegisters: most, maxGap: 8).plan(items)
      for item in items where !reads.contains(where: { $0.covers(item) }) {
        Issue.record("seed \(seed): nothing reads \(item)")
      }
      for read in reads where Int(read.range.count) > most { Issue.record("seed \(seed): \(read.range) > \(most)") }
    }
  }
}
