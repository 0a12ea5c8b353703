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
      await revert(record, opened(record, command), as: .reverted, detail: "the gateway had ended without undoing it")
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
    if isOver(record) {
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
      // A crash between two commands may have left both open; the later one counts.
      await makeRoom(for: record, validated)
      await supersede(by: record, validated)
      await markConfirmed(&record, validated, "read back after a restart, not sent again")
    case .interrupted: return
    case .never, .neverFresh: await unknown(&record, validated)
    }
  }

  private func unknown(_ record: inout CommandRecord, _ validated: ValidatedCommand) async {
    await abandon(
      &record, validated, .unconfirmed, .unknownAfterCrash,
      "after a restart the device does not show it; it was not sent again")
  }

  /// Whether its lease ended. A clock that is behind the journal cannot be trusted with the rest of a lease.
  private func isOver(_ record: CommandRecord) -> Bool {
    guard let expiry = record.leaseExpiresAt else { return false }
    let now = context.time.wall()
    return expiry <= now || record.history.contains { $0.at > now }
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
