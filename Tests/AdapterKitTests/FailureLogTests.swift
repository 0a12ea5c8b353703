import AdapterKit
import Testing

@Suite("A failure log")
struct FailureLogTests {
  @Test("A failure that lasts is logged at once, after 1, 10 and 60 minutes and then every 60, with a count")
  func repetition() {
    var log = FailureLog()
    var lines: [Int: String] = [:]
    for second in stride(from: 0, through: 3 * 3600, by: 10) {
      if let line = log.failure("no answer", now: .seconds(second)) { lines[second] = line.text }
    }
    #expect(
      lines == [
        0: "no answer", 60: "no answer (7 times in 60 s)", 600: "no answer (61 times in 600 s)",
        3600: "no answer (361 times in 3600 s)", 7200: "no answer (721 times in 7200 s)",
        10800: "no answer (1081 times in 10800 s)",
      ])
  }

  @Test("Another reason is logged at once; reasons that alternate are not news each time")
  func change() {
    var log = FailureLog()
    #expect(log.failure("a", now: .seconds(0)) != nil)
    #expect(log.failure("b", now: .seconds(1)) != nil)
    #expect(log.failure("a", now: .seconds(2)) == nil)
    #expect(log.failure("b", now: .seconds(3)) == nil)
    #expect(log.failure("a", now: .seconds(61))?.count == 3)
  }

  @Test("A recovery is logged once, and only after a failure that was")
  func recovery() {
    var log = FailureLog()
    #expect(log.success(now: .seconds(0)) == false)
    _ = log.failure("a", now: .seconds(1))
    #expect(log.success(now: .seconds(2)) == true)
    #expect(log.success(now: .seconds(3)) == false)
  }

  @Test("A failure every other second does not fill the log")
  func flapping() {
    var log = FailureLog()
    var lines = 0
    for second in 0..<600 {
      if second % 2 == 0 {
        if log.failure("a", now: .seconds(second)) != nil { lines += 1 }
      } else if log.success(now: .seconds(second)) {
        lines += 1
      }
    }
    #expect(lines == 4)
  }

  @Test("What comes back after a long failure and stays is told within a minute")
  func relapse() {
    var log = FailureLog()
    for second in stride(from: 0, through: 7000, by: 60) { _ = log.failure("a", now: .seconds(second)) }
    #expect(log.success(now: .seconds(7010)) == true)
    var told: [Int] = []
    for second in stride(from: 7020, to: 7200, by: 10) where log.failure("a", now: .seconds(second)) != nil {
      told.append(second)
    }
    #expect(told.first.map { $0 <= 7070 } == true)
  }

  @Test("A failure that returns after more than a minute is new")
  func forgotten() {
    var log = FailureLog()
    _ = log.failure("a", now: .seconds(0))
    _ = log.success(now: .seconds(1))
    #expect(log.failure("a", now: .seconds(100))?.count == 1)
  }

  @Test("Endless different reasons take no endless memory")
  func limit() {
    var log = FailureLog()
    for index in 0..<1000 { #expect(log.failure("\(index)", now: .seconds(index)) != nil) }
    #expect(log.failure("999", now: .seconds(1000)) == nil)
    #expect(log.failure("1", now: .seconds(1000)) != nil)
  }
}
