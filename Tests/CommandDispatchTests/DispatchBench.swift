import AdapterKit
import CommandDispatch
import EnergyModel
import Foundation
import GatewayStore
import Logging
import Synchronization
import TestSupport
import Testing
import TimeSource

/// A dispatcher with one scripted battery, a real journal in a temporary folder, and a clock that the test moves.
final class DispatchBench: Sendable {
  let clock: TestClock
  let battery: ScriptedBattery
  let store: GatewayStore
  let dispatcher: CommandDispatcher
  let folder: URL

  init(
    clock: TestClock = TestClock(), battery: ScriptedBattery? = nil, folder: URL? = nil,
    state: Connectivity.State = .online, writeBudget: Int? = nil, interlocks: Interlocks = Interlocks(),
    gridPowerW: Double? = nil, bootID: String = "boot-1"
  ) async throws {
    self.clock = clock
    self.battery = try battery ?? ScriptedBattery(clock: clock)
    self.folder =
      folder ?? FileManager.default.temporaryDirectory.appendingPathComponent("dispatch-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    let path = self.folder.appendingPathComponent("journal.db").path
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    store = try await GatewayStore.open(path: path, now: clock.now, logger: logger)
    let connectivity = SharedState(state)
    let ids = SharedCounter()
    let source = clock.source
    let isOver = isOver
    let time = TimeSource(
      wall: source.wall, monotonic: source.monotonic,
      sleepUntil: { deadline in
        if isOver.value { throw CancellationError() }
        try await source.sleepUntil(deadline)
      })
    let findings = SharedFindings()
    self.findings = findings
    dispatcher = CommandDispatcher(
      context: DispatchContext(
        store: store, time: time, bootID: bootID, logger: logger,
        connectivity: { _ in Connectivity(state: connectivity.value, since: clock.now, lastError: "no answer") },
        gridPower: { _ in gridPowerW }, changed: { _ in }, found: { finding in findings.append(finding) },
        makeID: { "cmd_\(ids.next())_\(UUID().uuidString.prefix(8))" }))
    self.shared = connectivity
    self.writeBudget = writeBudget
    self.interlocks = interlocks
    await configure()
  }

  /// Whether a later run took over, so that nothing of this one goes on.
  private let isOver = SharedFlag()
  private let writeBudget: Int?
  private let interlocks: Interlocks

  /// Gives the dispatcher its only device.
  func configure() async {
    await dispatcher.configure([
      DispatchTarget(
        deviceID: "battery-1", endpoint: ScriptedBattery.endpoint, part: 0, profile: battery.bound, adapter: battery,
        writeBudget: writeBudget, interlocks: interlocks)
    ])
  }

  private let shared: SharedState
  /// What the dispatcher said about devices that need a person.
  let findings: SharedFindings

  func setConnectivity(_ state: Connectivity.State) { shared.set(state) }

  func request(
    _ verb: String, _ input: [String: ScalarValue] = [:], duration: Double? = nil, actor: String = "ada",
    key: String? = nil, digest: String = "", onConflict: CommandRequest.ConflictPolicy = .reject,
    priority: CommandPriority = .user, notBefore: Timestamp? = nil, ttl: Double = CommandRequest.defaultTTLSeconds
  ) -> CommandRequest {
    CommandRequest(
      deviceID: "battery-1", name: CommandName(kind: .battery, verb: verb), input: input, durationSeconds: duration,
      ttlSeconds: ttl, actor: actor, priority: priority, notBefore: notBefore, idempotencyKey: key,
      digest: digest, onConflict: onConflict)
  }

  /// Moves the clock in small steps until the command is in one of the states, at most for a simulated time. The battery
  /// is read at each step.
  @discardableResult
  func until(
    _ id: String, _ statuses: Set<CommandStatus>, atMost limit: Duration = .seconds(120)
  ) async throws -> CommandRecord {
    var passed = Duration.zero
    while true {
      let present = try await store.command(id: id)
      if let present, statuses.contains(present.status) { return present }
      guard passed < limit, present?.isTerminal != true else {
        let record = try await store.command(id: id)
        Issue.record("command is \(String(describing: record?.status)) after \(limit): \(record?.history ?? [])")
        throw CancellationError()
      }
      if step() { passed += .milliseconds(250) }
      await settle()
    }
  }

  /// Lets what needs no time go on until nobody new waits for the clock: what was queued at the journal is written, and
  /// who waited for it has had a turn.
  func settle() async {
    var begun = -1
    while begun != clock.sleepsBegun {
      begun = clock.sleepsBegun
      for _ in 0..<3 {
        _ = try? await store.lastEventSeq()
        await Task.yield()
      }
    }
  }

  /// Moves the clock when somebody waits for it. While nobody does, work is under way that needs no time.
  func step() -> Bool {
    guard clock.sleepingCount > 0 else { return false }
    clock.advance(by: .milliseconds(250))
    battery.poll()
    return true
  }

  /// A clean stop, which takes the time that it needs.
  func stop() async { await during { [dispatcher] in await dispatcher.stop() } }

  /// Lets time pass while something that waits for it is under way.
  func during(_ work: @escaping @Sendable () async -> Void) async {
    let isOver = SharedFlag()
    Task {
      await work()
      isOver.set()
    }
    while !isOver.value {
      _ = step()
      await settle()
    }
  }

  /// The next run of the gateway, with the same device and journal. What this one has in hand is lost.
  func restarted(bootID: String = "boot-1") async throws -> DispatchBench {
    isOver.set()
    clock.endSleeps()
    try await store.close()
    return try await DispatchBench(clock: clock, battery: battery, folder: folder, bootID: bootID)
  }

  func close() async throws {
    try await store.close()
    try FileManager.default.removeItem(at: folder)
  }
}

/// The connectivity that a test sets.
final class SharedState: Sendable {
  private let state: Mutex<Connectivity.State>
  init(_ state: Connectivity.State) { self.state = Mutex(state) }
  var value: Connectivity.State { state.withLock { $0 } }
  func set(_ new: Connectivity.State) { state.withLock { $0 = new } }
}

/// What was found, in order.
final class SharedFindings: Sendable {
  private let list = Mutex<[CommandFinding]>([])
  var all: [CommandFinding] { list.withLock { $0 } }
  func append(_ finding: CommandFinding) { list.withLock { $0.append(finding) } }
}

/// Numbers that rise.
final class SharedCounter: Sendable {
  private let value = Mutex(0)
  func next() -> Int {
    value.withLock { value in
      value += 1
      return value
    }
  }
}
