import AdapterKit
import DeviceProfiles
import EnergyModel
import Logging
import TimeSource

extension CommandLane {
  // MARK: Holding

  /// Starts the lease of a confirmed command; a lasting setting has none.
  func hold(_ record: inout CommandRecord, _ validated: ValidatedCommand) {
    guard record.leaseExpiresAt != nil else { return }
    let left = timeLeft(of: record)
    record.leaseExpiresAt = context.time.wall().advanced(byMilliseconds: left.milliseconds)
    if record.dispatchedOn?.bootID != context.bootID {
      // From here on it is counted on this machine's clock, also by the next run.
      var began = context.bootTime
      began.milliseconds -= (wholeLease(of: record) - left).milliseconds
      record.dispatchedOn = began
    }
    var active = ActiveLease(
      record: record, validated: validated, endsAt: context.time.monotonic() + left)
    active.task = Task { await keepUp() }
    lease = active
  }

  /// What is left of a command's lease, zero when it is over.
  ///
  /// Within one start of the machine that is counted on the monotonic clock, also by another run of the gateway. After
  /// another start only wall time is left: it is believed where it lies between the command's last step and the end of
  /// the lease, and leaves no more than the whole lease.
  func timeLeft(of record: CommandRecord) -> Duration {
    guard let expiry = record.leaseExpiresAt else { return .zero }
    let whole = wholeLease(of: record)
    if let age = context.age(of: record.dispatchedOn) { return max(.zero, whole - age) }
    let now = context.time.wall()
    let left = Duration.milliseconds(expiry.millisecondsSince(now))
    guard left <= whole, record.history.allSatisfy({ $0.at <= now }) else { return .zero }
    return max(.zero, left)
  }

  private func wholeLease(of record: CommandRecord) -> Duration {
    .milliseconds(Int64((record.durationSeconds ?? CommandValidation.defaultLeaseSeconds) * 1000))
  }

  /// After wall time was set: says when the lease ends on the new one.
  private func correctExpiry() async {
    guard let lease else { return }
    let left = lease.endsAt - context.time.monotonic()
    let end = context.time.wall().advanced(byMilliseconds: left.milliseconds)
    guard let said = lease.record.leaseExpiresAt,
      end.millisecondsSince(said).magnitude > DispatchTiming.wallTolerance.milliseconds.magnitude
    else { return }
    self.lease?.record.leaseExpiresAt = end
    if let record = self.lease?.record { await keep(record) }
  }

  /// Feeds the device's timer, watches the device, and undoes the command when its time is over.
  private func keepUp() async {
    guard let started = lease else { return }
    let renewEvery = started.validated.command.keepAlive.map { $0.timeout / 3 }
    // The device's timer runs since the write, and on a busy bus the proof takes a good part of it.
    let age = context.age(of: started.record.dispatchedOn) ?? .zero
    var nextRenewal = renewEvery.map { context.time.monotonic() + max(DispatchTiming.shortestRenewalDelay, $0 - age) }
    var nextLook = context.time.monotonic() + DispatchTiming.superviseInterval
    var drift = DriftWatch()
    while let lease, !Task.isCancelled {
      let wake = [lease.endsAt, nextRenewal, nextLook].compactMap(\.self).min() ?? lease.endsAt
      guard (try? await context.time.sleepUntil(wake)) != nil else { return }
      let now = context.time.monotonic()
      if now >= lease.endsAt { return await runOut() }
      if let renewal = nextRenewal, let renewEvery, now >= renewal {
        // Nobody knows what a silent device does: it is left to its own timer.
        if !drift.isSilent { await renew() }
        nextRenewal = now + renewEvery
      }
      if now >= nextLook {
        await correctExpiry()
        if let forbidden = await violation(of: lease) { return await forbid(lease.record.id, forbidden) }
        await supervise(&drift)
        nextLook = context.time.monotonic() + DispatchTiming.superviseInterval
      }
    }
  }

  private func renew() async {
    guard let lease, let keepAlive = lease.validated.command.keepAlive, !Task.isCancelled,
      context.time.monotonic() < lease.endsAt, await violation(of: lease) == nil
    else { return }
    let steps = keepAlive.steps.isEmpty ? lease.validated.command.steps : keepAlive.steps
    if let failure = await send(steps, lease.validated) {
      context.logger.warning(
        "the lease could not be renewed: \(failure)",
        metadata: ["device": "\(target.deviceID)", "command": "\(lease.record.id)"])
    }
  }

