import EnergyModel
import Foundation
import ScheduleCalendar
import Testing

@Suite("Weekly schedules")
struct WeeklyScheduleTests {
  private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

  private func rule(_ days: Set<Int>, _ start: String, _ end: String) throws -> WeeklySchedule.Rule {
    WeeklySchedule.Rule(days: days, start: try #require(ClockTime(start)), end: try #require(ClockTime(end)))
  }

  private func schedule(_ zone: String, _ start: String, _ end: String) throws -> WeeklySchedule {
    try WeeklySchedule([try rule(Set(0...6), start, end)], clock: try #require(LocalClock(zone)))
  }

  private func text(_ interval: WeeklySchedule.Interval?) -> String? {
    interval.map { "\($0.start) \($0.end)".replacing(":00.000Z", with: "") }
  }

  @Test(
    "Times of day are read strictly", arguments: ["7:00", "24:01", "12:60", "12.30", "１2:00", "", "12:00:00", "-1:00"])
  func strict(_ text: String) {
    #expect(ClockTime(text) == nil)
    #expect(ClockTime("24:00")?.minutes == 1440)
    #expect(ClockTime("07:05")?.description == "07:05")
  }

  @Test("Only zones of the IANA database are zones", arguments: ["CET", "GMT+2", "Europe/Atlantis", "", "local"])
  func zones(_ name: String) { #expect(LocalClock(name) == nil) }

  @Test("An interval belongs to the day on which it starts, also over midnight and over the end of the week")
  func overnight() throws {
    let schedule = try WeeklySchedule([try rule([6], "22:00", "06:00")], clock: try #require(LocalClock("UTC")))
    // 2026-05-02 is a Saturday.
    #expect(text(schedule.interval(at: try time("2026-05-03T05:59:59Z"))) == "2026-05-02T22:00 2026-05-03T06:00")
    #expect(schedule.interval(at: try time("2026-05-03T06:00:00Z")) == nil)
    #expect(try schedule.nextEdge(after: try time("2026-05-03T06:00:00Z")) == time("2026-05-09T22:00:00Z"))
  }

  @Test("Rules that overlap are refused with both of them, also over midnight and over the end of the week")
  func overlaps() throws {
    let clock = try #require(LocalClock("UTC"))
    func problem(_ rules: [WeeklySchedule.Rule]) -> WeeklySchedule.Problem? {
      do {
        _ = try WeeklySchedule(rules, clock: clock)
        return nil
      } catch {
        return error
      }
    }
    let night = try rule([6], "22:00", "06:00")
    #expect(
      problem([night, try rule([0], "05:59", "07:00")])
        == .overlap(rule: 1, with: 0, day: 0, time: try #require(ClockTime("05:59"))))
    #expect(problem([night, try rule([0], "06:00", "07:00")]) == nil)
    #expect(problem([try rule([1, 2], "00:00", "24:00"), try rule([0], "23:00", "00:00")]) == nil)
    #expect(problem([]) == .empty)
    #expect(problem([try rule([7], "01:00", "02:00")]) == .days(rule: 0))
    #expect(problem([try rule([1], "01:00", "01:00")]) == .times(rule: 0))
  }

  @Test("A start in the skipped hour is at the change, an interval inside of it does not take place")
  func skipped() throws {
    // Berlin goes from 02:00 to 03:00 on 2026-03-29 at 01:00Z.
    let berlin = try schedule("Europe/Berlin", "02:30", "04:00")
    #expect(text(berlin.interval(at: try time("2026-03-29T01:00:00Z"))) == "2026-03-29T01:00 2026-03-29T02:00")
    let inside = try schedule("Europe/Berlin", "02:10", "02:50")
    #expect(
      text(inside.nextInterval(after: try time("2026-03-28T02:00:00Z"))) == "2026-03-30T00:10 2026-03-30T00:50")
    // New York goes from 02:00 to 03:00 on 2026-03-08 at 07:00Z, Lord Howe from 02:00 to 02:30 on 2026-10-04 at 15:30Z.
    let york = try schedule("America/New_York", "02:30", "04:00")
    #expect(text(york.interval(at: try time("2026-03-08T07:10:00Z"))) == "2026-03-08T07:00 2026-03-08T08:00")
    let howe = try schedule("Australia/Lord_Howe", "02:15", "04:00")
    #expect(text(howe.interval(at: try time("2026-10-03T15:30:00Z"))) == "2026-10-03T15:30 2026-10-03T17:00")
  }

  @Test("A time that comes twice is meant once, the first time")
  func twice() throws {
    // Berlin goes from 03:00 back to 02:00 on 2026-10-25 at 01:00Z.
    let inside = try schedule("Europe/Berlin", "02:15", "02:45")
    #expect(text(inside.interval(at: try time("2026-10-25T00:20:00Z"))) == "2026-10-25T00:15 2026-10-25T00:45")
    #expect(inside.interval(at: try time("2026-10-25T01:20:00Z")) == nil)
    let over = try schedule("Europe/Berlin", "02:30", "03:30")
    #expect(text(over.interval(at: try time("2026-10-25T01:10:00Z"))) == "2026-10-25T00:30 2026-10-25T02:30")
    let york = try schedule("America/New_York", "01:30", "02:30")
    #expect(text(york.interval(at: try time("2026-11-01T06:10:00Z"))) == "2026-11-01T05:30 2026-11-01T07:30")
    // Lord Howe goes from 02:00 back to 01:30 on 2026-04-05 at 15:00Z the day before.
    let howe = try schedule("Australia/Lord_Howe", "01:45", "03:00")
    #expect(text(howe.interval(at: try time("2026-04-04T15:10:00Z"))) == "2026-04-04T14:45 2026-04-04T16:30")
  }

  @Test("A local time without an offset is the first moment at which the clock shows it")
  func moments() throws {
    let clock = try #require(LocalClock("Europe/Berlin"))
    #expect(try clock.moment("2026-10-25T02:30") == time("2026-10-25T00:30:00Z"))
    #expect(try clock.moment("2026-03-29T02:30:10") == time("2026-03-29T01:00:00Z"))
    #expect(clock.moment("2026-02-29T02:30") == nil)
  }

  /// The clock's face, minute by minute, as if it were never set back: an interval holds as long as the latest local time
  /// that was seen lies in it.
  @Test(
    "Edges and intervals are those of a model that looks at the clock every minute",
    arguments: [
      ("Europe/Berlin", "2026-03-27T00:00:00Z"), ("Europe/Berlin", "2026-10-23T00:00:00Z"),
      ("America/New_York", "2026-03-06T00:00:00Z"), ("America/New_York", "2026-10-30T00:00:00Z"),
      ("Australia/Lord_Howe", "2026-04-02T00:00:00Z"), ("Australia/Lord_Howe", "2026-10-01T00:00:00Z"),
      ("Pacific/Apia", "2011-12-28T00:00:00Z"), ("Asia/Kathmandu", "2026-06-01T00:00:00Z"),
      ("America/Sao_Paulo", "2018-11-02T00:00:00Z"), ("Africa/Casablanca", "2026-02-13T00:00:00Z"),
    ])
  func model(_ zone: String, _ from: String) throws {
    let clock = try #require(LocalClock(zone))
    // A day and a half before each change, and half a day after it.
    let start = try time(from).milliseconds / 60_000 + 36 * 60
    var random = SplitMix(seed: UInt64(from.utf8.reduce(0) { $0 + UInt64($1) }))
    for _ in 0..<2 {
      let seed = random.seed
      let rules = Self.rules(&random)
      guard let schedule = try? WeeklySchedule(rules, clock: clock) else { continue }
      var face = Int64.min
      var states: [Int?] = []
      for minute in (start - 3 * 1440)..<(start + 2 * 1440) {
        let date = Date(timeIntervalSince1970: Double(minute * 60))
        face = max(face, minute + Int64(clock.zone.secondsFromGMT(for: date)) / 60)
        if minute >= start { states.append(Self.rule(of: rules, atFace: face)) }
      }
      var nextEdge: Timestamp?
      for (index, state) in states.enumerated() {
        let now = Timestamp(milliseconds: (start + Int64(index)) * 60_000)
        try #require(schedule.interval(at: now)?.rule == state, "\(zone) \(now) seed \(seed)")
        if nextEdge == nil { nextEdge = schedule.nextEdge(after: now.advanced(byMilliseconds: -60_000)) }
        guard index > 0 else { continue }
        if state != states[index - 1] { try #require(nextEdge == now, "\(zone) \(now) seed \(seed)") }
        if nextEdge == now { nextEdge = schedule.nextEdge(after: now) }
      }
    }
  }

  private static func rule(of rules: [WeeklySchedule.Rule], atFace face: Int64) -> Int? {
    rules.firstIndex { rule in
      [0, 1].contains { (back: Int64) in
        let day = face / 1440 - back
        let length = Int64(rule.end.minutes - rule.start.minutes + (rule.end <= rule.start ? 1440 : 0))
        let start = day * 1440 + Int64(rule.start.minutes)
        return rule.days.contains(Int((day + 4) % 7)) && start <= face && face < start + length
      }
    }
  }

  /// Intervals around the hours in which clocks are changed.
  private static func rules(_ random: inout SplitMix) -> [WeeklySchedule.Rule] {
    var cuts = Set((0..<6).map { _ in Int.random(in: 0..<300, using: &random) })
    cuts.insert(Int.random(in: 600..<1440, using: &random))
    let sorted = cuts.sorted()
    return zip(sorted, sorted.dropFirst() + [sorted[0]]).compactMap { start, end in
      guard Bool.random(using: &random), let start = ClockTime(minutes: start), let end = ClockTime(minutes: end) else {
        return nil
      }
      let days = Set((0...6).filter { _ in Int.random(in: 0..<4, using: &random) > 0 })
      return WeeklySchedule.Rule(days: days, start: start, end: end)
    }
  }
}

private struct SplitMix: RandomNumberGenerator {
  private(set) var seed: UInt64

  init(seed: UInt64) { self.seed = seed }

  mutating func next() -> UInt64 {
    seed &+= 0x9E37_79B9_7F4A_7C15
    var mixed = seed
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
