import DeviceProfiles
import EnergyModel
import TimeSource

extension CommandLane {
  static let recoveryKey = "recovery"

  /// Starts to look after the commands of the last run, oldest first. Has the turn when it returns: a new command waits.
  func beginRecovery(_ records: [CommandRecord]) async {
    guard !records.isEmpty, !isStopping, await turn.take() else { return }
    running[Self.recoveryKey] = Task {
      for record in records { await recover(record) }
      turn.give()
      running[Self.recoveryKey] = nil
    }
  }

  /// Undoes what the last run left in force, the newest first, so that what was before the oldest comes back. Lasting
  /// settings have nothing to undo; the next start reads them back.
  func giveBack(_ records: [CommandRecord], patience: Duration) async {
    guard await turn.take() else { return }
    defer { turn.give() }
    for record in records.reversed() {
      switch record.status {
      case .dispatched, .acknowledged, .confirmed, .drifted: break
      default: continue
      }
      guard let command = command(of: record),
        target.description.revert(of: command) != nil, await untilHeard(patience: patience)
      else { continue }
      await revert(
        record, opened(record, command), as: record.revert?.endsAs ?? .reverted,
        detail: record.revert?.isSent == true
          ? "seen by the fail-safe" : "the gateway had ended without undoing it")
    }
    undoing?.cancel()
  }

  /// A command of the last run as far as it can be undone or read back.
  private func opened(_ record: CommandRecord, _ command: ProfileCommand) -> ValidatedCommand {
    ValidatedCommand(
      command: command, input: record.input, before: record.evidence?.before ?? [:], operations: [],
      leaseSeconds: record.durationSeconds)
  }

  /// Brings a command of the last run to an honest end: by reading back, never by sending it again.
  private func recover(_ record: CommandRecord) async {
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
    if record.name == .refresh {
      return await fail(&record, .failed, .unknownAfterCrash, "the gateway restarted before the device was read")
    }
    // Which variant it is may only be known when the device was heard.
    if !target.profile.parametersToRead.isEmpty { _ = await untilHeard(patience: DispatchTiming.recoveryPatience) }
    await presentTarget()
    guard let command = command(of: record) else {
      return await fail(
        &record, .unconfirmed, .unknownAfterCrash, "the profile does not know '\(record.name)' any more")
    }
    let validated = opened(record, command)
    let since = context.time.wall()
    // What must be undone is never given up; a lasting setting is not worth more than the named time.
    let patience = target.description.revert(of: command) == nil ? DispatchTiming.recoveryPatience : nil
    guard await untilHeard(patience: patience) else {
      guard !Task.isCancelled else { return }
      return await fail(
        &record, .unconfirmed, .unknownAfterCrash, "the gateway restarted and the device did not come online")
    }
    let wasConfirmed = record.history.contains { $0.status == .confirmed }
    if let begun = record.revert {
      return await revert(
        record, validated, as: begun.endsAs, detail: "looked after again when the gateway had started")
    }
    if record.leaseExpiresAt != nil, timeLeft(of: record) == .zero {
      let status: CommandStatus =
        switch record.failure?.code {
        case nil: wasConfirmed ? .completed : .reverted
        case .vendorRejected: .failed
        default: .unconfirmed
        }
      return await revert(record, validated, as: status, detail: "its time ended before the gateway started")
    }
    guard let confirm = command.confirm else {
      return await unknown(&record, validated)
    }
    let outcome = await readBack(confirm, input: validated.input, before: validated.before, since: since)
    record.evidence?.after = outcome.values
    switch outcome.result {
    case .held:
      let isProven = isOwnWork(record, validated, confirm)
      // Nothing is kept up that may never have been sent: its first renewal would send it.
      guard isProven || !holds(record, validated) else {
        return await unknown(
          &record, validated,
          "the device shows it after a restart, but may have done so before; it was not sent again")
      }
      // A crash between two commands may have left both open; the later one counts.
      await makeRoom(for: record, validated)
      await supersede(by: record, validated)
      await markConfirmed(
        &record, validated,
        isProven
          ? "read back after a restart, not sent again"
          : "read back after a restart: the device is there, and may have been before; not sent again")
    case .interrupted: return
    case .never, .neverFresh: await unknown(&record, validated)
    }
  }

  /// Whether what the device shows comes from this command and from nothing else: the device said yes to it, or it did
  /// not show this before, and no earlier command is in force that could have brought it there.
  private func isOwnWork(_ record: CommandRecord, _ validated: ValidatedCommand, _ confirm: Confirmation) -> Bool {
    if record.history.contains(where: { $0.status == .acknowledged || $0.status == .confirmed }) { return true }
    let (bound, before) = (target.profile, validated.before)
    let shown = confirm.expect.evaluate { name in
      func rest(_ prefix: String) -> String? { name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil }
      if let argument = rest("input.") { return validated.input[argument] ?? .null }
      if let parameter = rest("parameter.") { return bound.parameters[parameter] ?? .null }
      return before[rest("before.") ?? name] ?? .null
    }
    return shown == .flag(false) && lease == nil && owed.isEmpty
  }

  /// Whether it is kept up by renewals or has to be undone.
  private func holds(_ record: CommandRecord, _ validated: ValidatedCommand) -> Bool {
    record.leaseExpiresAt != nil || target.description.revert(of: validated.command) != nil
  }

  private func unknown(
    _ record: inout CommandRecord, _ validated: ValidatedCommand,
    _ why: String = "after a restart the device does not show it; it was not sent again"
  ) async {
    // It may have ended an earlier lease, so that one does not go on either.
    if let running = lease, replaces(validated.command, running.validated.command), var ended = await dropLease() {
      let words = "\(record.name) may have taken over before the restart (\(record.id))"
      if validated.command.isRelease {
        await revert(ended.record, ended.validated, as: .cancelled, detail: words)
      } else {
        await change(&ended.record, .superseded, words)
      }
    }
    await abandon(&record, validated, .unconfirmed, .unknownAfterCrash, why)
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
