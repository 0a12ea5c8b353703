import AdapterKit
import DeviceProfiles
import Testing

@Suite("What is measured of a bus")
struct MeasurementTests {
  @Test("A percentile is never less than what was measured, and at most a quarter more")
  func precision() {
    for microseconds in [64, 65, 100, 999, 1000, 12_345, 250_000, 999_999, 3_000_000, 60_000_000] as [Int64] {
      let histogram = DurationHistogram()
      histogram.note(.microseconds(microseconds), at: .zero)
      let told = histogram.percentile(0.5) ?? .zero
      #expect(told >= .microseconds(microseconds), "\(microseconds)")
      #expect(told <= .microseconds(microseconds) * 1.26, "\(microseconds) is told as \(told)")
    }
  }

  @Test("Percentiles are those of a sorted list")
  func percentiles() {
    let histogram = DurationHistogram()
    #expect(histogram.percentile(0.5) == nil)
    for milliseconds in 1...1000 { histogram.note(.milliseconds(milliseconds), at: .zero) }
    for (share, exact) in [(0.0, 1.0), (0.5, 500), (0.95, 950), (0.99, 990), (1, 1000)] {
      let told = (histogram.percentile(share) ?? .zero) / .milliseconds(1)
      #expect(told >= exact && told <= exact * 1.26, "\(share): \(told)")
    }
    #expect(histogram.count == 1000)
  }

  @Test("What is older than two windows is forgotten")
  func forgetting() {
    let histogram = DurationHistogram()
    histogram.note(.seconds(9), at: .seconds(1000))
    histogram.note(.milliseconds(1), at: .seconds(1299))
    #expect(histogram.count == 2)
    histogram.note(.milliseconds(1), at: .seconds(1301))
    #expect(histogram.count == 3, "the last window still counts")
    histogram.note(.milliseconds(1), at: .seconds(1602))
    #expect(histogram.count == 2)
    #expect(histogram.percentile(1) ?? .zero < .milliseconds(2))
    histogram.note(.milliseconds(1), at: .seconds(9000))
    #expect(histogram.count == 1)
  }

  @Test("Durations that cannot be are no trap")
  func odd() {
    let histogram = DurationHistogram()
    for duration in [Duration.seconds(-5), .zero, .seconds(1 << 50), .seconds(Int64.max), .nanoseconds(-1)] {
      histogram.note(duration, at: .seconds(Int64.max))
      histogram.note(duration, at: duration)
    }
    #expect(histogram.percentile(1) ?? .zero > .seconds(100))
    #expect(histogram.percentile(.nan) != nil)
  }

  @Test("A reader sees all that was noted while it is written")
  func concurrent() async {
    let histogram = DurationHistogram()
    let writer = Task.detached { for _ in 0..<50_000 { histogram.note(.milliseconds(3), at: .zero) } }
    var last: UInt64 = 0
    while last < 50_000 {
      let now = histogram.count
      #expect(now >= last)
      last = now
      await Task.yield()
    }
    await writer.value
    #expect(histogram.count == 50_000)
  }

  @Test("Polls are measured against their due times: intervals, delays, those that were late and left out")
  func polls() throws {
    let meter = EndpointMeter(EndpointID("a"))
    #expect(meter.statistics.polls.isEmpty)
    for turn in 0..<20 {
      let due = Duration.seconds(turn * 2)
      let delay = Duration.milliseconds(turn == 19 ? 2500 : 100)
      meter.polled(.fast, due: due, interval: .seconds(2), skipped: 3, at: due + delay)
    }
    meter.polled(.once, due: .zero, interval: nil, skipped: 0, at: .seconds(1))
    let polls = meter.statistics.polls
    #expect(polls.map(\.pollClass) == [.fast, .once])
    let fast = try #require(polls.first)
    #expect(fast.wanted == .seconds(2))
    #expect(fast.count == 20)
    #expect(fast.late == 1)
    #expect(fast.skipped == 3)
    #expect(fast.interval?.p50 ?? .zero >= .seconds(2))
    #expect(fast.interval?.p50 ?? .zero < .seconds(2.6))
    #expect(fast.delay?.p50 ?? .zero < .milliseconds(130))
    #expect(fast.delay?.p95 ?? .zero < .milliseconds(130))
    #expect(polls.last?.wanted == nil)
    #expect(polls.last?.late == 0)
  }

