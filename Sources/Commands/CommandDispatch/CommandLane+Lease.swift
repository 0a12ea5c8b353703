import AdapterKit
import DeviceProfiles
import EnergyModel
import Logging
import TimeSource

extension CommandLane {
  // MARK: Holding

  /// Starts the lease of a confirmed command; a lasting setting has none.
  func hold(_ record: CommandRecord, _ validated: ValidatedCommand) {
    guard let expiry = record.leaseExpiresAt else { return }
    let remaining = max(0, expiry.millisecondsSince(context.time.wall()))
    var active = ActiveLease(
      record: record, validated: validated, endsAt: context.time.monotonic() + .milliseconds(remaining))
    active.task = Task { await keep() }
    lease = active
  }

  /// Feeds the device's timer, watches the device, and undoes the command when its time is over.
  private func keep() async {
    guard let started = lease else { return }
    let renewEvery = started.validated.command.keepAlive.map { $0.timeout / 3 }
    var nextRenewal = renewEvery.map { context.time.monotonic() + $0 }
    var nextLook = context.time.monotonic() + DispatchTiming.superviseInterval
    var drift = DriftWatch()
    while let lease, !Task.isCancelled {
      let wake = [lease.endsAt, nextRenewal, nextLook].compactMap(\.self).min() ?? lease.endsAt
      guard (try? await context.time.sleepUntil(wake)) != nil else { return }
      let now = context.time.monotonic()
      if now >= lease.endsAt { return await runOut() }
      if let renewal = nextRenewal, let renewEvery, now >= renewal {
        await renew()
        nextRenewal = now + renewEvery
      }
      if now >= nextLook {
        await supervise(&drift)
        nextLook = context.time.monotonic() + DispatchTiming.superviseInterval
      }
    }
  }

  private func renew() async {
    guard let lease, let keepAlive = lease.validated.command.keepAlive, await turn.take() else { return }
    defer { turn.give() }
    let steps = keepAlive.steps.isEmpty ? lease.validated.command.steps : keepAlive.steps
    if let failure = await send(steps, lease.validated) {
      context.logger.warning(
        "the lease could not be renewed: \(failure)",
        metadata: ["device": "\(target.deviceID)", "command": "\(lease.record.id)"])
    }
  }

  /// Compares the device with the command. Drift is written again a named number of times, then only reported.
  private func supervise(_ drift: inout DriftWatch) async {
    guard let lease, let confirm = lease.validated.command.confirm,
      let look = await look(at: confirm.expect, input: lease.validated.input, before: lease.validated.before)
    else { return }
    var record = lease.record
    switch drift.observe(holds: look.holds, now: context.time.monotonic()) {
    case .nothing: return
    case .recovered: await change(&record, .confirmed, "the device does it again")
    case .drifted(let reassert):
      await change(&record, .drifted, "the device does not show it any more: \(confirm.expect.text)")
      if reassert, await turn.take() {
        let failure = await send(lease.validated.command.steps, lease.validated)
        turn.give()
        if let failure { record.history.append(.init(status: .drifted, at: context.time.wall(), detail: failure)) }
      }
    }
    if self.lease?.record.id == record.id { self.lease?.record = record }
  }

  // MARK: Ending

  private func runOut() async {
    guard await turn.take() else { return }
    defer { turn.give() }
    guard var ended = lease else { return }
    lease = nil
    await revert(&ended.record, ended.validated, as: .completed, detail: "its time is over")
  }

  /// Ends the running lease before its time and undoes the command.
  func endLease(as status: CommandStatus, detail: String) async {
    guard let running = lease else { return }
    running.task?.cancel()
    await running.task?.value
    guard await turn.take() else { return }
    defer { turn.give() }
    guard var ended = lease, ended.record.id == running.record.id else { return }
    lease = nil
    await revert(&ended.record, ended.validated, as: status, detail: detail)
  }

  /// Ends the running lease because another command takes over. The caller has the turn; nothing is undone between.
  func supersedeLease(by record: CommandRecord) async {
    guard let running = lease else { return }
    running.task?.cancel()
    await running.task?.value
    guard var ended = lease else { return }
    lease = nil
    let isRelease = record.name.verb == ProfilePart.autoVerb
    await change(
      &ended.record, isRelease ? .cancelled : .superseded, "\(record.name) took over (\(record.id))")
  }

  /// Writes the revert, reads it back, and tries again until it worked or the gateway stops.
  func revert(
    _ record: inout CommandRecord, _ validated: ValidatedCommand, as status: CommandStatus, detail: String
  ) async {
    guard let undo = target.description.revert(of: validated.command) else {
      await change(&record, status, detail)
      return
    }
    var attempt = 1
    while true {
      let since = context.time.wall()
      var failure = await send(undo.steps, validated)
      if failure == nil, let confirm = undo.confirm, !isStopping {
        let outcome = await readBack(confirm, input: validated.input, before: validated.before, since: since)
        if outcome.result == .never || outcome.result == .neverFresh {
          failure = "the device did not show: \(confirm.expect.text)"
        }
      }
      guard let failure else {
        await change(&record, status, "\(detail); the device is back to normal")
        return
      }
      await change(&record, .drifted, "going back to normal failed (attempt \(attempt)): \(failure)")
      attempt += 1
      // Stays open in the journal: the next start goes on from here.
      guard !isStopping, (try? await context.time.sleep(for: DispatchTiming.revertRetryInterval)) != nil else { return }
    }
  }
}

/// Tells a passing mismatch from drift.
struct DriftWatch {
  enum Finding: Equatable { case nothing, recovered, drifted(reassert: Bool) }

  private var mismatchSince: Duration?
  private var isDrifted = false
  private var reasserts = 0

  mutating func observe(holds: Bool, now: Duration) -> Finding {
    if holds {
      mismatchSince = nil
      defer { isDrifted = false }
      return isDrifted ? .recovered : .nothing
    }
    let since = mismatchSince ?? now
    mismatchSince = since
    guard now - since >= DispatchTiming.driftAfter else { return .nothing }
    mismatchSince = now
    if isDrifted, reasserts >= DispatchTiming.maxReasserts { return .nothing }
    isDrifted = true
    let reassert = reasserts < DispatchTiming.maxReasserts
    if reassert { reasserts += 1 }
    return .drifted(reassert: reassert)
  }
}
