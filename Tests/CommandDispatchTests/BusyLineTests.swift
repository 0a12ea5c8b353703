import AdapterKit
import CommandDispatch
import DeviceProfiles
import EnergyModel
import GatewayStore
import Logging
import TestSupport
import Testing
import TimeSource

/// Fifty batteries behind one serial line, which is never idle because all of them are polled.
@Suite("Fifty devices on one link")
struct BusyLineTests {
  static let devices = 50
  /// What the profile says: the device's own timer is 60 s, so it is fed every 20 s.
  static let period = Duration.seconds(20)

  @Test("No keep-alive is later than a third of its period")
  func keepAlives() async throws {
    let gaps = try await OwnThread.run { try Self.play() }
    #expect(gaps.count == Self.devices)
    for (device, gap) in gaps {
      #expect(gap.renewals >= 8, "\(device)")
      #expect(gap.longest <= Self.period + Self.period / 3, "\(device): \(gap.longest)")
    }
  }

  struct Gaps {
    var renewals = 0
    var longest = Duration.zero
  }

  private static func play() throws -> [String: Gaps] {
    let tasks = SeededTasks(seed: 1)
    return try SeededTasks.with(tasks) {
      let clock = TestClock()
      let run = GatewayRun()
      let line = BusyLine(clock: clock)
      let ids = (1...devices).map { "battery-\($0)" }
      let batteries = try ids.map { _ in try ScriptedBattery(clock: clock) }
      let dispatcher = CommandDispatcher(context: context(clock, run))
      let targets = zip(ids, batteries).map { id, battery in
        DispatchTarget(
          deviceID: id, endpoint: EndpointID(id), part: 0, profile: battery.bound,
          adapter: LineAdapter(battery: battery, line: line))
      }
      Task {
        await dispatcher.configure(targets)
        for id in ids {
          _ = try? await dispatcher.submit(
            CommandRequest(
              deviceID: id, name: CommandName(kind: .battery, verb: "charge"), input: ["powerW": .number(2000)],
              durationSeconds: 600, actor: "ada"))
        }
      }
      for battery in batteries {
        Task {
          while !run.isOver {
            await line.exchange(isWrite: false)
            battery.poll()
            try? await clock.source.sleep(for: .seconds(1))
          }
        }
      }
      let end = clock.monotonic + .seconds(200)
      while clock.monotonic < end {
        tasks.run()
        clock.advance(by: max(.milliseconds(1), min(clock.nextDeadline ?? end, end) - clock.monotonic))
      }
      run.end()
      clock.endSleeps()
      tasks.run()
      // The poll never ended, so the line was as busy as it can be.
      #expect(line.busy > .seconds(180))
      return Dictionary(uniqueKeysWithValues: zip(ids, batteries.map { line.gaps(of: $0) }))
    }
  }

  private static func context(_ clock: TestClock, _ run: GatewayRun) -> DispatchContext {
    let ids = SharedCounter()
    let journal = MemoryJournal { _, _ in }
    return DispatchContext(
      store: MemoryJournal.Connection(journal: journal, run: run), time: clock.source, bootID: "boot-1",
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      connectivity: { _ in Connectivity(state: .online, since: clock.now) }, gridPower: { _ in nil },
      changed: { _ in }, found: { _ in }, makeID: { "cmd_\(ids.next())" })
  }
}

/// A line that carries one exchange at a time; writes go first, as on a real link.
private final class BusyLine: @unchecked Sendable {
  // Everything in this test runs on one thread; that is why it is `@unchecked`.
  static let duration = Duration.milliseconds(50)

  private let clock: TestClock
  private var isTaken = false
  private var waiting: [(isWrite: Bool, continuation: CheckedContinuation<Void, Never>)] = []
  private var written: [ObjectIdentifier: [Duration]] = [:]
  private(set) var busy = Duration.zero

  init(clock: TestClock) { self.clock = clock }

  func exchange(isWrite: Bool) async {
    if isTaken { await withCheckedContinuation { waiting.append((isWrite, $0)) } }
    isTaken = true
    try? await clock.source.sleep(for: Self.duration)
    busy += Self.duration
    guard !waiting.isEmpty else { return isTaken = false }
    waiting.remove(at: waiting.firstIndex { $0.isWrite } ?? 0).continuation.resume()
  }

  func note(_ battery: ScriptedBattery) { written[ObjectIdentifier(battery), default: []].append(clock.monotonic) }

  func gaps(of battery: ScriptedBattery) -> BusyLineTests.Gaps {
    let times = written[ObjectIdentifier(battery)] ?? []
    let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
    return .init(renewals: gaps.count, longest: gaps.max() ?? .zero)
  }
}

private struct LineAdapter: Adapter {
  let battery: ScriptedBattery
  let line: BusyLine

  func start() async {}
  func stop() async {}
  func statistics() async -> LinkStatistics { LinkStatistics() }

  func snapshot(of endpoint: EndpointID) async throws(CommandFault) -> EndpointSnapshot {
    try await battery.snapshot(of: endpoint)
  }

  func refresh(_ endpoint: EndpointID) async throws(CommandFault) {
    await line.exchange(isWrite: false)
    try await battery.refresh(endpoint)
  }

  func execute(_ operations: [WireOperation], on endpoint: EndpointID) async throws(CommandFault) {
    for operation in operations {
      await line.exchange(isWrite: true)
      if operation.write?.address == 11 { line.note(battery) }
      try await battery.execute([operation], on: endpoint)
    }
  }
}
