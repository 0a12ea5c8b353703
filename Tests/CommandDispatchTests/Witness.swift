import CommandDispatch
import DeviceProfiles
import EnergyModel
import Synchronization
import TestSupport

/// Sees what really happens between gateway and battery, and says what must not have happened.
///
/// Each command of a history has a number of its own as its argument, so that a write tells which command it is.
final class Witness: @unchecked Sendable {
  // A history runs on one thread; that is why it is `@unchecked`.

  /// What is known of one command.
  struct Sent {
    var id = ""
    var ttl: Duration
    var lease: Duration?
    var run: ObjectIdentifier?
    var acceptedAt: Duration?
    var writes = 0
    /// A command of a higher priority that waited for the device already when this one was dispatched.
    var goesBefore: String?
    var firstWriteAt: Duration?
    /// When it was first confirmed, in any run.
    var confirmedAt: Duration?
    /// When each run confirmed it first.
    var confirmedIn: [ObjectIdentifier: Duration] = [:]
  }

  let clock: TestClock
  let battery: ScriptedBattery
  let interlocks: Interlocks
  var journal: MemoryJournal?
  var run: GatewayRun?
  /// By what a write of it looks like: `charge 2000`.
  var sent: [String: Sent] = [:]
  /// Whether the machine started again after wall time had gone back, so that nobody can tell how old a lease is.
  var hasLostTime = false
  var hasJumped = false
  /// Whether what was found wrong about reverts is over; `nil` while nothing was.
  var lastOver: Bool?
  /// Whether the journal refused something, so that it may be behind.
  var hasFailedToWrite = false
  private(set) var violations: [String] = []
  /// What happened, for the history that is looked at alone.
  private(set) var story: [String] = []
  var tellsStory = false
  private var lastFirstWrite: (at: Duration, run: ObjectIdentifier?)?

  /// How old what a poll brought may be when it decides something.
  static let pollAge = Duration.milliseconds(2600)
  /// `staleAfter` of the profile, and one poll.
  static let staleAge = Duration.seconds(12)

  init(clock: TestClock, battery: ScriptedBattery, interlocks: Interlocks) {
    self.clock = clock
    self.battery = battery
    self.interlocks = interlocks
  }

  func tell(_ what: @autoclosure () -> String) {
    if tellsStory { story.append("\(clock.monotonic.seconds) \(what())") }
  }

  func violate(_ what: String) {
    violations.append("\(clock.monotonic.seconds) \(what)")
    tell("VIOLATION \(what)")
  }

  // MARK: Writes

  /// Something leaves the gateway for the battery.
  func leaves(_ operations: [String], key: String?) {
    tell("writes \(operations)")
    guard let key else { return }
    guard var sent = sent[key], let record = journal?.record(sent.id) else {
      return violate("\(key) was written, but nobody asked for it, or the journal does not know it")
    }
    defer { self.sent[key] = sent }
    let now = clock.monotonic
    // Also what is renewed: a renewal is never the first that a battery hears of a command.
    if sent.writes == 0 { checkFirst(key, sent, record, now) } else { checkAgain(key, sent, record, now) }
    if let limit = interlocks.maxChargePowerW, let power = record.input["powerW"]?.amount, power > limit {
      violate("\(key) is above maxChargePowerW")
    }
    let recent = battery.past(since: now - Self.staleAge)
    if let limit = interlocks.maxSocPercent, key.hasPrefix("charge"), recent.allSatisfy({ Double($0.soc) >= limit }) {
      violate("\(key) was written at a state of charge above maxSocPercent")
    }
    sent.writes += 1
    sent.firstWriteAt = sent.firstWriteAt ?? now
  }

  private func checkFirst(_ key: String, _ sent: Sent, _ record: CommandRecord, _ now: Duration) {
    if let higher = sent.goesBefore { violate("\(key) was written while \(higher) of a higher priority waited for it") }
    if record.status != .dispatched { violate("\(key) was written while the journal says \(record.status)") }
    if record.notBefore == nil, sent.run != run.map(ObjectIdentifier.init) {
      violate("\(key) was written by a later run than accepted it")
    }
    let ahead = record.notBefore.map { max(0, $0.millisecondsSince(record.createdAt)) } ?? 0
    if let accepted = sent.acceptedAt, record.notBefore == nil || !hasJumped,
      now > accepted + .milliseconds(ahead) + sent.ttl
    {
      violate("\(key) was written \((now - accepted).seconds) s after it was accepted, its time is \(sent.ttl)")
    }
    if let age = battery.state.withLock({ $0.readAt }).map({ now - $0 }), age > Self.staleAge {
      violate("\(key) was written on telemetry that is \(age.seconds) s old")
    }
    let present = run.map(ObjectIdentifier.init)
    if let least = interlocks.minIntervalSeconds, let last = lastFirstWrite, last.run == present, !hasJumped,
      now - last.at < .seconds(least)
    {
      violate("\(key) was written \((now - last.at).seconds) s after another")
    }
    lastFirstWrite = (now, present)
  }

