import CommandDispatch
import EnergyModel
import GatewayStore
import Logging
import TimeSource

/// Sends what schedules want when their time comes, once per interval, and undoes it when nobody wants it any more.
///
/// It looks at what ought to be now, and not at what was missed: after a start within an interval the interval is taken
/// up, one that went by meanwhile is not. What a device refused or did not show is not sent again in the same interval;
/// only what never reached it is tried again, a named number of times.
actor ScheduleRunner {
  /// A device that may follow schedules.
  struct Follower: Sendable {
    var id: String
    var customerID: String?
    /// IANA zone of its site.
    var zone: String
    var tags: [String]
  }

  /// What the runner needs of the gateway.
  struct Hands: Sendable {
    var followers: @Sendable () -> [Follower]
    var submit: @Sendable (CommandRequest) async throws(CommandRefusal) -> CommandRecord
    var cancel: @Sendable (String) async -> Void
    /// The command of a higher priority than schedules have that holds a device; `nil` where none does.
    var higherHolder: @Sendable (_ device: String) async -> String?
    /// Whether a device has a command, and whether that takes a duration.
    var acceptsDuration: @Sendable (_ device: String, CommandName) async -> Bool?
  }

  let store: GatewayStore
  let hands: Hands
  let time: TimeSource
  let random: @Sendable () -> Double
  let logger: Logger

  /// The longest time between two looks: wall time may jump.
  static let longestSleep = Duration.seconds(20)
  /// Devices that follow a tag are told within this time, so that a fleet does not step at once.
  static let spreadMilliseconds: Double = 30_000
  /// A one-shot that is later than this is missed.
  static let latenessMilliseconds: Int64 = 60_000
  /// How often one interval is sent, where the device was not reached.
  static let maxAttempts = 5
  /// Time before the next try, in milliseconds; the last one again and again.
  static let retryMilliseconds: [Int64] = [60_000, 300_000, 900_000, 1_800_000]
  /// Time between two looks whether a device is free again that somebody of a higher priority holds.
  static let holderCheckMilliseconds: Int64 = 20_000
  /// With less than this left, an interval is not taken up.
  static let shortestMilliseconds: Int64 = 5000
  /// Where one command follows the other, the first one holds so much longer, so that nothing is undone between.
  static let handOverMilliseconds: Int64 = 30_000
  /// The longest lease that devices get, in milliseconds.
  static let longestLeaseMilliseconds: Int64 = 86_400_000

  struct Key: Hashable {
    var schedule: String
    var device: String
  }

  var records: [ScheduleRecord] = []
  var runs: [Key: ScheduleRun] = [:]
  private var isStale = true
  private var isLooking = false
  private var looksAgain = false
  private var wakeAt: Timestamp?

  init(
    store: GatewayStore, hands: Hands, time: TimeSource, random: @escaping @Sendable () -> Double, logger: Logger
  ) {
    self.store = store
    self.hands = hands
    self.time = time
    self.random = random
    self.logger = logger
  }

  /// Looks after the schedules until its task is cancelled.
  func run() async {
    repeat { await look() } while (try? await time.sleep(for: pause)) != nil
  }

  /// To be called after schedules have changed.
  func reload() async {
    isStale = true
    // What comes of it is not the doing of whoever changed a schedule.
    await Author.$present.withValue(nil) { await look() }
  }

  /// Brings the devices to what is wanted now.
  func look() async {
    guard !isLooking else {
      looksAgain = true
      return
    }
    isLooking = true
    repeat {
      looksAgain = false
      do {
        try await lookOnce()
      } catch {
        // The store may be full now; the next look tries again.
        isStale = true
        logger.error("schedules could not be looked after: \(error)")
      }
    } while looksAgain && !Task.isCancelled
    isLooking = false
  }

  private var pause: Duration {
    guard let wakeAt else { return Self.longestSleep }
    return min(Self.longestSleep, max(.milliseconds(100), .milliseconds(wakeAt.millisecondsSince(time.wall()))))
  }

  private func lookOnce() async throws(GatewayStoreError) {
    if isStale {
      records = try await store.schedules()
      let kept = try await store.scheduleRuns()
      runs = Dictionary(kept.map { (Key(schedule: $0.scheduleID, device: $0.deviceID), $0) }) { first, _ in first }
      isStale = false
    }
    wakeAt = nil
    guard !records.isEmpty || !runs.isEmpty else { return }
    let now = time.wall()
    try await followUp(now)
    for follower in hands.followers() {
      guard !Task.isCancelled else { return }
      let plan = SchedulePlan(
        records, device: follower.id, customer: follower.customerID, tags: follower.tags, zone: follower.zone)
      let segment = plan.segment(at: now)
      try await release(follower, wanted: segment, now)
      if let segment { try await pursue(segment, plan, follower, now) }
      for record in plan.oneShots { try await pursue(record, follower, now) }
      wake(plan.nextEdge(after: now))
    }
    try await endOneShots(now)
    wake(runs.values.compactMap(\.nextAttemptAt).filter { $0 > now }.min())
  }

  private func wake(_ time: Timestamp?) {
    guard let time else { return }
    wakeAt = wakeAt.map { min($0, time) } ?? time
  }

  func keep(_ run: ScheduleRun) async throws(GatewayStoreError) {
    runs[Key(schedule: run.scheduleID, device: run.deviceID)] = run
    try await store.save(run)
  }

  func isTagged(_ id: String) -> Bool {
    if case .tag? = records.first(where: { $0.id == id })?.target { true } else { false }
  }

  func isOneShot(_ id: String) -> Bool {
    if case .once? = records.first(where: { $0.id == id })?.plan { true } else { false }
  }

  // MARK: Sending

  private func pursue(
    _ segment: SchedulePlan.Segment, _ plan: SchedulePlan, _ follower: Follower, _ now: Timestamp
  ) async throws(GatewayStoreError) {
    let key = Key(schedule: segment.scheduleID, device: follower.id)
    var run = runs[key]
    if run?.start != segment.start {
      run = ScheduleRun(
        scheduleID: segment.scheduleID, deviceID: follower.id, start: segment.start,
        nextAttemptAt: firstAttempt(segment.scheduleID, now))
    }
    guard var run else { return }
    guard let due = run.nextAttemptAt, due <= now else {
      if runs[key] != run { try await keep(run) }
      return
    }
    if let holder = await hands.higherHolder(follower.id) {
      // Not tried, so not counted: the interval is taken up when the device is free again.
      run.nextAttemptAt = now.advanced(byMilliseconds: Self.holderCheckMilliseconds)
      run.problem = "waits until \(holder) ends"
      return try await keep(run)
    }
    var hold: Int64?
    if let end = segment.end {
      let left = end.millisecondsSince(now)
      guard left >= Self.shortestMilliseconds else { return }
      hold = left + (plan.segment(at: end) == nil ? 0 : Self.handOverMilliseconds)
    } else if segment.isFallback {
      hold = Self.longestLeaseMilliseconds
    }
    let seconds = hold.map { Double(min($0, Self.longestLeaseMilliseconds)) / 1000 }
    await send(segment.command, holding: seconds, &run, now)
    try await keep(run)
  }

  private func firstAttempt(_ schedule: String, _ now: Timestamp) -> Timestamp {
    guard isTagged(schedule) else { return now }
    return now.advanced(byMilliseconds: Int64(min(max(0, random()), 1) * Self.spreadMilliseconds))
  }

  private func pursue(
    _ record: ScheduleRecord, _ follower: Follower, _ now: Timestamp
  ) async throws(GatewayStoreError) {
    guard case .once(let at, let command) = record.plan else { return }
    guard at <= now else { return wake(at) }
    guard now.millisecondsSince(at) <= Self.latenessMilliseconds else { return }
    let key = Key(schedule: record.id, device: follower.id)
    var run =
      runs[key]
      ?? ScheduleRun(
        scheduleID: record.id, deviceID: follower.id, start: at, nextAttemptAt: firstAttempt(record.id, now))
    guard let due = run.nextAttemptAt, due <= now else {
      if runs[key] == nil { try await keep(run) }
      return
    }
    try await yieldWeekly(of: follower, to: record.id)
    await send(command, holding: command.durationSeconds, &run, now)
    // Its minute is over before another try would be due.
    run.nextAttemptAt = nil
    try await keep(run)
  }

  /// Ends what a weekly schedule has in force; it goes on with its next interval.
  private func yieldWeekly(of follower: Follower, to id: String) async throws(GatewayStoreError) {
    for (key, run) in runs where key.device == follower.id && run.isOpen && !isOneShot(key.schedule) {
      if let command = run.commandID { await hands.cancel(command) }
      var run = run
      run.isOpen = false
      run.nextAttemptAt = nil
      run.problem = "the one-shot \(id) took over"
      try await keep(run)
    }
  }

  private func send(
    _ command: ScheduledCommand, holding seconds: Double?, _ run: inout ScheduleRun, _ now: Timestamp
  ) async {
    run.attempts += 1
    run.nextAttemptAt = nil
    run.problem = nil
    guard let name = CommandName(command.name) else {
      run.problem = "'\(command.name)' is no command"
      return
    }
    let acceptsDuration = await hands.acceptsDuration(run.deviceID, name)
    guard let acceptsDuration else {
      // Devices of other kinds have the tag too; they are not meant.
      run.problem = "\(run.deviceID) cannot do \(name)"
      return
    }
    // After a crash the same key finds what was sent already.
    let key = "\(run.scheduleID)/\(run.deviceID)/\(run.start.milliseconds)/\(run.attempts)"
    let request = CommandRequest(
      deviceID: run.deviceID, name: name, input: command.input, durationSeconds: acceptsDuration ? seconds : nil,
      actor: Self.actor(run.scheduleID), scheduleID: run.scheduleID, priority: .schedule, idempotencyKey: key,
      digest: key)
    do throws(CommandRefusal) {
      run.commandID = try await hands.submit(request).id
      run.isOpen = true
    } catch {
      run.commandID = error.commandID
      run.isOpen = false
      run.problem = error.description
      if [.deviceOffline, .deviceStale, .conflict].contains(error.code) { run.nextAttemptAt = retry(run, now) }
      logger.warning(
        "schedule \(run.scheduleID) could not do its part: \(error.description)",
        metadata: ["device": "\(run.deviceID)"])
    }
  }

  static func actor(_ schedule: String) -> String { "schedule:\(schedule)" }

  func retry(_ run: ScheduleRun, _ now: Timestamp) -> Timestamp? {
    guard run.attempts < Self.maxAttempts else { return nil }
    let waits = Self.retryMilliseconds
    return now.advanced(byMilliseconds: waits[min(max(1, run.attempts), waits.count) - 1])
  }
}