  /// Compares the device with the command. Drift is written again a named number of times, then only reported.
  private func supervise(_ drift: inout DriftWatch) async {
    guard let lease, let confirm = lease.validated.command.confirm else { return }
    let look = await look(at: confirm.expect, input: lease.validated.input, before: lease.validated.before)
    let patience = target.profile.staleAfter(part: target.part)
    let wasSilent = drift.isSilent
    let isSilent = drift.listen(
      look?.observedAt, now: context.time.monotonic(), patience: tellsByItself(confirm) ? patience : nil)
    if isSilent { return wasSilent ? () : await noteSilence(lease.record, patience) }
    guard let look else { return }
    var record = lease.record
    switch drift.observe(holds: look.holds, now: context.time.monotonic(), after: driftAfter(confirm)) {
    case .nothing: return
    case .recovered:
      await change(&record, .confirmed, "the device does it again")
      await context.found(.over(.commandDrifted, deviceID: target.deviceID))
    case .drifted(let reassert):
      await change(&record, .drifted, "the device does not show it any more: \(confirm.expect.text)")
      if !reassert {
        await context.found(
          .wrong(
            .commandDrifted, record,
            message: "\(target.deviceID) stopped doing \(record.name), and writing it again did not help: "
              + confirm.expect.text))
      }
      if reassert, await turn.take() {
        defer { turn.give() }
        guard !Task.isCancelled, context.time.monotonic() < lease.endsAt,
          await hasWriteBudget(for: lease.validated.command), await countWrite(for: lease.validated.command)
        else { break }
        if let failure = await send(lease.validated.command.steps, lease.validated) {
          record.history.append(.init(status: .drifted, at: context.time.wall(), detail: "\(failure)"))
        }
      }
    }
    if self.lease?.record.id == record.id { self.lease?.record = record }
  }

  /// No fresh values are no proof that it goes on. Nothing is written on old numbers, but a person is told.
  private func noteSilence(_ silent: CommandRecord, _ patience: Duration) async {
    var record = silent
    let words =
      "no fresh telemetry for \(patience.milliseconds / 1000) s: nobody knows whether the device still does it"
    await change(&record, .drifted, words)
    await context.found(.wrong(.commandDrifted, record, message: "\(target.deviceID), \(record.name): \(words)"))
    if lease?.record.id == record.id { lease?.record = record }
  }

  /// How long a predicate may fail: a passing mismatch is none, and a slow product has its own time.
  private func driftAfter(_ confirm: Confirmation) -> Duration {
    confirm.within > DispatchTiming.slowestUsual ? confirm.within : DispatchTiming.driftAfter
  }

  // MARK: Ending

  private func runOut() async {
    guard await turn.take() else { return }
    defer { turn.give() }
    guard !Task.isCancelled, let ended = lease else { return }
    lease = nil
    await revert(ended.record, ended.validated, as: .completed, detail: "its time is over")
  }

  /// Ends a lease that the installation forbids by now.
  private func forbid(_ id: String, _ refusal: CommandRefusal) async {
    guard await turn.take() else { return }
    defer { turn.give() }
    guard !Task.isCancelled, var ended = lease, ended.record.id == id else { return }
    lease = nil
    ended.record.failure = .init(code: refusal.code, message: refusal.description, isRetryable: true)
    await revert(ended.record, ended.validated, as: .reverted, detail: refusal.message)
  }

  /// Ends the running lease before its time and undoes the command.
  func endLease(as status: CommandStatus, detail: String) async {
    guard let running = lease else { return }
    running.task?.cancel()
    await running.task?.value
    guard await turn.take() else { return }
    defer { turn.give() }
    guard let ended = lease, ended.record.id == running.record.id else { return }
    lease = nil
    await revert(ended.record, ended.validated, as: status, detail: detail)
  }

  /// Takes the running lease away from its task. The caller has the turn and decides what becomes of the device.
  func dropLease() async -> ActiveLease? {
    guard let running = lease else { return nil }
    running.task?.cancel()
    await running.task?.value
    guard let ended = lease, ended.record.id == running.record.id else { return nil }
    lease = nil
    return ended
  }

  // MARK: Taking over