  private func checkAgain(_ key: String, _ sent: Sent, _ record: CommandRecord, _ now: Duration) {
    guard let present = run.map(ObjectIdentifier.init) else { return }
    guard sent.confirmedIn[present] != nil || hasFailedToWrite else {
      return violate("\(key) was written again before this run confirmed it (\(record.status))")
    }
    if record.isTerminal, !hasFailedToWrite { violate("\(key) was written again when it was \(record.status)") }
    guard let lease = sent.lease else { return violate("\(key) was written again without a lease") }
    let begin = hasLostTime ? sent.confirmedIn[present] : sent.confirmedAt
    if let begin, now > begin + lease { violate("\(key) was written again after its lease") }
  }

  // MARK: The journal

  /// A step of a command is in the journal.
  func noted(_ record: CommandRecord, _ step: CommandRecord.StatusChange) {
    tell("\(record.id) \(record.name) \(record.input.values.map(\.description)): \(step.status) \(step.detail)")
    let key = Self.key(record)
    let present = run.map(ObjectIdentifier.init)
    if step.status == .accepted, let key {
      sent[key]?.id = record.id
      sent[key]?.acceptedAt = clock.monotonic
      sent[key]?.run = present
    }
    if step.status == .dispatched, let key, let waiting = journal?.all.first(where: { isWaiting($0, before: record) }) {
      sent[key]?.goesBefore = waiting.id
    }
    // A step that the journal refused at first comes later than what it says.
    let isPresent = step.at == clock.now
    if step.status == .confirmed {
      if isPresent { checkConfirmed(record, key) }
      if let key, let present {
        let now = clock.monotonic
        let first = sent[key]?.confirmedAt ?? now
        sent[key]?.confirmedAt = first
        sent[key]?.confirmedIn.merge([present: now]) { earlier, _ in earlier }
      }
    }
    if step.detail.hasSuffix("the device was sent back to normal") {
      violate("\(record.id) ends without a look at the battery")
    }
    if isPresent, step.detail.hasSuffix("the device is back to normal"), !wasSeen(since: nil, { $0.mode == 0 }) {
      violate("\(record.id) is said to be undone, and is not")
    }
  }

  /// Whether a command waits for the turn that another one has, and ranks higher.
  private func isWaiting(_ record: CommandRecord, before other: CommandRecord) -> Bool {
    !hasFailedToWrite && record.status == .queued && record.onConflict != .queueAfter
      && record.priority.outranks(other.priority)
  }

  private func checkConfirmed(_ record: CommandRecord, _ key: String?) {
    let began = key.flatMap { sent[$0]?.firstWriteAt }
    if record.leaseExpiresAt != nil, began == nil { violate("\(record.id) holds the battery and was never sent") }
    let isTrue =
      switch (record.name.verb, record.input.values.first?.amount) {
      case ("charge", let power?): wasSeen(since: began) { $0.mode == 1 && Double($0.powerW) > 0.8 * power }
      case ("set-reserve", let reserve?): wasSeen(since: began) { Double($0.reserve) == reserve }
      case ("refresh", _): battery.state.withLock { $0.readAt }.map { clock.monotonic - $0 < Self.pollAge } ?? false
      default: wasSeen(since: nil) { $0.mode == 0 }
      }
    if !isTrue { violate("\(record.id) \(key ?? "auto") is confirmed, and the battery does not do it") }
  }

  /// Whether it was so at any moment that a fresh poll can have seen.
  private func wasSeen(since time: Duration?, _ condition: (ScriptedBattery.Moment) -> Bool) -> Bool {
    let from = clock.monotonic - Self.pollAge
    return battery.past(since: max(time ?? from, from)).contains(where: condition)
  }

  /// `charge 2000` or `reserve 30`; `nil` for what gives control back.
  static func key(_ record: CommandRecord) -> String? {
    guard let number = record.input.values.first?.amount else { return nil }
    return "\(record.name.verb == "charge" ? "charge" : "reserve") \(Int(number))"
  }

  /// The dispatcher says that a person is needed, or not any more.
  func found(_ finding: CommandFinding, in run: GatewayRun) {
    guard !run.isOver else { return }
    switch finding {
    case .wrong(.revertFailed, _, _): lastOver = false
    case .over(.revertFailed, _): lastOver = true
    default: break
    }
  }

  // MARK: The end

  /// What must be so when everything had its time.
  func checkEnd() {
    for record in journal?.all ?? [] {
      let ends = record.history.filter { $0.status != .confirmed && $0.status.isTerminal(hasLease: true) }
      if !record.isTerminal { violate("\(record.id) does not end: \(record.history.map(\.status))") }
      let expected = record.status == .confirmed ? 0 : 1
      if ends.count != expected || (expected == 1 && record.history.last?.status != record.status) {
        violate("\(record.id) has not one end: \(record.history.map(\.status))")
      }
    }
    if lastOver == false { violate("a revert that failed is still an alert") }
    if battery.register(10) != 0 { violate("the battery is not back to normal") }
  }
}

extension Duration {
  fileprivate var seconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds / 1_000_000_000_000_000) / 1000
  }
}

extension ScalarValue {
  /// The number, if this is one.
  fileprivate var amount: Double? { if case .number(let value) = self { value } else { nil } }
}
