import AdapterKit
import DeviceProfiles
import Testing

@Suite("A poll schedule")
struct PollScheduleTests {
  private func classes(_ schedule: inout PollSchedule, at milliseconds: Int) -> [PollClass] {
    schedule.takeDue(at: .milliseconds(milliseconds)).map(\.pollClass)
  }

  @Test("A thousand late polls do not move the grid")
  func noDrift() {
    var schedule = PollSchedule(intervals: [.fast: .seconds(2)], start: .zero, random: { 0 })
    for turn in 0..<1000 {
      #expect(classes(&schedule, at: turn * 2000 + 300) == [.fast])
      #expect(schedule.nextDue() == .seconds(turn * 2 + 2))
    }
    #expect(schedule.skipped == 0)
  }

  @Test("What was missed is done once and counted, not in a burst")
  func skips() {
    var schedule = PollSchedule(intervals: [.fast: .seconds(2)], start: .zero, random: { 0 })
    #expect(classes(&schedule, at: 9000) == [.fast])
    #expect(classes(&schedule, at: 9001) == [])
    #expect(schedule.skipped == 4)
    #expect(schedule.nextDue() == .seconds(10))
  }

  @Test("Classes have their own rhythm; once is once, until it is started again")
  func classes() {
    var schedule = PollSchedule(
      intervals: [.slow: .seconds(5), .fast: .seconds(2), .once: .zero], start: .zero, random: { 0 })
    #expect(classes(&schedule, at: 0) == [.fast, .slow, .once])
    #expect(classes(&schedule, at: 2000) == [.fast])
    #expect(classes(&schedule, at: 5000) == [.fast, .slow])
    schedule.restart(.once, at: .seconds(5))
    #expect(classes(&schedule, at: 5000) == [.once])
  }

  @Test("A class whose poll is under way stays due")
  func busy() {
    var schedule = PollSchedule(intervals: [.fast: .seconds(2)], start: .zero, random: { 0 })
    let taken = schedule.takeDue(at: .seconds(5), except: [.fast])
    #expect(taken.isEmpty)
    #expect(schedule.nextDue(except: [.fast]) == nil)
    #expect(schedule.nextDue() == .zero)
    #expect(classes(&schedule, at: 5000) == [.fast])
    #expect(schedule.skipped == 2)
  }

  @Test("The first poll is spread over a second, or over the interval where that is shorter")
  func spread() {
    let intervals: [PollClass: Duration] = [.fast: .milliseconds(500), .slow: .seconds(300)]
    var schedule = PollSchedule(intervals: intervals, start: .seconds(10), random: { 0.5 })
    #expect(classes(&schedule, at: 10_249) == [])
    #expect(classes(&schedule, at: 10_250) == [.fast])
    #expect(classes(&schedule, at: 10_500) == [.slow])
    #expect(PollSchedule(intervals: intervals, start: .zero, random: { .nan }).nextDue() == .zero)
  }

  @Test("Absurd intervals and times do not trap")
  func absurd() {
    var schedule = PollSchedule(
      intervals: [.fast: .nanoseconds(1), .normal: .seconds(-5), .slow: .zero], start: .zero, random: { 0 })
    #expect(schedule.takeDue(at: .seconds(1_000_000_000)).count == 3)
    #expect(schedule.nextDue().map { $0 > .zero } == true)
  }
}
