import AdapterKit
import CommandDispatch
import EnergyModel
import GatewayStore
import Logging
import Synchronization
import TestSupport
import TimeSource

/// One history of a battery, made from a seed: commands, withdrawals, time, moods, faults, crashes.
///
/// The same seed gives the same history, job for job: nothing in it depends on threads or on real time.
final class CommandHistory {
  let witness: Witness
  private let tasks: SeededTasks
  private let clock = TestClock()
  private let battery: ScriptedBattery
  private let journal: MemoryJournal
  private let ids = SharedCounter()
  private var random: SeededGenerator
  private var run = GatewayRun()
  private var dispatcher: CommandDispatcher?
  /// Jobs until the next crash, if one is coming.
  private var jobsToCrash: Int?
  private var used: Set<Int> = []
  private var hasJumpedBack = false
  /// How often the machine itself started.
  private var boots = 1

  init(seed: UInt64, tellsStory: Bool = false) throws {
    random = SeededGenerator(state: seed)
    tasks = SeededTasks(seed: random.next())
    battery = try ScriptedBattery(clock: clock)
    var interlocks = Interlocks()
    if random.oneIn(2) { interlocks.maxChargePowerW = 3500 }
    if random.oneIn(2) { interlocks.maxSocPercent = 90 }
    if random.oneIn(4) { interlocks.minIntervalSeconds = 5 }
    let witness = Witness(clock: clock, battery: battery, interlocks: interlocks)
    witness.tellsStory = tellsStory
    self.witness = witness
    journal = MemoryJournal { witness.noted($0, $1) }
    witness.journal = journal
  }

  /// Plays it to its end. What went wrong is with the witness.
  func play() {
    SeededTasks.with(tasks) {
      start(afterCrash: false)
      for _ in 0..<Int.random(in: 4...11, using: &random) {
        act()
        if random.oneIn(3) { continue }
        pass(
          .milliseconds(
            random.oneIn(3) ? Int.random(in: 0...60_000, using: &random) : Int.random(in: 0...4000, using: &random)))
      }
      calmDown()
      witness.checkEnd()
      let isOver = perform { [dispatcher] in await dispatcher?.stop() }
      pass(.seconds(5))
      if !isOver.value { witness.violate("a stop with nothing to do does not end") }
      end()
    }
  }

  // MARK: The gateway

  private func start(afterCrash: Bool) {
    run = GatewayRun()
    witness.run = run
    battery.forgetReadings()
    let dispatcher = CommandDispatcher(context: context())
    self.dispatcher = dispatcher
    let wire = HistoryWire(battery: battery, run: run, witness: witness)
    let target = DispatchTarget(
      deviceID: "battery-1", endpoint: ScriptedBattery.endpoint, part: 0, profile: battery.bound, adapter: wire,
      interlocks: witness.interlocks)
    let isFailSafe = afterCrash && random.oneIn(3)
    witness.tell(isFailSafe ? "the fail-safe runs" : "the gateway starts")
    perform {
      await dispatcher.configure([target])
      if isFailSafe {
        _ = try? await dispatcher.releaseAll(patience: .seconds(10))
      } else {
        try? await dispatcher.recover()
      }
    }
    guard isFailSafe else {
      // Requests are taken when the devices are known and the last run is being looked after.
      if !tasks.run() { witness.violate("the gateway does not start") }
      return
    }
    // It ends after its limit, done or not, and the service manager starts the gateway again.
    pass(.seconds(25))
    end()
    start(afterCrash: false)
  }

  private func context() -> DispatchContext {
    let source = clock.source
    let clock = clock
    let battery = battery
    let ids = ids
    let run = run
    let time = TimeSource(
      wall: source.wall, monotonic: source.monotonic,
      sleepUntil: { deadline in
        if run.isOver { throw CancellationError() }
        try await source.sleepUntil(deadline)
      })
    return DispatchContext(
      store: MemoryJournal.Connection(journal: journal, run: run), time: time, bootID: "boot-\(boots)",
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      connectivity: { _ in
        Connectivity(state: battery.answers ? .online : .offline, since: clock.now, lastError: "no answer")
      },
      gridPower: { _ in nil }, changed: { _ in }, found: { [witness] in witness.found($0, in: run) },
      makeID: { "cmd_\(ids.next())" })
  }

  /// The process is gone: what it had in hand is lost, what it had sent goes on.
  private func end() {
    run.end()
    jobsToCrash = nil
    clock.endSleeps()
    if !tasks.run() { witness.violate("the tasks of a run that is over do not end") }
  }

  private func crash() {
    end()
    if random.oneIn(3) {
      // The monotonic clock of another start means nothing, and here it goes on, so that whoever uses it is found.
      boots += 1
      if hasJumpedBack { witness.hasLostTime = true }
      witness.tell("POWER CUT")
    } else {
      witness.tell("CRASH")
    }
    start(afterCrash: true)
  }

  /// Starts something in the gateway; the value says whether it has ended.
  @discardableResult
  private func perform(_ work: @escaping @Sendable () async -> Void) -> SharedFlag {
    let flag = SharedFlag()
    Task {
      await work()
      flag.set()
    }
    return flag
  }

  // MARK: Time

  private func drain() {
    if let limit = jobsToCrash {
      let before = tasks.count
      let isIdle = tasks.run(atMost: limit)
      jobsToCrash = limit - (tasks.count - before)
      if !isIdle || jobsToCrash == 0 { crash() }
    }
    if !tasks.run() { witness.violate("the gateway does not come to rest") }
  }

  private func pass(_ duration: Duration) {
    let end = clock.monotonic + duration
    drain()
    while clock.monotonic < end {
      let next = [clock.nextDeadline, battery.nextEvent].compactMap(\.self).min() ?? end
      clock.advance(by: max(.milliseconds(1), min(next, end) - clock.monotonic))
      battery.happen()
      drain()
    }
  }

