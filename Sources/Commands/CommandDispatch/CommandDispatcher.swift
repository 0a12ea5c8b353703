import AdapterKit
public import DeviceProfiles
public import EnergyModel
public import GatewayStore
import Logging
import TimeSource

/// Takes commands for all devices: checks, journals, sends, proves, undoes.
///
/// The order is fixed: nothing is sent before it is durable in the journal, nothing is sent twice, and nothing is
/// called done before fresh telemetry shows it.
public actor CommandDispatcher {
  private let context: DispatchContext
  private var lanes: [String: CommandLane] = [:]
  private var isStopping = false
  private var hasRecovered = false
  /// Requests with the same key come one after the other, so that the second one finds the first in the journal.
  private var keyTurns: [KeyOwner: (turn: Turn, users: Int)] = [:]

  private struct KeyOwner: Hashable {
    var key: String
    var actor: String
  }

  /// Makes a dispatcher without devices; `configure` brings them.
  public init(context: DispatchContext) {
    self.context = context
  }

  /// Ends the commands and undoes the leases of all devices but these, while their adapters still work. To be called
  /// before a new configuration takes over.
  public func release(allBut staying: Set<String>) async {
    let leaving = lanes.filter { !staying.contains($0.key) }
    for id in leaving.keys { lanes[id] = nil }
    await withTaskGroup { group in
      for lane in leaving.values { group.addTask { await lane.stop(within: DispatchTiming.releasePatience) } }
    }
  }

  /// Takes over the devices of a new configuration. Leases of devices that stay go on with their new adapter.
  public func configure(_ targets: [DispatchTarget]) async {
    let byID = Dictionary(targets.map { ($0.deviceID, $0) }, uniquingKeysWith: { first, _ in first })
    await release(allBut: Set(byID.keys))
    let isNew = Set(byID.keys).subtracting(lanes.keys)
    for (id, target) in byID {
      if let lane = lanes[id] {
        await lane.retarget(target)
      } else {
        lanes[id] = CommandLane(
          target: target, context: context, holderOf: { [weak self] in await self?.holder(of: $0) })
      }
    }
    guard hasRecovered else { return }
    for (id, records) in (try? await openCommands()) ?? [:] {
      // What was sent back over the old way and has not shown it.
      if isNew.contains(id) { await lanes[id]?.beginRecovery(records.filter(\.mayBeInForce)) }
      // What waits for its time belongs to the journal, not to a lane: it outlives a reload.
      await lanes[id]?.takeUp(records.filter { $0.isForLater })
    }
  }

  /// The installation forbids something else from now on, by the ids of devices; also to what runs.
  public func restrict(_ interlocks: [String: Interlocks]) async {
    for (id, rules) in interlocks { await lanes[id]?.restrict(rules) }
  }

  // MARK: Commands

  /// Checks a command, journals it and starts its life. Returns as soon as it is accepted.
  ///
  /// - Throws: `CommandRefusal`; the refused command is in the journal as `rejected`, and nothing was sent.
  public func submit(_ request: CommandRequest) async throws(CommandRefusal) -> Submission {
    guard let key = request.idempotencyKey else { return try await submitNew(request) }
    let owner = KeyOwner(key: key, actor: request.actor)
    let turn = keyTurns[owner]?.turn ?? Turn()
    keyTurns[owner] = (turn, (keyTurns[owner]?.users ?? 0) + 1)
    let hasTurn = await turn.take()
    defer {
      if hasTurn { turn.give() }
      let users = (keyTurns[owner]?.users ?? 1) - 1
      keyTurns[owner] = users > 0 ? (turn, users) : nil
    }
    guard hasTurn else { throw CommandRefusal(.cancelled, "the request was withdrawn") }
    if let earlier = try await replay(of: request, key) { return Submission(record: earlier, isReplay: true) }
    return try await submitNew(request)
  }

  private func submitNew(_ request: CommandRequest) async throws(CommandRefusal) -> Submission {
    var record = CommandRecord(
      id: context.makeID(), deviceID: request.deviceID, name: request.name, input: request.input,
      durationSeconds: request.durationSeconds, actor: request.actor, scheduleID: request.scheduleID,
      batchID: request.batchID, priority: request.priority, onConflict: request.onConflict,
      notBefore: request.notBefore, ttlSeconds: request.ttlSeconds, idempotencyKey: request.idempotencyKey,
      requestDigest: request.digest, createdAt: context.time.wall())
    do throws(CommandRefusal) {
      let lane = try lane(of: request)
      try request.checkTimes(now: record.createdAt)
      if let notBefore = request.notBefore, notBefore > record.createdAt {
        try await lane.admitForLater(request)
      } else {
        try await lane.admit(request, record)
      }
      record.history = [.init(status: .accepted, at: record.createdAt)]
      try await insert(record)
      await context.changed(record)
      await lane.begin(record)
      return Submission(record: record, isReplay: false)
    } catch {
      throw await reject(record, error)
    }
  }

  /// Everything that `submit` would send, in order, as text. Changes nothing.
  public func dryRun(_ request: CommandRequest) async throws(CommandRefusal) -> [String] {
    let lane = try lane(of: request)
    if request.name == .refresh {
      try lane.checkRefresh(request)
      return []
    }
    let validated = try await lane.validate(request)
    try await lane.checkInterlocks(of: validated)
    return await lane.target.words(for: validated.operations)
  }

  /// Withdraws a command: one that waits is not sent, one with a running lease is undone.
  ///
  /// Returns `false` when the command is not alive (any more).
  public func cancel(_ id: String) async -> Bool {
    guard let record = try? await context.store.command(id: id), !record.isTerminal, let lane = lanes[record.deviceID]
    else { return false }
    return await lane.cancel(id)
  }

  /// What a device can do now, with its limits.
  public func availableCommands(of deviceID: String) async -> [AvailableCommand] {
    guard let lane = lanes[deviceID] else { return [] }
    let target = await lane.target
    return target.availableCommands(try? await target.adapter.snapshot(of: target.endpoint))
  }

  /// The profile of a device with the variant in force.
  public func profileInForce(of deviceID: String) async -> BoundProfile? {
    guard let lane = lanes[deviceID] else { return nil }
    return await lane.presentTarget().profile
  }

  /// What holds a device with a lease.
  private func holder(of deviceID: String) async -> CommandName? { await lanes[deviceID]?.holder?.record.name }

  /// The command that holds a device with a lease, if there is one.
  public func activeLease(of deviceID: String) async -> CommandRecord? {
    await lanes[deviceID]?.holder?.record
  }

  // MARK: Start and stop

  /// Reads back what the last run left open. Nothing of it is sent again.
  ///
  /// When it returns, the devices are kept for this: a new command waits until its device was looked after.
  ///
  /// - Throws: when the journal cannot be read. Without it nobody knows what has to be undone.
  public func recover() async throws(GatewayStoreError) {
    for (id, records) in try await openCommands() {
      await lanes[id]?.beginRecovery(records.filter { !$0.isForLater })
      await lanes[id]?.takeUp(records.filter { $0.isForLater })
    }
    hasRecovered = true
  }

  /// Gives every device back that the last run left under command, where no gateway goes on: for `heddled failsafe`.
  ///
  /// Nothing is resumed. What does not answer within `patience`, or does not go back to normal, stays open in the journal
  /// for the next start.
  /// - Returns: how many commands were undone, and how many stay open.
  /// - Throws: when the journal cannot be read.
  public func releaseAll(patience: Duration) async throws(GatewayStoreError) -> (undone: Int, open: Int) {
    let before = try await openCommands().mapValues { $0.filter(\.mayBeInForce) }
    await withTaskGroup { group in
      for (id, records) in before {
        guard let lane = lanes[id] else { continue }
        group.addTask { await lane.giveBack(records, patience: patience) }
      }
    }
    let open = try await context.store.openCommands().count(where: \.mayBeInForce)
    return (before.values.reduce(0) { $0 + $1.count } - open, open)
  }

  /// What the last run left open, by device; the commands of devices that are gone end here.
  private func openCommands() async throws(GatewayStoreError) -> [String: [CommandRecord]] {
    var open: [String: [CommandRecord]] = [:]
    for record in try await context.store.openCommands() {
      guard lanes[record.deviceID] != nil else {
        var record = record
        let wasSent = record.mayBeInForce
        record.failure = .init(
          code: wasSent ? .unknownAfterCrash : .cancelled, message: "the device is not in the configuration any more",
          isRetryable: false)
        record.leaseExpiresAt = nil
        record.status = wasSent ? .unconfirmed : .cancelled
        record.history.append(.init(status: record.status, at: context.time.wall(), detail: "device removed"))
        try? await context.store.update(record)
        continue
      }
      open[record.deviceID, default: []].append(record)
    }
    return open
  }

  /// Undoes every lease, as a clean stop must, and looks for a named time whether the devices do it. Bounded by that and
  /// by the adapters' own time limits.
  public func stop() async {
    isStopping = true
    await withTaskGroup { group in
      for lane in lanes.values { group.addTask { await lane.stop(within: DispatchTiming.stopPatience) } }
    }
  }

  // MARK: Parts of submit

  func lane(of deviceID: String) -> CommandLane? { lanes[deviceID] }

  private func lane(of request: CommandRequest) throws(CommandRefusal) -> CommandLane {
    guard !isStopping else { throw CommandRefusal(.conflict, "the gateway is stopping", hint: "send it again later") }
    guard let lane = lanes[request.deviceID] else {
      throw CommandRefusal(.unsupportedCommand, "there is no device '\(request.deviceID)' that takes commands")
    }
    return lane
  }

  private func replay(of request: CommandRequest, _ key: String) async throws(CommandRefusal) -> CommandRecord? {
    let found: CommandRecord?
    do {
      found = try await context.store.command(idempotencyKey: key, actor: request.actor)
    } catch {
      throw CommandRefusal(.protocolError, "the journal could not be read, nothing was sent: \(error)")
    }
    guard let earlier = found else { return nil }
    guard earlier.requestDigest == request.digest else {
      throw CommandRefusal(
        .unsupportedParameter, "the idempotency key was used for another request (\(earlier.id))",
        hint: "use a new key for a new command", parameter: "idempotencyKey")
    }
    return earlier
  }

  private func insert(_ record: CommandRecord) async throws(CommandRefusal) {
    do {
      try await context.store.insert(record)
    } catch {
      throw CommandRefusal(
        .protocolError, "the journal could not be written, nothing was sent: \(error)", hint: "free disk space")
    }
  }

  private func reject(_ record: CommandRecord, _ refusal: CommandRefusal) async -> CommandRefusal {
    var record = record
    record.status = .rejected
    record.history = [.init(status: .rejected, at: context.time.wall(), detail: refusal.message)]
    record.failure = .init(
      code: refusal.code, message: refusal.description,
      isRetryable: [.deviceOffline, .deviceStale, .conflict].contains(refusal.code))
    // A key is spent only by a command that was accepted; a refused one may be sent again corrected.
    record.idempotencyKey = nil
    try? await context.store.insert(record)
    context.logger.info(
      "command \(record.name) rejected: \(refusal.description)",
      metadata: ["device": "\(record.deviceID)", "command": "\(record.id)"])
    await context.changed(record)
    var refusal = refusal
    refusal.commandID = record.id
    return refusal
  }
}
