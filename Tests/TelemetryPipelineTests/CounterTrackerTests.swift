import TestSupport
import Testing

@testable import TelemetryPipeline

@Suite("Counters")
struct CounterTrackerTests {
  private static let second: Int64 = 1000
  private static let hour: Int64 = 3_600_000

  /// Feeds readings ten seconds apart; returns what was booked and what was held.
  private func feed(
    _ values: [Double], to tracker: inout CounterTracker, from start: Int64 = 0, rated: Double? = 5000
  ) -> (booked: Double, held: Int) {
    var booked = 0.0
    var held = 0
    for (index, value) in values.enumerated() {
      switch tracker.accept(value, at: start + Int64(index) * 10 * Self.second, ratedPowerW: rated) {
      case .baseline: break
      case .booked(let wattHours, _): booked += wattHours
      case .held: held += 1
      }
    }
    return (booked, held)
  }

  @Test("Differences are booked, the first reading only counts from there on")
  func differences() {
    var tracker = CounterTracker(behavior: .monotonic)
    let result = feed([1_000_000, 1_000_005, 1_000_005, 1_000_010], to: &tracker)
    #expect(result == (10, 0))
  }

  @Test("A drop is held and the difference to before the drop is booked when the counter comes back")
  func drop() {
    var tracker = CounterTracker(behavior: .monotonic)
    let result = feed([500_000, 500_010, 0, 0, 500_040], to: &tracker)
    #expect(result == (40, 2))
    #expect(tracker.epoch == 0)
  }

  @Test("A reset is believed after three readings that agree, and only what was counted since is booked")
  func reset() {
    var tracker = CounterTracker(behavior: .monotonic)
    let result = feed([500_000, 500_010, 2, 5, 9, 12], to: &tracker)
    #expect(result == (10 + 7 + 3, 2))
    #expect(tracker.epoch == 1)
  }

  @Test("Readings that a broker sends once more in a burst are no reset, and book nothing twice")
  func sentOnceMore() {
    var tracker = CounterTracker(behavior: .monotonic)
    #expect(feed([100, 116], to: &tracker) == (16, 0))
    var booked = 0.0
    for (index, value) in stride(from: 100.0, through: 120, by: 1).enumerated() {
      let at = 20 * Self.second + Int64(index)
      if case .booked(let wattHours, _) = tracker.accept(value, at: at, ratedPowerW: nil) { booked += wattHours }
    }
    #expect(booked == 4)
    #expect(tracker.epoch == 0)
  }

  @Test("Readings that do not agree with each other are no reset")
  func noise() {
    var tracker = CounterTracker(behavior: .monotonic)
    let result = feed([500_000, 3, 400_000, 7, 300_000, 1, 500_010], to: &tracker)
    #expect(result == (10, 5))
    #expect(tracker.epoch == 0)
  }

  @Test("A device that says 0 for a minute after its start and then comes back loses and invents nothing")
  func zeroAtStart() {
    var tracker = CounterTracker(behavior: .monotonic)
    let result = feed([500_000, 500_010, 0, 0, 0, 0, 0, 0, 500_050, 500_060], to: &tracker)
    #expect(result.booked == 60)
    #expect(tracker.current?.value == 500_060)
  }

  @Test("More than the rated power allows is held, then taken as a new level without booking it")
  func jump() {
    var tracker = CounterTracker(behavior: .monotonic)
    let result = feed([500_000, 500_010, 9_000_000, 9_000_010, 9_000_020, 9_000_030], to: &tracker)
    #expect(result.held == 2)
    // 30 s at 5 kW with margin is 52 Wh, and the step of 10 Wh.
    #expect(result.booked > 10 + 10 && result.booked < 10 + 63 + 10)
    #expect(tracker.epoch == 1)
  }

  @Test("A coarse counter is judged from its last change, not from the last reading")
  func coarse() {
    var tracker = CounterTracker(behavior: .monotonic)
    // 100 Wh steps at 3 kW: one step each two minutes.
    let values = (0..<100).map { Double($0 / 12) * 100 + 700_000 }
    let result = feed(values, to: &tracker, rated: 3000)
    #expect(result == (800, 0))
  }

  @Test("A counter that wraps goes on from its end")
  func wrap() {
    var tracker = CounterTracker(behavior: .wraps(at: 65_536))
    let result = feed([65_520, 65_530, 4, 10], to: &tracker)
    #expect(result == (10 + 10 + 6, 0))
    #expect(tracker.epoch == 0)
  }

  @Test("A daily counter starts again at midnight")
  func daily() {
    var tracker = CounterTracker(behavior: .daily)
    let result = feed([12_000, 12_005, 3, 6], to: &tracker)
    #expect(result == (11, 0))
    #expect(tracker.epoch == 1)
  }

  @Test("After a day off, the difference is within what the device could do and is booked")
  func dayOff() {
    var tracker = CounterTracker(behavior: .monotonic)
    _ = feed([500_000, 500_010], to: &tracker)
    let outcome = tracker.accept(540_010, at: 24 * Self.hour, ratedPowerW: 5000)
    #expect(outcome == .booked(wattHours: 40_000, since: 10 * Self.second))
  }

  @Test("NaN, infinity and negative numbers are never believed")
  func nonsense() {
    var tracker = CounterTracker(behavior: .monotonic)
    for value in [Double.nan, .infinity, -.infinity, -1] {
      #expect(tracker.accept(value, at: 0, ratedPowerW: nil) == .held)
    }
    #expect(tracker.current == nil)
  }

  @Test("Whatever comes, no more is booked than the device can move", arguments: 0..<50 as Range<UInt64>)
  func bounded(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var tracker = CounterTracker(behavior: .monotonic)
    var booked = 0.0
    let rated = 5000.0
    for index in 0..<500 {
      let value =
        Bool.random(using: &random) ? Double.random(in: 0...1e6, using: &random) : Double(index)
      if case .booked(let wattHours, _) = tracker.accept(
        value, at: Int64(index) * 10 * Self.second, ratedPowerW: rated)
      {
        #expect(wattHours >= 0, "seed \(seed) index \(index)")
        booked += wattHours
      }
    }
    let hours = 500.0 * 10 / 3600
    // Each reading can add its step on top of the power.
    let steps = 500 * CounterTracker.defaultStepWh
    #expect(booked <= rated * CounterTracker.powerMargin * hours * 2 + steps, "seed \(seed)")
  }
}
