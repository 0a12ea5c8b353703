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
      record: record, validated: validated, status: status, detail: detail, endsWhenRefused: endsWhenRefused)
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
      guard (try? await context.time.sleep(for: DispatchTiming.revertRetryInterval)) != nil, await turn.take() else {
        return
      }
      await undoOwed()
      turn.give()
    }
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
    undo.attempts += 1
    guard let steps = target.description.revert(of: undo.validated.command) else {
      await change(&undo.record, undo.status, undo.detail)
      return nil
    }
    // Counted, and never refused: a device that stays in forced charge is worse than one more write.
    await countWrite(for: undo.validated.command)
    let since = context.time.wall()
    var problem = await send(steps.steps, undo.validated)
    var isProven = false
    if problem == nil, let confirm = steps.confirm, !isStopping {
      let outcome = await readBack(
        confirm, input: undo.validated.input, before: undo.validated.before, since: since)
      isProven = outcome.result == .held
      if outcome.result == .never || outcome.result == .neverFresh {
        problem = SendingProblem(description: "the device did not show: \(confirm.expect.text)")
      }
    }
    guard let problem else {
      if owed.isEmpty { await context.found(.over(.revertFailed, deviceID: target.deviceID)) }
      let words = isProven ? "the device is back to normal" : "the device was sent back to normal"
      await change(&undo.record, undo.status, "\(undo.detail); \(words)")
      return nil
    }
    if problem.isRefusal, undo.endsWhenRefused {
      await change(&undo.record, undo.status, "\(undo.detail); going back to normal was refused too: \(problem)")
      return nil
    }
    // Its time is over, whatever happens: a start after a crash must undo it and not resume it.
    let now = context.time.wall()
    undo.record.leaseExpiresAt = min(undo.record.leaseExpiresAt ?? now, now)
    await change(&undo.record, .drifted, "going back to normal failed (attempt \(undo.attempts)): \(problem)")
    await context.found(
      .wrong(
        .revertFailed, undo.record,
        message: "\(target.deviceID) did not go back to normal after \(undo.record.name): \(problem)"))
    return undo
  }
}
