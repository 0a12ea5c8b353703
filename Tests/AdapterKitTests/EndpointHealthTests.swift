import AdapterKit
import EnergyModel
import Testing

@Suite("The health of an endpoint")
struct EndpointHealthTests {
  /// One line of a table: an event at a second, and what is expected after it.
  struct Line {
    var second: Int
    var event: EndpointHealth.Event
    var state: Connectivity.State
    /// Second from which it may be asked again; `nil` = at once.
    var nextAttempt: Int?
    var isNews = true
  }

  private func check(_ lines: [Line], sourceLocation: SourceLocation = #_sourceLocation) {
    var health = EndpointHealth(wall: Timestamp(milliseconds: 0))
    for line in lines {
      let news = health.note(
        line.event, now: .seconds(line.second), wall: Timestamp(milliseconds: Int64(line.second) * 1000), random: { 0 })
      #expect(health.connectivity.state == line.state, "at \(line.second) s", sourceLocation: sourceLocation)
      let expected = line.nextAttempt.map { Duration.seconds($0) } ?? .zero
      #expect(health.nextAttempt == expected, "at \(line.second) s", sourceLocation: sourceLocation)
      #expect((news != nil) == line.isNews, "at \(line.second) s", sourceLocation: sourceLocation)
    }
  }

  @Test("An endpoint degrades with one failure, is offline with the third, and returns with a valid answer")
  func lifecycle() {
    check([
      Line(second: 1, event: .success, state: .online),
      Line(second: 2, event: .success, state: .online, isNews: false),
      Line(second: 3, event: .failure("timeout"), state: .degraded, nextAttempt: 4),
      Line(second: 4, event: .failure("timeout"), state: .degraded, nextAttempt: 6, isNews: false),
      Line(second: 6, event: .failure("timeout"), state: .offline, nextAttempt: 10),
      Line(second: 10, event: .failure("refused"), state: .offline, nextAttempt: 18),
      Line(second: 18, event: .success, state: .online),
      Line(second: 19, event: .failure("timeout"), state: .degraded, nextAttempt: 20),
    ])
  }

  @Test("One failure is enough when the last answer is older than the deadline, or when there never was one")
  func deadline() {
    check([Line(second: 1, event: .failure("timeout"), state: .offline, nextAttempt: 2)])
    check([
      Line(second: 0, event: .success, state: .online),
      Line(second: 30, event: .failure("timeout"), state: .offline, nextAttempt: 31),
    ])
  }

  @Test("A device that refuses a part is degraded with the reason, and asked on at once")
  func refusal() {
    check([
      Line(second: 1, event: .refusal("holding 7: exception 2"), state: .degraded),
      Line(second: 2, event: .refusal("holding 7: exception 2"), state: .degraded, isNews: false),
      Line(second: 3, event: .success, state: .online),
    ])
  }

  @Test("A busy device is asked again after growing pauses and never goes offline")
  func busy() {
    check([
      Line(second: 1, event: .busy("busy"), state: .degraded, nextAttempt: 2),
      Line(second: 2, event: .busy("busy"), state: .degraded, nextAttempt: 4, isNews: false),
      Line(second: 4, event: .busy("busy"), state: .degraded, nextAttempt: 8, isNews: false),
      Line(second: 8, event: .busy("busy"), state: .degraded, nextAttempt: 16, isNews: false),
      Line(second: 16, event: .success, state: .online),
    ])
  }

  @Test("Failures of the link count, but leave the endpoint free for the moment when the link is back")
  func unreachable() {
    check([
      Line(second: 1, event: .success, state: .online),
      Line(second: 2, event: .unreachable("connection refused"), state: .degraded),
      Line(second: 3, event: .unreachable("connection refused"), state: .degraded, isNews: false),
      Line(second: 4, event: .unreachable("connection refused"), state: .offline),
    ])
  }

  @Test("Silence beyond the limit is offline at once")
  func silence() {
    check([
      Line(second: 1, event: .success, state: .online),
      Line(second: 2, event: .silence("no message for 1 h"), state: .offline),
    ])
  }

  @Test("Since, last seen, count and reason are kept")
  func details() {
    var health = EndpointHealth(wall: Timestamp(milliseconds: 5))
    _ = health.note(.success, now: .seconds(1), wall: Timestamp(milliseconds: 10), random: { 0 })
    _ = health.note(.failure("a"), now: .seconds(2), wall: Timestamp(milliseconds: 20), random: { 0 })
    _ = health.note(.failure("b"), now: .seconds(3), wall: Timestamp(milliseconds: 30), random: { 0 })
    #expect(
      health.connectivity
        == Connectivity(
          state: .degraded, since: Timestamp(milliseconds: 20), lastSeenAt: Timestamp(milliseconds: 10),
          consecutiveFailures: 2, lastError: "b"))
  }
}

@Suite("A back-off")
struct BackOffTests {
  @Test("doubles from one second to a minute, and starts again after a reset")
  func doubling() {
    var backOff = BackOff()
    let pauses = (0..<9).map { _ in backOff.next(random: { 0 }) }
    #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
    backOff.reset()
    #expect(backOff.next(random: { 0 }) == .seconds(1))
  }

  @Test("is shortened by jitter, by a fifth at most", arguments: [0, 0.5, 1, 7, -3, .nan])
  func jitter(random: Double) {
    var backOff = BackOff(first: .seconds(10), cap: .seconds(10))
    let pause = backOff.next(random: { random })
    #expect(pause <= .seconds(10) && pause >= .seconds(8))
  }

  @Test("keeps its cap when the first pause is longer")
  func cap() {
    var backOff = BackOff(first: .seconds(90), cap: .seconds(60))
    #expect(backOff.next(random: { 0 }) == .seconds(60))
    #expect(backOff.next(random: { 0 }) == .seconds(60))
  }
}
