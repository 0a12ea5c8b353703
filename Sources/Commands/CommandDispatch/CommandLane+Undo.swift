import DeviceProfiles
import EnergyModel
import TimeSource

/// A command whose time is over and which has to be undone.
struct Undo: Sendable {
  var record: CommandRecord
  var validated: ValidatedCommand
  /// What it becomes when the device is back to normal, and why.
  var status: CommandStatus
  var detail: String
  /// Whether nothing was in force before a command that was refused: a device that refuses the way back too did nothing.
  var endsWhenRefused = false
  /// Whether the device took the way back already, and nobody has seen yet that it went it.
  var isSent = false
  var attempts = 0
}

extension CommandLane {
  /// Writes the revert and reads it back. What does not work is owed to the device and tried again until it does, the
  /// gateway stops, or a later command takes over. The caller has the turn, and keeps it for one attempt only.
  ///
  /// A cancelled caller does not shorten this: what was withdrawn has to be undone as well.
  func revert(
    _ record: CommandRecord, _ validated: ValidatedCommand, as status: CommandStatus, detail: String,
    endsWhenRefused: Bool = false
  ) async {
    let undo = Undo(
      record: record, validated: validated, status: status, detail: detail, endsWhenRefused: endsWhenRefused,
      isSent: record.revert?.isSent ?? false)
    guard let open = await Task(operation: { await attempt(undo) }).value else { return }
    owe(open)
  }

  /// Undoes something later, again and again until it works.
  func owe(_ undo: Undo) {
    owed.append(undo)
    guard undoing == nil, !isStopping else { return }
    undoing = Task {
      await keepUndoing()
      undoing = nil
    }
  }

  private func keepUndoing() async {
    while !owed.isEmpty, !isStopping {
      // What a stop leaves is open in the journal: the next start goes on from here.
      guard await untilNextAttempt(), await turn.take() else { return }
      await undoOwed()
      turn.give()
    }
  }

  /// Waits until it is worth trying again: after the named time, or when a device that was away is heard. Returns `false`
  /// when the task was cancelled.
  private func untilNextAttempt() async -> Bool {
    let deadline = context.time.monotonic() + DispatchTiming.revertRetryInterval
    var wasHeard = isHeard
    while context.time.monotonic() < deadline, wasHeard || !isHeard {
      wasHeard = isHeard
      guard (try? await context.time.sleep(for: DispatchTiming.reconnectInterval)) != nil else { return false }
    }
    return !Task.isCancelled
  }

  private var isHeard: Bool {
    let state = context.connectivity(target.deviceID).state
    return state == .online || state == .degraded
  }

  /// Tries once more everything that is owed. The caller has the turn or is the last.
  func undoOwed() async {
    let round = owed
    owed = []
    for undo in round {
      if let open = await Task(operation: { await attempt(undo) }).value { owed.append(open) }
    }
  }

  /// One attempt. Returns what is still to be done.
  private func attempt(_ undo: Undo) async -> Undo? {
    var undo = undo
    guard let steps = target.description.revert(of: undo.validated.command) else {
      await change(&undo.record, undo.status, undo.detail)
      return nil
    }
    if undo.isSent, let confirm = steps.confirm {
      switch await readBack(undo, confirm, since: context.time.wall(), atMost: DispatchTiming.secondLook) {
      case .held: return await finish(&undo, "the device is back to normal")
      case .interrupted: return undo
      case .never, .neverFresh: undo.isSent = false
      }
    }
    undo.attempts += 1
    // Durable before the first byte, where the journal works: who starts next goes on with this and resumes nothing.
    undo.record.revert = .init(endsAs: undo.status, isSent: false)
    await keep(undo.record)
    // Counted, and never refused: a device that stays in forced charge is worse than one more write.
    await countWrite(for: undo.validated.command)
    let since = context.time.wall()
    if let problem = await send(steps.steps, undo.validated) {
      guard problem.isRefusal, undo.endsWhenRefused else { return await remains(&undo, problem) }
      await change(&undo.record, undo.status, "\(undo.detail); going back to normal was refused too: \(problem)")
      return nil
    }
    guard let confirm = steps.confirm else { return await finish(&undo, "the device was sent back to normal") }
    switch await readBack(undo, confirm, since: since) {
    case .held: return await finish(&undo, "the device is back to normal")
    case .never, .neverFresh:
      return await remains(&undo, SendingProblem(description: "the device did not show: \(confirm.expect.text)"))
    case .interrupted:
      undo.isSent = true
      undo.record.revert?.isSent = true
      endNow(&undo.record)
      await change(
        &undo.record, .drifted,
        "\(undo.detail); the device was sent back to normal and has not shown yet that it is: \(confirm.expect.text)")
      return undo
    }
  }

  /// Looks whether the device went back, also while the gateway stops.
  private func readBack(
    _ undo: Undo, _ confirm: Confirmation, since: Timestamp, atMost limit: Duration? = nil
  ) async -> ReadBackOutcome.Result {
    await readBack(
      confirm, input: undo.validated.input, before: undo.validated.before, since: since, atMost: limit, isUndo: true
    ).result
  }

  private func finish(_ undo: inout Undo, _ words: String) async -> Undo? {
    if owed.isEmpty { await context.found(.over(.revertFailed, deviceID: target.deviceID)) }
    await change(&undo.record, undo.status, "\(undo.detail); \(words)")
    return nil
  }

  /// It did not work: a person is told, and it is tried again.
  private func remains(_ undo: inout Undo, _ problem: SendingProblem) async -> Undo {
    endNow(&undo.record)
    await change(&undo.record, .drifted, "going back to normal failed (attempt \(undo.attempts)): \(problem)")
    await context.found(
      .wrong(
        .revertFailed, undo.record,
        message: "\(target.deviceID) did not go back to normal after \(undo.record.name): \(problem)"))
    return undo
  }

  /// Its time is over, whatever happens.
  private func endNow(_ record: inout CommandRecord) {
    let now = context.time.wall()
    record.leaseExpiresAt = min(record.leaseExpiresAt ?? now, now)
  }
}
