import DeviceProfiles
@testable import ModbusAdapter
import Testing

@Suite("What is read in place of a refused block")
struct RegisterPlanTests {
  /// A device that refuses requests which touch some addresses.
  struct Device {
    var bad: Set<Int>
    var requests = 0

    mutating func accepts(_ range: RegisterRange) -> Bool {
      requests += 1
      return !bad.contains { $0 >= Int(range.address) && $0 < Int(range.address) + Int(range.count) }
    }
  }

  private func values(_ addresses: [Int], optional: Set<Int> = [], unit: UInt8? = nil) -> [PlannedValue] {
    addresses.map { address in
      PlannedValue(
        range: RegisterRange(unit: unit, table: .holding, address: UInt16(address), count: 1), pollClass: .fast,
        isOptional: optional.contains(address))
    }
  }

  /// One poll: what was read, with what was read instead of refused requests.
  private func poll(_ plan: inout RegisterPlan, _ device: inout Device, at now: Duration) -> Set<Int> {
    var seen: Set<Int> = []
    var waiting = plan.reads(of: .fast, at: now)
    while !waiting.isEmpty {
      let range = waiting.removeFirst()
      if device.accepts(range) {
        seen.formUnion(Int(range.address)..<Int(range.address) + Int(range.count))
        plan.answered(range)
      } else {
        waiting = plan.refused(range, code: 2, at: now).instead + waiting
      }
    }
    return seen
  }

  private func block(_ range: ClosedRange<UInt16>) -> [PlannedRead] {
    let count = range.upperBound - range.lowerBound + 1
    return [
      PlannedRead(
        range: RegisterRange(table: .holding, address: range.lowerBound, count: count), pollClass: .fast)
    ]
  }

  @Test("One refused register of fifty costs a search once, and two requests a poll from then on")
  func oneBad() {
    var plan = RegisterPlan()
    plan.reset(to: block(100...149), values: values(Array(100..<150)))
    var device = Device(bad: [117])
    #expect(poll(&plan, &device, at: .zero) == Set(100..<150).subtracting([117]))
    #expect(device.requests <= 13)
    device.requests = 0
    #expect(poll(&plan, &device, at: .seconds(1)) == Set(100..<150).subtracting([117]))
    #expect(device.requests == 2)
    #expect(plan.problem == "holding 117: exception 2 (illegal data address)")
  }

  @Test("A refused register is tested again later, alone, and taken back when it works")
  func retest() {
    var plan = RegisterPlan()
    plan.reset(to: block(100...109), values: values(Array(100..<110)))
    var device = Device(bad: [105])
    _ = poll(&plan, &device, at: .zero)
    device.requests = 0
    _ = poll(&plan, &device, at: RegisterPlan.retestInterval)
    #expect(device.requests == 3)
    device = Device(bad: [])
    _ = poll(&plan, &device, at: RegisterPlan.retestInterval * 2)
    device.requests = 0
    #expect(poll(&plan, &device, at: RegisterPlan.retestInterval * 2 + .seconds(1)) == Set(100..<110))
    #expect(device.requests == 1)
    #expect(plan.problem == nil)
  }

  @Test("A gap that the device refuses is not reached across any more")
  func badGap() {
    var plan = RegisterPlan()
    plan.reset(to: block(100...107), values: values([100, 101, 106, 107]))
    var device = Device(bad: [103])
    #expect(poll(&plan, &device, at: .zero) == [100, 101, 106, 107])
    device.requests = 0
    #expect(poll(&plan, &device, at: .seconds(1)) == [100, 101, 106, 107])
    #expect(device.requests == 2)
    #expect(plan.problem == nil)
  }

  @Test("An optional register may be missing without a problem")
  func optional() {
    var plan = RegisterPlan()
    plan.reset(to: block(100...102), values: values([100, 101, 102], optional: [101]))
    var device = Device(bad: [101])
    #expect(poll(&plan, &device, at: .zero) == [100, 102])
    #expect(plan.problem == nil)
  }

  @Test("An unknown function leaves the block out as a whole; a failure that may pass leaves it in the plan")
  func otherCodes() {
    var plan = RegisterPlan()
    plan.reset(to: block(100...102), values: values([100, 101, 102]))
    let range = block(100...102)[0].range
    #expect(plan.refused(range, code: 4, at: .zero).instead.isEmpty)
    #expect(plan.reads(of: .fast, at: .zero) == [range])
    #expect(plan.problem == "holding 100–102: exception 4 (server device failure)")
    plan.answered(range)
    #expect(plan.problem == nil)
    #expect(plan.refused(range, code: 1, at: .zero).instead.isEmpty)
    #expect(plan.reads(of: .fast, at: .zero).isEmpty)
    #expect(plan.reads(of: .fast, at: RegisterPlan.retestInterval) == [range])
  }

