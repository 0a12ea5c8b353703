import CommandDispatch
import EnergyModel
import GatewayStore
import Logging

/// What became of what was sent, and its end.
extension ScheduleRunner {
  /// Looks what the journal says of the commands that were open.
  func followUp(_ now: Timestamp) async throws(GatewayStoreError) {
    let asked = runs.values.filter(\.isOpen)
    guard !asked.isEmpty else { return }
    let open = Set(try await store.openCommands().map(\.id))
    for var run in asked {
      guard let id = run.commandID, !open.contains(id) else { continue }
      let command = try await store.command(id: id)
      run.isOpen = false
      run.problem = command?.failure?.message
      switch command?.status {
      // A stop or a crash undid it: within its interval it is taken up again.
      case .reverted: run.nextAttemptAt = run.attempts < Self.maxAttempts ? now : nil
      // Somebody of a higher priority took the device: when he is done, the rest of the interval is taken up. What was
      // withdrawn on its way, and nobody holds the device, was stopped on purpose.
      case .superseded where run.attempts < Self.maxAttempts:
        let wasInForce = command?.history.contains { $0.status == .confirmed } ?? false
        let isHeld = await hands.higherHolder(run.deviceID) != nil
        if wasInForce || isHeld { run.nextAttemptAt = now }
      case .expired: run.nextAttemptAt = retry(run, now)
      case .failed where command?.failure?.code == .deviceOffline: run.nextAttemptAt = retry(run, now)
      default: break
      }
      if isOneShot(run.scheduleID) { run.nextAttemptAt = nil }
      try await keep(run)
    }
  }

  /// Undoes what weekly schedules did and do not want any more.
  func release(
    _ follower: Follower, wanted: SchedulePlan.Segment?, _ now: Timestamp
  ) async throws(GatewayStoreError) {
    let over = runs.filter { key, run in
      guard key.device == follower.id, !isOneShot(key.schedule) else { return false }
      return wanted.map { $0.scheduleID != key.schedule || $0.start != run.start } ?? true
    }
    for (key, run) in over {
      // The same sender may replace his own command, and nothing is undone between.
      if wanted?.scheduleID == key.schedule { continue }
      try await undo(run, isReplaced: wanted != nil, now)
      runs[key] = nil
      try await store.removeRun(scheduleID: key.schedule, deviceID: key.device)
    }
  }

  private func undo(_ run: ScheduleRun, isReplaced: Bool, _ now: Timestamp) async throws(GatewayStoreError) {
    guard let id = run.commandID, let command = try await store.command(id: id) else { return }
    if !command.isTerminal {
      // At the interval's end the lease ends by itself.
      let endsItself = command.leaseExpiresAt.map { $0.millisecondsSince(now) <= Self.shortestMilliseconds } ?? false
      if isReplaced || !endsItself { await hands.cancel(id) }
      return
    }
    // A lasting setting has no lease that ends; the device is given back to itself, where it can be.
    guard !isReplaced, command.status == .confirmed, command.leaseExpiresAt == nil, command.name.verb != "auto"
    else { return }
    let auto = CommandName(kind: command.name.kind, verb: "auto")
    guard await hands.acceptsDuration(run.deviceID, auto) != nil else { return }
    let key = "\(run.scheduleID)/\(run.deviceID)/\(run.start.milliseconds)/end"
    do throws(CommandRefusal) {
      _ = try await hands.submit(
        CommandRequest(
          deviceID: run.deviceID, name: auto, input: [:], actor: Self.actor(run.scheduleID),
          scheduleID: run.scheduleID, priority: .schedule, idempotencyKey: key, digest: key))
    } catch {
      logger.warning(
        "the end of schedule \(run.scheduleID) was refused: \(error.description)",
        metadata: ["device": "\(run.deviceID)"])
    }
  }

  func endOneShots(_ now: Timestamp) async throws(GatewayStoreError) {
    for record in records {
      guard case .once(let at, _) = record.plan, at <= now else { continue }
      let own = runs.values.filter { $0.scheduleID == record.id }
      let isLate = now.millisecondsSince(at) > Self.latenessMilliseconds
      let isSent = !own.isEmpty && own.allSatisfy { $0.nextAttemptAt == nil }
      guard isLate || (isSent && !isTagged(record.id)) else { continue }
      let wasTold = own.contains { $0.attempts > 0 }
      try await store.endSchedule(record.id, wasTold ? .done : .missed, at: now)
      records.removeAll { $0.id == record.id }
      for run in own { runs[Key(schedule: run.scheduleID, device: run.deviceID)] = nil }
      if !wasTold { logger.warning("the one-shot schedule \(record.id) was missed; it is not sent later") }
    }
  }
}
