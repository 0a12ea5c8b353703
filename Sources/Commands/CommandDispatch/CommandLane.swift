import AdapterKit
import DeviceProfiles
import EnergyModel
import GatewayStore
import Logging
import TimeSource

/// The commands of one device, one after the other: dispatch, read-back, lease, revert.
actor CommandLane {
  struct ActiveLease {
    var record: CommandRecord
    var validated: ValidatedCommand
    /// On the monotonic clock.
    var endsAt: Duration
    var task: Task<Void, Never>?
  }

  let context: DispatchContext
  private(set) var target: DispatchTarget
  /// Counts the targets, so that an answer about an old one does not change a new one.
  private var generation = 0
  var lease: ActiveLease?
  var isStopping = false
  /// Until when a stop looks whether the device goes back to normal, on the monotonic clock.
  private(set) var stopsAt = Duration.zero
  let turn = Turn()
  /// Who sends now. A command keeps the turn until it is read back; a renewal needs only the moment between two writes.
  let wire = Turn()
  /// What has to be undone and could not be yet, oldest first.
  var owed: [Undo] = []
  var undoing: Task<Void, Never>?
  /// The lives under way, by command; the recovery of the last run has its own key.
  var running: [String: Task<Void, Never>] = [:]
  /// The command that has the turn, unless it is the gateway itself.
  var underWay: CommandRecord?
  /// The command whose lease was ended to make room for the one under way.
  var displaced: CommandRecord?
  /// Why commands were taken out of a higher one's way, in words, by their id.
  var overruled: [String: String] = [:]
  /// Commands that wait for their time.
  var asleep: Set<String> = []
  /// Commands that wait for the turn, by their id.
  var wanting: [String: CommandPriority] = [:]
  /// Commands that wait for the end of a lease, in their order.
  var line: [String] = []
  /// States of commands that the journal could not take yet, by command.
  private var unwritten: [String: CommandRecord] = [:]
  private var rewriting: Task<Void, Never>?
  /// What the device was told last.
  var memory = SwitchMemory()
  /// Whether `memory` knows what the journal knows.
  var hasRecalled = false
  /// Whether this run has said that the device may wear out.
  var hasWarnedOfWear = false

  /// What holds another device with a lease.
  let holderOf: @Sendable (String) async -> CommandName?

  init(
    target: DispatchTarget, context: DispatchContext, holderOf: @escaping @Sendable (String) async -> CommandName?
  ) {
    self.target = target
    self.context = context
    self.holderOf = holderOf
  }

  /// Takes over a new adapter for the same device; the running lease goes on with it.
  func retarget(_ target: DispatchTarget) {
    self.target = target
    generation += 1
  }

  /// Other interlocks hold from now on.
  func restrict(_ interlocks: Interlocks) { target.interlocks = interlocks }

  /// The target with the profile in force, which may be another variant since the device was read.
  @discardableResult
  func presentTarget() async -> DispatchTarget {
    let asked = target
    let generation = generation
    let snapshot = try? await asked.adapter.snapshot(of: asked.endpoint)
    if let snapshot, generation == self.generation { target.profile = snapshot.bound }
    return target
  }

  // MARK: Submitting

  /// Who holds the device with a lease, if somebody does.
  var holder: (record: CommandRecord, validated: ValidatedCommand)? {
    lease.map { ($0.record, $0.validated) }
  }

  /// Withdraws a command: before dispatch it is not sent, with a lease it is undone. Returns `false` when nothing of
  /// it can be withdrawn (any more).
  func cancel(_ id: String) async -> Bool {
    // What is being undone already is as good as withdrawn.
    var isAlive = owed.contains { $0.record.id == id }
    if let task = running[id] {
      isAlive = true
      task.cancel()
      await task.value
    }
    // Also where it was confirmed in the moment of the cancellation.
    guard lease?.record.id == id else { return isAlive }
    await endLease(as: .cancelled, detail: "withdrawn")
    return true
  }

  /// Undoes what is in force and looks for so long whether the device does it. What it does not show by then stays open
  /// in the journal, and whoever starts next looks again.
  func stop(within patience: Duration) async {
    stopsAt = context.time.monotonic() + patience
    isStopping = true
    undoing?.cancel()
    for task in running.values { task.cancel() }
    for task in running.values { await task.value }
    await undoing?.value
    await endLease(as: .reverted, detail: "the gateway released the device")
    await undoOwed()
    rewriting?.cancel()
    await rewriting?.value
    await writeAgain()
  }

  // MARK: The life of one command

  func validate(again record: CommandRecord) async throws(CommandRefusal) -> ValidatedCommand {
    let request = CommandRequest(
      deviceID: record.deviceID, name: record.name, input: record.input, durationSeconds: record.durationSeconds,
      ttlSeconds: record.ttlSeconds, actor: record.actor)
    return try await validate(request)
  }

  /// All checks on the device's present state.
  func validate(_ request: CommandRequest) async throws(CommandRefusal) -> ValidatedCommand {
    let target = await presentTarget()
    let connectivity = context.connectivity(target.deviceID)
    let made = try await restoration(request)
    let command = if let made { made } else { try CommandValidation.command(for: request, of: target) }
    _ = try CommandValidation.checkNames(request.input, of: command)
    try CommandValidation.checkReachable(connectivity, target)
    let snapshot: EndpointSnapshot
    do {
      snapshot = try await completeSnapshot(of: target)
    } catch {
      throw CommandRefusal(.deviceOffline, error.message)
    }
    return try CommandValidation(
      target: target, connectivity: connectivity, snapshot: snapshot, now: context.time.wall()
    ).validate(request, made)
  }

  /// What the decoder knows. Just after a start a limit may not have been read yet; then it is asked for now, instead of
  /// refusing a command for want of it.
  private func completeSnapshot(of target: DispatchTarget) async throws(CommandFault) -> EndpointSnapshot {
    let snapshot = try await target.adapter.snapshot(of: target.endpoint)
    let isComplete = target.description.points.allSatisfy { point in
      guard case .register = point.source, point.pollClass == .fast || point.pollClass == .normal, !point.isOptional
      else { return true }
      return snapshot.value(point.name, part: target.part) != nil
    }
    if isComplete { return snapshot }
    try await target.adapter.refresh(target.endpoint)
    return try await target.adapter.snapshot(of: target.endpoint)
  }

  /// Journals and sends a command, until `deadline` on the monotonic clock, and reads it back.
  func dispatch(_ record: inout CommandRecord, _ validated: ValidatedCommand, until deadline: Duration) async {
    // The undoing of what was in its way may have taken long.
    guard context.time.monotonic() < deadline else { return await expire(&record) }
    record.operations = target.words(for: validated.operations)
    record.input = validated.input
    if let confirm = validated.command.confirm {
      record.evidence = .init(
        before: evidence(of: validated, confirm), predicate: confirm.expect.text)
    }
    if let seconds = validated.leaseSeconds {
      record.durationSeconds = seconds
      record.leaseExpiresAt = context.time.wall().advanced(byMilliseconds: Int64(seconds * 1000))
    }
    record.dispatchedOn = context.bootTime
    if !validated.isIdle, await !countWrite(for: validated.command) {
      return await fail(&record, .failed, .protocolError, "the write could not be counted, nothing was sent")
    }
    // Durable before the first byte: after a crash this command is read back, never sent again.
    guard await change(&record, .dispatched, "") else {
      return await fail(&record, .failed, .protocolError, "the journal could not be written, nothing was sent")
    }
    guard !Task.isCancelled else { return await withdraw(&record) }
    guard await wire.take() else { return await withdraw(&record) }
    guard context.time.monotonic() < deadline else {
      wire.give()
      return await expire(&record)
    }
    remember(validated)
    let wasFree = lease == nil && owed.isEmpty
    let ended = validated.command.isRelease ? lease?.record ?? displaced : nil
    displaced = nil
    do {
      try await target.adapter.execute(validated.operations, on: target.endpoint)
      await supersede(by: record, validated)
      wire.give()
      await change(&record, .acknowledged, ended.map { "ended \($0.name) (\($0.id))" } ?? "")
    } catch {
      // Nothing left, so nothing is to be undone, and the lease that it would have replaced goes on.
      if error.kind == .notSent {
        wire.give()
        return await fail(&record, .failed, .deviceOffline, error.message)
      }
      await supersede(by: record, validated)
      wire.give()
      guard error.mayHaveHappened else {
        return await abandon(
          &record, validated, .failed, .vendorRejected, error.message, endsWhenRefused: wasFree)
      }
      record.history.append(.init(status: .dispatched, at: context.time.wall(), detail: error.message))
    }
    await settle(&record, validated)
  }

  /// Read-back, and what follows from it.
  func settle(_ record: inout CommandRecord, _ validated: ValidatedCommand) async {
    guard let confirm = validated.command.confirm else {
      // A profile without a predicate cannot prove anything, and nothing unproven is called done.
      return await fail(
        &record, .unconfirmed, .readbackTimeout, "the profile has no way to read back '\(record.name)'")
    }
    let start = context.time.monotonic()
    let outcome = await readBack(
      confirm, input: validated.input, before: validated.before, since: context.time.wall())
    record.evidence?.after = outcome.values
    switch outcome.result {
    case .held:
      record.evidence?.latencyMilliseconds = (context.time.monotonic() - start).milliseconds
      await markConfirmed(&record, validated, "")
    case .never:
      let code: CommandErrorCode = record.status == .acknowledged ? .readbackMismatch : .protocolTimeout
      await abandon(
        &record, validated, .unconfirmed, code,
        "after \(confirm.within.milliseconds / 1000) s the device did not show: \(confirm.expect.text)")
    case .neverFresh:
      await abandon(
        &record, validated, .unconfirmed, .readbackTimeout, "no fresh telemetry came after the command was sent")
    case .interrupted:
      await interrupted(&record, validated)
    }
  }

  /// Starts the lease and then says so: who reads `confirmed` can cancel at once.
  func markConfirmed(_ record: inout CommandRecord, _ validated: ValidatedCommand, _ detail: String) async {
    hold(&record, validated)
    await settleOwed(by: record, validated)
    await change(&record, .confirmed, detail)
    if lease?.record.id == record.id { lease?.record = record }
  }

  private func interrupted(_ record: inout CommandRecord, _ validated: ValidatedCommand) async {
    let overruler = overruled[record.id]
    let why =
      overruler.map { $0 + ", before it was confirmed" }
      ?? (isStopping ? "the gateway stopped before it was confirmed" : "withdrawn before it was confirmed")
    guard target.description.revert(of: validated.command) != nil else {
      return await fail(&record, .unconfirmed, overruler == nil ? .cancelled : .superseded, why)
    }
    await revert(
      record, validated, as: overruler != nil ? .superseded : isStopping ? .reverted : .cancelled, detail: why)
  }

  /// Ends a command that did not work, and undoes what it may have done where that is possible.
  func abandon(
    _ record: inout CommandRecord, _ validated: ValidatedCommand, _ status: CommandStatus, _ code: CommandErrorCode,
    _ message: String, endsWhenRefused: Bool = false
  ) async {
    // Part of it may be in force.
    guard target.description.revert(of: validated.command) != nil else {
      return await fail(&record, status, code, message)
    }
    record.failure = failure(code, message)
    await revert(record, validated, as: status, detail: message, endsWhenRefused: endsWhenRefused)
  }

  /// Encodes and sends steps with the values of now. Returns what went wrong.
  func send(_ steps: [CommandStep], _ validated: ValidatedCommand) async -> SendingProblem? {
    guard await wire.take() else { return SendingProblem(description: "it was withdrawn") }
    defer { wire.give() }
    let target = target
    do {
      let snapshot = try await target.adapter.snapshot(of: target.endpoint)
      let operations = try snapshot.operations(
        for: steps, part: target.part, input: validated.input, before: validated.before,
        unlessSeenSince: WriteBudget.seenSince(validated.command, target, now: context.time.wall()))
      try await target.adapter.execute(operations, on: target.endpoint)
      return nil
    } catch let error as CommandFault {
      return SendingProblem(description: error.message, isRefusal: error.kind == .refused)
    } catch let error as EncodingError {
      return SendingProblem(description: error.message)
    } catch {
      return SendingProblem(description: "\(error)")
    }
  }

  /// Why steps could not be sent, in words.
  struct SendingProblem: CustomStringConvertible {
    var description: String
    /// Whether the device said no.
    var isRefusal = false
  }

  // MARK: Journal

  /// Writes a new status durably and tells the listeners. Returns whether it is in the journal.
  @discardableResult
  func change(_ record: inout CommandRecord, _ status: CommandStatus, _ detail: String) async -> Bool {
    record.status = status
    record.history.append(.init(status: status, at: context.time.wall(), detail: detail))
    if record.isTerminal { record.revert = nil }
    let isDurable = await keep(record)
    context.logger.info(
      "command \(record.name) \(status.rawValue)\(detail.isEmpty ? "" : ": \(detail)")",
      metadata: ["device": "\(record.deviceID)", "command": "\(record.id)"])
    await context.changed(record)
    if record.isTerminal { await context.found(.over(.commandDrifted, deviceID: record.deviceID)) }
    return isDurable
  }

  /// Writes a command as it is now. Returns whether it is in the journal.
  @discardableResult
  func keep(_ record: CommandRecord) async -> Bool {
    do {
      try await context.store.update(record)
      unwritten[record.id] = nil
      return true
    } catch {
      keepWriting(record)
      context.logger.error(
        "the command journal could not be written: \(error)",
        metadata: ["device": "\(record.deviceID)", "command": "\(record.id)"])
      return false
    }
  }

  /// What could not be written is written later: a journal that lies would let the next start undo the wrong things.
  private func keepWriting(_ record: CommandRecord) {
    unwritten[record.id] = record
    guard rewriting == nil, !isStopping else { return }
    rewriting = Task {
      var pause = DispatchTiming.firstJournalRetry
      while !unwritten.isEmpty, (try? await context.time.sleep(for: pause)) != nil {
        await writeAgain()
        pause = min(pause * 2, DispatchTiming.lastJournalRetry)
      }
      rewriting = nil
    }
  }

  /// Tries once more to write what is not in the journal.
  private func writeAgain() async {
    for id in unwritten.keys.sorted() {
      guard let record = unwritten[id], (try? await context.store.update(record)) != nil else { continue }
      // It may have changed meanwhile.
      if unwritten[id] == record { unwritten[id] = nil }
    }
  }

  func fail(
    _ record: inout CommandRecord, _ status: CommandStatus, _ code: CommandErrorCode, _ message: String
  ) async {
    record.failure = failure(code, message)
    record.leaseExpiresAt = nil
    await change(&record, status, message)
  }

  private func failure(_ code: CommandErrorCode, _ message: String) -> CommandRecord.Failure {
    let isRetryable = [.deviceOffline, .protocolTimeout, .readbackTimeout, .expired, .conflict].contains(code)
    return .init(code: code, message: message, isRetryable: isRetryable)
  }

  /// The values before the command that prove something, or that are needed to undo it after a crash.
  private func evidence(of validated: ValidatedCommand, _ confirm: Confirmation) -> [String: ScalarValue] {
    if case .steps = validated.command.revert { return validated.before }
    // What it changes, so that it can be restored.
    let changed = Set(validated.command.inputs.map { Restoration.field(of: $0.name) })
    return validated.before.filter {
      changed.contains($0.key) || confirm.expect.names.contains($0.key)
        || confirm.expect.names.contains("before.\($0.key)")
    }
  }
}

extension Duration {
  /// Whole milliseconds, rounded down.
  var milliseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1000 + attoseconds / 1_000_000_000_000_000
  }
}
