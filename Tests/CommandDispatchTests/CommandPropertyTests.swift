import AdapterKit
import CommandDispatch
import DeviceProfiles
import EnergyModel
import Foundation
import GatewayStore
import Synchronization
import TestSupport
import Testing

/// Random histories of a device: commands, withdrawals, time, moods and crashes.
@Suite("Whatever happens to a battery")
struct CommandPropertyTests {
  @Test(
    "Each command ends once, no setting is sent twice, and the battery is back to normal", arguments: UInt64(1)...12)
  func history(seed: UInt64) async throws {
    var random = SeededGenerator(state: seed)
    var life = try await Life()
    for _ in 0..<40 { try await life.next(&random) }
    try await life.calmDown()

    let records = try await life.bench.store.commands(limit: 1000)
    #expect(!records.isEmpty)
    for record in records {
      let ends = record.history.filter { $0.status != .confirmed && $0.status.isTerminal(hasLease: true) }
      #expect(record.isTerminal, "\(record.id): \(record.history)")
      #expect(ends.count == (record.status == .confirmed ? 0 : 1), "\(record.id): \(record.history)")
    }
    let settings = life.battery.written.filter { $0.contains("holding 12") }
    #expect(Set(settings).count == settings.count, "a setting was sent twice: \(settings)")
    #expect(life.battery.register(10) == 0)
    await life.bench.dispatcher.stop()
    try await life.bench.close()
  }
}

/// One battery over several runs of the gateway.
private struct Life {
  let battery: ScriptedBattery
  var bench: DispatchBench
  private var wire: Wire
  private var ids: [String] = []
  private var reserve = 0.0

  init() async throws {
    bench = try await DispatchBench()
    battery = bench.battery
    wire = Wire(battery)
    await connect()
  }

  private func connect() async {
    await bench.dispatcher.configure([
      DispatchTarget(
        deviceID: "battery-1", endpoint: ScriptedBattery.endpoint, part: 0, profile: battery.bound, adapter: wire)
    ])
  }

  mutating func next(_ random: inout SeededGenerator) async throws {
    switch Int.random(in: 0..<10, using: &random) {
    case 0...3: await submit(&random)
    case 4:
      if let id = ids.randomElement(using: &random) {
        Task { [dispatcher = bench.dispatcher] in await dispatcher.cancel(id) }
      }
    case 5:
      let moods: [ScriptedBattery.Mood] = [.obedient, .obedient, .ignoring, .refusing, .silentAfterDoing, .unreachable]
      battery.set(moods.randomElement(using: &random) ?? .obedient)
    case 6: if Int.random(in: 0..<3, using: &random) == 0 { try await crash() }
    default: for _ in 0..<Int.random(in: 1..<80, using: &random) { await pass() }
    }
  }

  private mutating func submit(_ random: inout SeededGenerator) async {
    try? await battery.refresh(ScriptedBattery.endpoint)
    let actor = Bool.random(using: &random) ? "ada" : "bob"
    let policy: CommandRequest.ConflictPolicy = Bool.random(using: &random) ? .reject : .cancelAndReplace
    reserve += 1
    let request =
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bench.request("set-reserve", ["reservePercent": .number(reserve)], actor: actor, onConflict: policy)
      case 1: bench.request("auto", actor: actor, onConflict: policy)
      default:
        bench.request(
          "charge", ["powerW": .number(Double.random(in: 500...4000, using: &random).rounded())],
          duration: Double.random(in: 2...60, using: &random), actor: actor, onConflict: policy)
      }
    if let id = try? await bench.dispatcher.submit(request).record.id { ids.append(id) }
  }

  /// The gateway is gone from one moment to the next; another one starts with its journal.
  private mutating func crash() async throws {
    wire.cut()
    try await bench.store.close()
    bench = try await DispatchBench(clock: bench.clock, battery: battery, folder: bench.folder)
    wire = Wire(battery)
    await connect()
    try await bench.dispatcher.recover()
  }

  private func pass() async {
    _ = bench.step()
    // The journal is on a real disk; time must not run away from it.
    _ = try? await bench.store.command(id: "none")
  }

  /// An obedient device and enough time for every lease and every attempt.
  mutating func calmDown() async throws {
    battery.set(.obedient)
    for _ in 0..<3000 {
      await pass()
      if try await bench.store.openCommands().isEmpty { return }
    }
  }
}

/// The way to the battery of one run of the gateway.
private final class Wire: Adapter {
  private let battery: ScriptedBattery
  private let isCut = Atomic<Bool>(false)

  init(_ battery: ScriptedBattery) { self.battery = battery }

  func cut() { isCut.store(true, ordering: .sequentiallyConsistent) }

  private func check() throws(CommandFault) {
    if isCut.load(ordering: .sequentiallyConsistent) { throw CommandFault(kind: .notSent, message: "the run is over") }
  }

  func start() async {}
  func stop() async {}
  func statistics() async -> LinkStatistics { LinkStatistics() }
  func snapshot(of endpoint: EndpointID) async throws(CommandFault) -> EndpointSnapshot {
    try check()
    return try await battery.snapshot(of: endpoint)
  }
  func refresh(_ endpoint: EndpointID) async throws(CommandFault) {
    try check()
    try await battery.refresh(endpoint)
  }
  func execute(_ operations: [WireOperation], on endpoint: EndpointID) async throws(CommandFault) {
    try check()
    try await battery.execute(operations, on: endpoint)
  }
}

/// SplitMix64: the same seed gives the same history.
private struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
