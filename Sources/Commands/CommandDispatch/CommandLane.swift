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
  let turn = Turn()
  /// What has to be undone and could not be yet, oldest first.
  var owed: [Undo] = []
  var undoing: Task<Void, Never>?
  /// The lives under way, by command; the recovery of the last run has its own key.
  var running: [String: Task<Void, Never>] = [:]
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

  var waitingCount: Int { running.count }

  /// Starts the life of an accepted, journaled command and returns at once.
  func begin(_ record: CommandRecord, ttl: Duration, onConflict: CommandRequest.ConflictPolicy) async {
    guard !isStopping else {
      // The stop came while the command was being journaled.
      var record = record
      return await fail(&record, .cancelled, .cancelled, "the device is being released; it was not sent")
    }
    let deadline = context.time.monotonic() + ttl
    running[record.id] = Task {
      await perform(record, deadline: deadline, onConflict: onConflict)
      running[record.id] = nil
    }
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

  /// Undoes what is in force, within the time that a clean stop has.
  func stop() async {
    isStopping = true
    undoing?.cancel()
    for task in running.values { task.cancel() }
    for task in running.values { await task.value }
    await undoing?.value
    await endLease(as: .reverted, detail: "the gateway released the device")
    await undoOwed()
  }

  // MARK: The life of one command

  private func perform(
    _ original: CommandRecord, deadline: Duration, onConflict: CommandRequest.ConflictPolicy
  ) async {
    var record = original
    var hasTurn = turn.takeIfFree()
    if !hasTurn {
      await change(&record, .queued, "waits for another command of the device")
      hasTurn = await turn.take(until: deadline, context.time)
    }
    defer { if hasTurn { turn.give() } }
    guard !Task.isCancelled else {
      return await fail(&record, .cancelled, .cancelled, "withdrawn before it was sent")
    }
    guard hasTurn, context.time.monotonic() < deadline else {
      return await fail(&record, .expired, .expired, "waited longer than its time to live")
    }
    do throws(CommandRefusal) {
      // What was true when it was accepted may not be any more.
      let validated = inheriting(try await validate(again: record))
      try checkHolder(against: record, onConflict)
      try await checkInterlocks(of: validated)
      try await checkWriteBudget(of: validated)
      await makeRoom(for: record, validated)
      await dispatch(&record, validated)
    } catch {
      await fail(&record, .failed, error.code, error.description)
    }
  }

  /// The device belongs to whoever holds its lease; the same sender may replace his own command.
  func checkHolder(
    against record: CommandRecord, _ onConflict: CommandRequest.ConflictPolicy
  ) throws(CommandRefusal) {
    guard let holder = lease?.record, holder.actor != record.actor, onConflict == .reject else { return }
    let until = holder.leaseExpiresAt.map { " until \($0.rfc3339)" } ?? ""
    throw CommandRefusal(
      .conflict, "\(record.deviceID) is held by \(holder.name) (\(holder.id), \(holder.actor))\(until)",
      hint: "wait, cancel that command, or send onConflict: cancelAndReplace")
  }

  private func validate(again record: CommandRecord) async throws(CommandRefusal) -> ValidatedCommand {
    let request = CommandRequest(
      deviceID: record.deviceID, name: record.name, input: record.input, durationSeconds: record.durationSeconds,
      actor: record.actor)
    return try await validate(request)
  }

  /// All checks on the device's present state.
  func validate(_ request: CommandRequest) async throws(CommandRefusal) -> ValidatedCommand {
    let target = await presentTarget()
    let connectivity = context.connectivity(target.deviceID)
    let command = try CommandValidation.command(for: request, of: target)
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
    ).validate(request)
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

  private func dispatch(_ record: inout CommandRecord, _ validated: ValidatedCommand) async {
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
    if !validated.isIdle, await !countWrite(for: validated.command) {
      return await fail(&record, .failed, .protocolError, "the write could not be counted, nothing was sent")
    }
    // Durable before the first byte: after a crash this command is read back, never sent again.
    guard await change(&record, .dispatched, "") else {
      return await fail(&record, .failed, .protocolError, "the journal could not be written, nothing was sent")
    }
    guard !Task.isCancelled else {
      return await fail(&record, .cancelled, .cancelled, "withdrawn before it was sent")
    }
    remember(validated)
    let wasFree = lease == nil && owed.isEmpty
    do {
      try await target.adapter.execute(validated.operations, on: target.endpoint)
      await supersede(by: record, validated)
      await change(&record, .acknowledged, "")
    } catch {
      // Nothing left, so nothing is to be undone, and the lease that it would have replaced goes on.
      if error.kind == .notSent { return await fail(&record, .failed, .deviceOffline, error.message) }
      await supersede(by: record, validated)
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
    hold(record, validated)
    await settleOwed(by: record, validated)
    await change(&record, .confirmed, detail)
    if lease?.record.id == record.id { lease?.record = record }
  }

  private func interrupted(_ record: inout CommandRecord, _ validated: ValidatedCommand) async {
    let why = isStopping ? "the gateway stopped before it was confirmed" : "withdrawn before it was confirmed"
    guard target.description.revert(of: validated.command) != nil else {
      return await fail(&record, .unconfirmed, .cancelled, why)
    }
    await revert(record, validated, as: isStopping ? .reverted : .cancelled, detail: why)
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
    var isDurable = true
    do {
      try await context.store.update(record)
    } catch {
      isDurable = false
      context.logger.error(
        "the command journal could not be written: \(error)",
        metadata: ["device": "\(record.deviceID)", "command": "\(record.id)"])
    }
    context.logger.info(
      "command \(record.name) \(status.rawValue)\(detail.isEmpty ? "" : ": \(detail)")",
      metadata: ["device": "\(record.deviceID)", "command": "\(record.id)"])
    await context.changed(record)
    if record.isTerminal { await context.found(.over(.commandDrifted, deviceID: record.deviceID)) }
    return isDurable
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
    return validated.before.filter {
      confirm.expect.names.contains($0.key) || confirm.expect.names.contains("before.\($0.key)")
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