  /// An obedient device, a journal that works, and time for every lease and every attempt.
  private func calmDown() {
    witness.tell("calm")
    jobsToCrash = nil
    journal.fail(false)
    // What a journal did not take is open in it until the next start.
    if witness.hasFailedToWrite { crash() }
    battery.set(.obedient)
    battery.setRegister(0, 50)
    for _ in 0..<40 {
      // Wall time may be years before the time that it waits for.
      for record in journal.all where record.status == .scheduled {
        perform { [dispatcher] in _ = await dispatcher?.cancel(record.id) }
      }
      pass(.seconds(10))
      if journal.all.allSatisfy(\.isTerminal), battery.nextEvent == nil { return }
    }
  }

  // MARK: What happens

  private func act() {
    switch Int.random(in: 0..<21, using: &random) {
    case 0...7: submit()
    case 8:
      let id = "cmd_\(Int.random(in: 1...max(1, used.count), using: &random))"
      witness.tell("cancel \(id)")
      perform { [dispatcher] in _ = await dispatcher?.cancel(id) }
    case 9...12: changeMood()
    case 13: jobsToCrash = Int.random(in: 1...120, using: &random)
    case 14:
      let isFailing = random.oneIn(2)
      if isFailing { witness.hasFailedToWrite = true }
      witness.tell("journal fails: \(isFailing)")
      journal.fail(isFailing)
    case 15: jump()
    case 16:
      let soc = UInt16.random(in: 0...100, using: &random)
      witness.tell("state of charge \(soc)")
      battery.setRegister(0, soc)
    case 17:
      witness.tell("the battery starts again")
      battery.startAgain(in: .seconds(Int.random(in: 1...40, using: &random)))
    case 19:
      witness.tell("everything is stopped")
      perform { [dispatcher] in _ = await dispatcher?.halt(["battery-1"], actor: "eve") }
    case 18: if random.oneIn(2) { crash() } else { stop() }
    default: pass(.seconds(Int.random(in: 5...90, using: &random)))
    }
  }

  private func submit() {
    let actor = random.oneIn(2) ? "ada" : "bob"
    let policy = CommandRequest.ConflictPolicy.allCases.randomElement(using: &random) ?? .reject
    let priority = random.oneIn(3) ? CommandPriority.allCases.randomElement(using: &random) ?? .user : .user
    let ttl = random.oneIn(2) ? 60 : Double.random(in: 0.2...10, using: &random)
    let lease = Double(Int.random(in: 2...60, using: &random))
    let verb: String
    var input: [String: ScalarValue] = [:]
    switch Int.random(in: 0..<7, using: &random) {
    case 0: verb = "auto"
    case 6: verb = "refresh"
    case 1:
      verb = "set-reserve"
      let reserve = fresh(in: 11...99)
      input = ["reservePercent": .number(Double(reserve))]
      witness.sent["reserve \(reserve)"] = .init(ttl: .milliseconds(Int64(ttl * 1000)))
    default:
      verb = "charge"
      let power = fresh(in: 500...4800)
      input = ["powerW": .number(Double(power))]
      witness.sent["charge \(power)"] = .init(
        ttl: .milliseconds(Int64(ttl * 1000)), lease: .milliseconds(Int64(lease * 1000)))
    }
    let request = CommandRequest(
      deviceID: "battery-1", name: verb == "refresh" ? .refresh : CommandName(kind: .battery, verb: verb), input: input,
      durationSeconds: verb == "charge" ? lease : nil, ttlSeconds: ttl, actor: actor, priority: priority,
      notBefore: random.oneIn(8)
        ? clock.now.advanced(byMilliseconds: Int64.random(in: 0...30_000, using: &random)) : nil,
      idempotencyKey: random.oneIn(4) ? "key \(used.count)" : nil, onConflict: policy)
    witness.tell(
      "\(actor) asks for \(verb) \(input.values.map(\.description)), \(priority), \(policy), ttl \(ttl), lease \(lease)"
    )
    for _ in 0..<(request.idempotencyKey != nil ? 2 : 1) {
      perform { [dispatcher, witness] in
        do throws(CommandRefusal) {
          _ = try await dispatcher?.submit(request)
        } catch {
          witness.tell("refused: \(error)")
        }
      }
    }
  }

  private func fresh(in range: ClosedRange<Int>) -> Int {
    while true {
      let number = Int.random(in: range, using: &random)
      if used.insert(number).inserted { return number }
    }
  }

  private func changeMood() {
    let seconds = Duration.milliseconds(Int.random(in: 100...8000, using: &random))
    let moods: [ScriptedBattery.Mood] = [
      .obedient, .obedient, .obedient, .ignoring, .refusing, .silentAfterDoing, .unreachable, .deaf, .halfApplying,
      .late(seconds), .slow(seconds), .forgetful(seconds * 5),
    ]
    let mood = moods.randomElement(using: &random) ?? .obedient
    witness.tell("the battery is \(mood)")
    battery.set(mood)
  }

  private func jump() {
    let hour: Int64 = 3_600_000
    let delta = [-hour, hour, -87_600 * hour, 87_600 * hour].randomElement(using: &random) ?? hour
    witness.tell("wall time jumps by \(delta / hour) h")
    witness.hasJumped = true
    if delta < 0 { hasJumpedBack = true }
    clock.jumpWall(byMilliseconds: delta)
  }

  /// A clean stop has two seconds for its leases, then the links end, whatever is open.
  private func stop() {
    witness.tell("the gateway stops")
    perform { [dispatcher] in await dispatcher?.stop() }
    pass(.seconds(2))
    end()
    start(afterCrash: random.oneIn(2))
  }
}
