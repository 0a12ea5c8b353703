import DeviceProfiles
import EnergyModel
import TimeSource

extension CommandLane {
  /// Brings a command of the last run to an honest end: by reading back, never by sending it again.
  func recover(_ record: CommandRecord) async {
    guard await turn.take() else { return }
    defer { turn.give() }
    var record = record
    switch record.status {
    case .accepted, .scheduled, .queued:
      await fail(&record, .expired, .expired, "the gateway restarted before it was sent")
    case .dispatched, .acknowledged, .confirmed, .drifted:
      await readBackAfterRestart(&record)
    case .rejected, .completed, .reverted, .unconfirmed, .failed, .expired, .cancelled, .superseded:
      return
    }
  }

  private func readBackAfterRestart(_ record: inout CommandRecord) async {
    guard let command = target.description.command(record.name.verb) else {
      return await fail(
        &record, .unconfirmed, .unknownAfterCrash, "the profile does not know '\(record.name)' any more")
    }
    let validated = ValidatedCommand(
      command: command, input: record.input, before: record.evidence?.before ?? [:], operations: [],
      leaseSeconds: record.durationSeconds)
    let since = context.time.wall()
    // What must be undone is never given up; a lasting setting is not worth more than the named time.
    let patience = target.description.revert(of: command) == nil ? DispatchTiming.recoveryPatience : nil
    guard await untilHeard(patience: patience) else {
      guard !Task.isCancelled else { return }
      return await fail(
        &record, .unconfirmed, .unknownAfterCrash, "the gateway restarted and the device did not come online")
    }
    let wasConfirmed = record.history.contains { $0.status == .confirmed }
    let isOver = record.leaseExpiresAt.map { $0 <= context.time.wall() } ?? false
    if isOver {
      return await revert(
        &record, validated, as: wasConfirmed ? .completed : .reverted,
        detail: "its time ended while the gateway was not running")
    }
    guard let confirm = command.confirm else {
      return await unknown(&record, validated)
    }
    let outcome = await readBack(confirm, input: validated.input, before: validated.before, since: since)
    record.evidence?.after = outcome.values
    switch outcome.result {
    case .held:
      await markConfirmed(&record, validated, "read back after a restart, not sent again")
    case .interrupted: return
    case .never, .neverFresh: await unknown(&record, validated)
    }
  }

  private func unknown(_ record: inout CommandRecord, _ validated: ValidatedCommand) async {
    var message = "after a restart the device does not show it; it was not sent again"
    if let undo = target.description.revert(of: validated.command) {
      let failure = await send(undo.steps, validated)
      message += failure.map { "; going back to normal failed: \($0)" } ?? "; the device was sent back to normal"
    }
    await fail(&record, .unconfirmed, .unknownAfterCrash, message)
  }

  /// Waits until the device answers; `false` when it does not within `patience`, or the gateway stops.
  private func untilHeard(patience: Duration?) async -> Bool {
    let deadline = patience.map { context.time.monotonic() + $0 }
    while deadline.map({ context.time.monotonic() < $0 }) ?? true {
      let state = context.connectivity(target.deviceID).state
      if state == .online || state == .degraded { return true }
      guard (try? await context.time.sleep(for: DispatchTiming.checkInterval)) != nil else { return false }
    }
    return false
  }
}