  @Test("A value of words that are no neighbours is asked for alone when its block is refused")
  func looseWords() {
    let total = PlannedValue(
      range: RegisterRange(table: .holding, address: 100, count: 21), words: [120, 100], pollClass: .fast)
    var plan = RegisterPlan()
    plan.reset(to: block(100...125), values: values([105, 110, 125]) + [total])
    var device = Device(bad: [110])
    _ = poll(&plan, &device, at: .zero)
    #expect(poll(&plan, &device, at: .seconds(1)) == [105, 125])
    #expect(plan.problem == "holding 100–120: exception 2 (illegal data address) (and 1 more)")
    device = Device(bad: [])
    _ = poll(&plan, &device, at: RegisterPlan.retestInterval)
    device.requests = 0
    #expect(poll(&plan, &device, at: RegisterPlan.retestInterval + .seconds(1)) == Set(100...125))
    #expect(device.requests == 1)
    #expect(plan.problem == nil)
  }

  @Test("Of a block that is longer than what is used, only the used registers are asked for when it is refused")
  func wholeBlock() {
    var plan = RegisterPlan()
    plan.reset(to: block(100...149), values: values([110]))
    var device = Device(bad: [140])
    #expect(poll(&plan, &device, at: .zero) == [110])
    device.requests = 0
    #expect(poll(&plan, &device, at: .seconds(1)) == [110])
    #expect(device.requests == 1)
    #expect(plan.problem == nil)
  }

  @Test("A unit that is not there is left out alone, asked for with one request, and taken back when it answers")
  func absentUnit() {
    var other = block(5...9)
    other[0].range.unit = 246
    var plan = RegisterPlan()
    plan.reset(to: block(100...101) + other, values: values([100, 101]) + values([5, 9], unit: 246))
    let (isAbsent, news) = plan.unanswered(by: 246, "exception 11", isCertain: true, at: .zero)
    #expect(isAbsent && news == "unit 246: exception 11" && plan.problem == "unit 246: exception 11")
    #expect(plan.reads(of: .fast, at: .seconds(59)) == [block(100...101)[0].range])
    #expect(plan.reads(of: .fast, at: .seconds(60)) == [block(100...101)[0].range, other[0].range])
    #expect(plan.unanswered(by: 246, "exception 11", isCertain: true, at: .seconds(60)).news == nil)
    #expect(plan.reads(of: .fast, at: .seconds(61)).count == 1)
    plan.answered(other[0].range)
    #expect(plan.problem == nil && plan.reads(of: .fast, at: .seconds(62)).count == 2)
  }

  @Test("Silence of another unit counts only when it goes on")
  func silentUnit() {
    var plan = RegisterPlan()
    plan.reset(to: [], values: [])
    #expect(!plan.unanswered(by: 5, "no answer", isCertain: false, at: .zero).isAbsent)
    #expect(!plan.unanswered(by: 5, "no answer", isCertain: false, at: .zero).isAbsent)
    #expect(plan.unanswered(by: 5, "no answer", isCertain: false, at: .zero).isAbsent)
  }

  @Test(
    "Whatever a device refuses, every other value is read from the second poll on", arguments: 0..<50 as Range<UInt64>)
  func property(seed: UInt64) {
    var random = Seeded(state: seed)
    var address = 100
    let addresses = (0..<30).map { _ in
      address += 1 + Int.random(in: 0...3, using: &random)
      return address
    }
    var device = Device(
      bad: Set(
        (0..<Int.random(in: 0...6, using: &random)).map { _ in
          Int.random(in: 100...address, using: &random)
        }))
    var plan = RegisterPlan()
    plan.reset(to: block(UInt16(addresses[0])...UInt16(address)), values: values(addresses))
    _ = poll(&plan, &device, at: .zero)
    // Cuts that were dropped with a culprit are found again, one search at a time.
    for second in 1...40 { _ = poll(&plan, &device, at: .seconds(second)) }
    device.requests = 0
    let seen = poll(&plan, &device, at: .seconds(50))
    #expect(Set(addresses).subtracting(device.bad).isSubset(of: seen), "seed \(seed)")
    #expect(seen.isDisjoint(with: device.bad), "seed \(seed)")
    #expect(device.requests <= 2 * device.bad.count + 12, "seed \(seed)")
  }
}

/// SplitMix64: small, and the same on every machine.
struct Seeded: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
