@testable import DeviceProfiles
import Testing

@Suite struct ReadPlannerTests {
  typealias Item = ReadPlanner.Item

  func item(
    _ address: Int, _ count: Int = 1, _ pollClass: PollClass = .normal, table: RegisterTable = .holding,
    optional: Bool = false
  ) -> Item {
    Item(table: table, address: address, count: count, pollClass: pollClass, isOptional: optional)
  }

  func plan(_ items: [Item], max: Int = 125, gap: Int = 8) -> [String] {
    ReadPlanner(maxRegisters: max, maxGap: gap).plan(items).map {
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