  /// Whether a command replaces what another one did, so that nothing of the other is left to undo. A lasting setting
  /// beside an override replaces nothing: the override goes on and is undone at its end.
  func replaces(_ new: ProfileCommand, _ old: ProfileCommand) -> Bool {
    if new.verb == old.verb { return true }
    guard case .toDefault = old.revert else { return false }
    if case .toDefault = new.revert { return true }
    return new.isRelease
  }

  /// Before a command is sent: undoes the running lease if the new command needs the device and would not replace it.
  func makeRoom(for record: CommandRecord, _ validated: ValidatedCommand) async {
    let isRelease = validated.command.isRelease
    displaced = nil
    guard let running = lease, isRelease || validated.leaseSeconds != nil,
      !replaces(validated.command, running.validated.command), let ended = await dropLease()
    else { return }
    displaced = ended.record
    await revert(
      ended.record, ended.validated, as: isRelease ? .cancelled : .superseded,
      detail: "\(record.name) took over (\(record.id))")
  }

  /// After a command was sent: ends the lease that it replaced. Nothing is undone between.
  func supersede(by record: CommandRecord, _ validated: ValidatedCommand) async {
    guard let running = lease, running.record.id != record.id,
      replaces(validated.command, running.validated.command), var ended = await dropLease()
    else { return }
    guard !validated.command.isRelease else {
      // Undone when the device shows it. Until then it is owed, so that a device that refuses or ignores is told again.
      return owe(
        Undo(record: ended.record, validated: ended.validated, status: .cancelled, detail: "control was given back"))
    }
    await change(&ended.record, .superseded, "\(record.name) took over (\(record.id))")
  }

  /// A command that replaces another of its kind goes back to what was before the first of them.
  func inheriting(_ validated: ValidatedCommand) -> ValidatedCommand {
    guard case .steps = validated.command.revert else { return validated }
    let earlier = (lease.map { [$0.validated] } ?? []) + owed.map(\.validated)
    guard let first = earlier.first(where: { $0.command.verb == validated.command.verb }) else { return validated }
    var validated = validated
    validated.before = first.before
    return validated
  }

  /// A confirmed command replaced what was still owed to the device.
  func settleOwed(by record: CommandRecord, _ validated: ValidatedCommand) async {
    let settled = owed.filter { replaces(validated.command, $0.validated.command) }
    owed.removeAll { replaces(validated.command, $0.validated.command) }
    if !settled.isEmpty, owed.isEmpty { await context.found(.over(.revertFailed, deviceID: target.deviceID)) }
    let isRelease = validated.command.isRelease
    for var undo in settled {
      let status = isRelease || undo.record.failure != nil ? undo.status : .superseded
      await change(&undo.record, status, "\(undo.detail); \(record.name) took over (\(record.id))")
    }
  }
}

/// Tells a passing mismatch from drift.
struct DriftWatch {
  enum Finding: Equatable { case nothing, recovered, drifted(reassert: Bool) }

  private var mismatchSince: Duration?
  private var lastObservation: Timestamp?
  private var heardAt: Duration?
  /// Whether nothing new was observed for too long.
  private(set) var isSilent = false
  private var isDrifted = false
  private var reasserts = 0
  private var hasGivenUp = false

  /// Notes when what the device shows was observed. Returns whether it has been silent for longer than `patience`, on the
  /// monotonic clock; `nil` = it need not say anything.
  mutating func listen(_ observedAt: Timestamp?, now: Duration, patience: Duration?) -> Bool {
    if heardAt == nil || observedAt != nil && observedAt != lastObservation {
      lastObservation = observedAt
      heardAt = now
    }
    guard let patience, let heardAt else { return false }
    let wasSilent = isSilent
    isSilent = now - heardAt > patience
    if isSilent {
      isDrifted = true
      mismatchSince = nil
    } else if wasSilent {
      mismatchSince = nil
    }
    return isSilent
  }

  mutating func observe(holds: Bool, now: Duration, after: Duration = DispatchTiming.driftAfter) -> Finding {
    if holds {
      mismatchSince = nil
      hasGivenUp = false
      defer { isDrifted = false }
      return isDrifted ? .recovered : .nothing
    }
    let since = mismatchSince ?? now
    mismatchSince = since
    guard now - since >= after else { return .nothing }
    mismatchSince = now
    guard !hasGivenUp else { return .nothing }
    isDrifted = true
    guard reasserts < DispatchTiming.maxReasserts else {
      hasGivenUp = true
      return .drifted(reassert: false)
    }
    reasserts += 1
    return .drifted(reassert: true)
  }
}