  @Test("The rate is that of the last minute")
  func rate() {
    var meter = BusyMeter(start: .seconds(100))
    for second in 0..<30 {
      for _ in 0..<4 { meter.note(from: .seconds(100 + second), to: .seconds(100 + second) + .milliseconds(10)) }
    }
    #expect(abs(meter.rate(at: .seconds(130)) - 4) < 0.01)
    #expect(abs(meter.share(at: .seconds(130)) - 0.04) < 0.001)
    #expect(abs(meter.rate(at: .seconds(175)) - 1) < 0.1, "the first 15 seconds are out of the minute")
    #expect(meter.rate(at: .seconds(300)) == 0)
  }
}

@Suite("The time that an answer may take")
struct ResponseTimeoutTests {
  private func learned(_ milliseconds: Int, longest: Duration = .seconds(4), shortest: Duration? = nil)
    -> ResponseTimeout
  {
    var timeout = ResponseTimeout(longest: longest, shortest: shortest)
    for _ in 0..<ResponseTimeout.leastAnswers {
      timeout.answered(after: .milliseconds(milliseconds), usual: .milliseconds(milliseconds))
    }
    return timeout
  }

  @Test("A device that was never heard, or hardly, has all the time of its profile")
  func unknown() {
    var timeout = ResponseTimeout(longest: .seconds(4))
    #expect(timeout.current == .seconds(4))
    for _ in 1..<ResponseTimeout.leastAnswers { timeout.answered(after: .milliseconds(2), usual: .milliseconds(2)) }
    #expect(timeout.current == .seconds(4))
    timeout.answered(after: .milliseconds(2), usual: .milliseconds(2))
    #expect(timeout.current == .seconds(1), "a quarter, however fast it is")
  }

  @Test("A slow device has the time that it needs, within the limits of the profile")
  func slow() {
    #expect(learned(900).current == .seconds(2))
    #expect(learned(1800).current == .seconds(4))
    #expect(learned(3900).current == .seconds(4), "never more than the profile allows")
    #expect(learned(5, longest: .seconds(1)).current == ResponseTimeout.leastShortest)
    #expect(learned(5, longest: .milliseconds(200)).current == .milliseconds(200))
    #expect(learned(5, shortest: .seconds(3)).current == .seconds(3), "never less than the profile asks for")
    #expect(learned(5, shortest: .seconds(9)).current == .seconds(4))
    #expect(learned(5, shortest: .zero).current >= .milliseconds(50))
  }

  @Test("Each silence doubles it, the first answer brings it back")
  func silence() {
    var timeout = learned(10)
    var times: [Duration] = []
    for _ in 0..<4 {
      times.append(timeout.current)
      timeout.silent()
    }
    #expect(times == [.seconds(1), .seconds(2), .seconds(4), .seconds(4)])
    for _ in 0..<100 { timeout.silent() }
    timeout.answered(after: .milliseconds(10), usual: .milliseconds(10))
    #expect(timeout.current == .seconds(1))
  }

  @Test("A device that became slow costs a few silences, and from its first answer on it has the time that it needs")
  func becomesSlow() {
    var timeout = learned(10)
    let needed = Duration.milliseconds(1700)
    var silences = 0
    for _ in 0..<200 {
      if timeout.current < needed {
        timeout.silent()
        silences += 1
      } else {
        timeout.answered(after: needed, usual: .milliseconds(10))
      }
    }
    #expect(silences == 1)
    #expect(timeout.current == .seconds(4))
  }

  @Test("One slow answer counts until many fast ones came")
  func peak() {
    var timeout = learned(10)
    timeout.answered(after: .milliseconds(1500), usual: .milliseconds(10))
    #expect(timeout.current == .seconds(4))
    var answers = 0
    while timeout.current > .seconds(1), answers < 10_000 {
      timeout.answered(after: .milliseconds(10), usual: .milliseconds(10))
      answers += 1
    }
    #expect(answers > 100)
    #expect(answers < 1000)
  }
}
