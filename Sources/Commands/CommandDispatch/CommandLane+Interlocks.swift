import AdapterKit
import DeviceProfiles
import EnergyModel
import GatewayStore
import TimeSource

extension CommandLane {
  /// Commands of the journal that are looked through for when the device was last told something.
  static let rememberedCommands = 50

  /// Refuses what the installation forbids. Giving control back is never forbidden.
  func checkInterlocks(of validated: ValidatedCommand) async throws(CommandRefusal) {
    let verb = validated.command.verb
    guard !validated.command.isRelease, target.interlocks != Interlocks() else { return }
    let check = try await interlockCheck()
    try check.check(verb, validated.input)
    await recall()
    try check.checkTimes(verb, validated.input, memory, now: context.time.monotonic())
    try await checkOthers(verb)
  }

  /// What is forbidden about a running lease by now; `nil` when nothing is, or when the device says nothing.
  func violation(of lease: ActiveLease) async -> CommandRefusal? {
    guard target.interlocks != Interlocks() else { return nil }
    do throws(CommandRefusal) {
      var check = try await interlockCheck()
      check.isRunning = true
      try check.check(lease.validated.command.verb, lease.validated.input)
      return nil
    } catch {
      return error.code == .interlock ? error : nil
    }
  }

  /// Remembers that something goes out.
  func remember(_ validated: ValidatedCommand) {
    let now = context.time.monotonic()
    memory.lastCommandAt = now
    if let isOn = SwitchMemory.switching(validated.command.verb, validated.input) { memory.lastSwitch = (isOn, now) }
  }

  private func interlockCheck() async throws(CommandRefusal) -> InterlockCheck {
    let target = target
    do {
      return InterlockCheck(
        interlocks: target.interlocks, target: target, snapshot: try await target.adapter.snapshot(of: target.endpoint),
        gridPowerW: context.gridPower(target.deviceID), now: context.time.wall())
    } catch {
      throw CommandRefusal(.deviceOffline, error.message)
    }
  }

  /// Charging one battery from another is never what somebody wants.
  private func checkOthers(_ verb: String) async throws(CommandRefusal) {
    let opposite = ["charge": "discharge", "discharge": "charge"]
    for id in target.interlocks.exclusiveWith {
      guard let other = await holderOf(id), other.verb == opposite[verb] else { continue }
      throw CommandRefusal(
        .interlock, "an interlock of \(target.deviceID) forbids it: \(id) is held by \(other)",
        hint: "exclusiveWith names \(id)")
    }
  }

  /// What was told before this run, from the journal. A time that lies in the future counts as now.
  private func recall() async {
    guard !hasRecalled else { return }
    hasRecalled = true
    let earlier = try? await context.store.commands(deviceID: target.deviceID, limit: Self.rememberedCommands)
    for record in (earlier ?? []).reversed() where record.name != .refresh {
      guard let sent = record.history.first(where: { $0.status == .dispatched }) else { continue }
      let age =
        context.age(of: record.dispatchedOn) ?? .milliseconds(max(0, context.time.wall().millisecondsSince(sent.at)))
      let at = context.time.monotonic() - age
      memory.lastCommandAt = max(memory.lastCommandAt ?? at, at)
      if let isOn = SwitchMemory.switching(record.name.verb, record.input) { memory.lastSwitch = (isOn, at) }
    }
  }
}
