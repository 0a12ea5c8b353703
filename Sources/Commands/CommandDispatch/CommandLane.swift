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
  var target: DispatchTarget
  var lease: ActiveLease?
  var isStopping = false
  let turn = Turn()
  private var running: [String: Task<Void, Never>] = [:]

  init(target: DispatchTarget, context: DispatchContext) {
    self.target = target
    self.context = context
  }

  /// Takes over a changed configuration; the running lease goes on under the new one.
  func retarget(_ target: DispatchTarget) { self.target = target }

  // MARK: Submitting

  /// Who holds the device with a lease, if somebody does.
  var holder: (record: CommandRecord, validated: ValidatedCommand)? {
    lease.map { ($0.record, $0.validated) }
  }

  var waitingCount: Int { running.count }

  /// Starts the life of an accepted, journaled command and returns at once.
  func begin(_ record: CommandRecord, _ validated: ValidatedCommand, ttl: Duration) {
    let deadline = context.time.monotonic() + ttl
    running[record.id] = Task {
      await perform(record, validated, deadline: deadline)
      running[record.id] = nil
    }
  }

  /// Withdraws a command: before dispatch it is not sent, with a lease it is undone.
  func cancel(_ id: String) async {
    if let lease, lease.record.id == id {
      await endLease(as: .cancelled, detail: "withdrawn; the device goes back to normal")
    } else {
      running[id]?.cancel()
      await running[id]?.value
    }
  }

  /// Undoes what is in force, within the time that a clean stop has.
  func stop() async {
    isStopping = true
    for task in running.values { task.cancel() }
    for task in running.values { await task.value }
    await endLease(as: .reverted, detail: "the gateway stopped")
  }

  // MARK: The life of one command

  private func perform(_ original: CommandRecord, _ first: ValidatedCommand, deadline: Duration) async {
    var record = original
    var validated = first
    if turn.isTaken { await change(&record, .queued, "waits for another command of the device") }
    guard await turn.take() else {
      return await fail(&record, .cancelled, .cancelled, "withdrawn before it was sent")
    }
    defer { turn.give() }
    guard context.time.monotonic() < deadline else {
      return await fail(&record, .expired, .expired, "waited longer than its time to live")
    }
    if record.status == .queued {
      // What was true when it was accepted may not be any more.
      do {
        validated = try await validate(again: record)
      } catch {
        return await fail(&record, .failed, error.code, error.description)
      }
    }
    await supersedeLease(by: record)
    await dispatch(&record, validated)
  }

  private func validate(again record: CommandRecord) async throws(CommandRefusal) -> ValidatedCommand {
    let request = CommandRequest(
      deviceID: record.deviceID, name: record.name, input: record.input, durationSeconds: record.durationSeconds,
      actor: record.actor)
    return try await validate(request)
  }

  /// All checks on the device's present state.
  func validate(_ request: CommandRequest) async throws(CommandRefusal) -> ValidatedCommand {
    let connectivity = context.connectivity(target.deviceID)
    let command = try CommandValidation.command(for: request, of: target)
    _ = try CommandValidation.checkNames(request.input, of: command)
    try CommandValidation.checkReachable(connectivity, target)
    let snapshot: EndpointSnapshot
    do {
      snapshot = try await target.adapter.snapshot(of: target.endpoint)
    } catch {
      throw CommandRefusal(.deviceOffline, error.message)
    }
    return try CommandValidation(
      target: target, connectivity: connectivity, snapshot: snapshot, now: context.time.wall()
    ).validate(request)
  }

  private func dispatch(_ record: inout CommandRecord, _ validated: ValidatedCommand) async {
    record.operations = validated.operations.map(\.description)
    record.input = validated.input
    if let confirm = validated.command.confirm {
      record.evidence = .init(
        before: values(of: confirm.expect, in: validated.before), predicate: confirm.expect.text)
    }
    if let seconds = validated.leaseSeconds {
      record.durationSeconds = seconds
      record.leaseExpiresAt = context.time.wall().advanced(byMilliseconds: Int64(seconds * 1000))
    }
    // Durable before the first byte: after a crash this command is read back, never sent again.
    guard await change(&record, .dispatched, "") else {
      return await fail(&record, .failed, .protocolError, "the journal could not be written, nothing was sent")
    }
    do {
      try await target.adapter.execute(validated.operations, on: target.endpoint)
      await change(&record, .acknowledged, "")
    } catch {
      guard error.mayHaveHappened else {
        let code: CommandErrorCode = error.kind == .notSent ? .deviceOffline : .vendorRejected
        return await abandon(&record, validated, .failed, code, error.message)
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
    await change(&record, .confirmed, detail)
    if lease?.record.id == record.id { lease?.record = record }
  }

  private func interrupted(_ record: inout CommandRecord, _ validated: ValidatedCommand) async {
    let why = isStopping ? "the gateway stopped before it was confirmed" : "withdrawn before it was confirmed"
    guard target.description.revert(of: validated.command) != nil else {
      return await fail(&record, .unconfirmed, .cancelled, why)
    }
    await revert(&record, validated, as: isStopping ? .reverted : .cancelled, detail: why)
  }

  /// Ends a command that did not work, and undoes what it may have done where that is possible.
  private func abandon(
    _ record: inout CommandRecord, _ validated: ValidatedCommand, _ status: CommandStatus, _ code: CommandErrorCode,
    _ message: String
  ) async {
    var message = message
    // Refused at the first step or never sent: nothing to undo. Otherwise part of it may be in force.
    if code != .deviceOffline, let undo = target.description.revert(of: validated.command) {
      let failure = await send(undo.steps, validated)
      message += failure.map { "; going back to normal failed too: \($0)" } ?? "; the device was sent back to normal"
    }
    await fail(&record, status, code, message)
  }

  /// Encodes and sends steps with the values of now. Returns what went wrong.
  func send(_ steps: [CommandStep], _ validated: ValidatedCommand) async -> String? {
    do {
      let snapshot = try await target.adapter.snapshot(of: target.endpoint)
      let operations = try snapshot.operations(
        for: steps, part: target.part, input: validated.input, before: validated.before)
      try await target.adapter.execute(operations, on: target.endpoint)
      return nil
    } catch let error as CommandFault {
      return error.message
    } catch let error as EncodingError {
      return error.message
    } catch {
      return "\(error)"
    }
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
    return isDurable
  }

  func fail(
    _ record: inout CommandRecord, _ status: CommandStatus, _ code: CommandErrorCode, _ message: String
  ) async {
    let isRetryable = [.deviceOffline, .protocolTimeout, .readbackTimeout, .expired].contains(code)
    record.failure = .init(code: code, message: message, isRetryable: isRetryable)
    record.leaseExpiresAt = nil
    await change(&record, status, message)
  }

  func values(of expression: Expression, in values: [String: ScalarValue]) -> [String: ScalarValue] {
    values.filter { expression.names.contains($0.key) }
  }
}

extension Duration {
  /// Whole milliseconds, rounded down.
  var milliseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1000 + attoseconds / 1_000_000_000_000_000
  }
}
