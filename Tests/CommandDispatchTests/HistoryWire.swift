import AdapterKit
import CommandDispatch
import DeviceProfiles
import EnergyModel
import Synchronization
import TestSupport

/// The way to the battery of one run of the gateway.
final class HistoryWire: Adapter {
  private let battery: ScriptedBattery
  private let run: GatewayRun
  private let witness: Witness

  init(battery: ScriptedBattery, run: GatewayRun, witness: Witness) {
    self.battery = battery
    self.run = run
    self.witness = witness
  }

  private func check() throws(CommandFault) {
    if run.isOver { throw CommandFault(kind: .notSent, message: "the run is over") }
  }

  func start() async {}
  func stop() async {}
  func statistics() async -> LinkStatistics { LinkStatistics() }

  func snapshot(of endpoint: EndpointID) async throws(CommandFault) -> EndpointSnapshot {
    await SeededTasks.pass()
    try check()
    battery.pollIfDue()
    return try await battery.snapshot(of: endpoint)
  }

  func refresh(_ endpoint: EndpointID) async throws(CommandFault) {
    await SeededTasks.pass()
    try check()
    try await battery.refresh(endpoint)
  }

  func execute(_ operations: [WireOperation], on endpoint: EndpointID) async throws(CommandFault) {
    try check()
    var hasLeft = false
    for operation in operations {
      await SeededTasks.pass()
      try check()
      // What cannot leave is not written.
      if !hasLeft, battery.state.withLock({ if case .unreachable = $0.mood { false } else { true } }) {
        hasLeft = true
        witness.leaves(operations.map(\.description), key: Self.key(operations))
      }
      do throws(CommandFault) {
        try await battery.execute([operation], on: endpoint)
      } catch {
        // The first operations are there already.
        throw hasLeft && error.kind == .notSent ? CommandFault(kind: .brokenOff, message: error.message) : error
      }
    }
  }

  private static func key(_ operations: [WireOperation]) -> String? {
    for write in operations.compactMap(\.write) {
      if write.address == 11 { return "charge \(write.value)" }
      if write.address == 12 { return "reserve \(write.value)" }
    }
    return nil
  }
}

/// Something that happens once.
final class SharedFlag: Sendable {
  private let state = Atomic<Bool>(false)
  var value: Bool { state.load(ordering: .sequentiallyConsistent) }
  func set() { state.store(true, ordering: .sequentiallyConsistent) }
}
