import AdapterKit
import DeviceProfiles
import EnergyModel
import GatewayStore
import TimeSource

extension CommandRequest {
  /// Refuses times that make no sense.
  func checkTimes(now: Timestamp) throws(CommandRefusal) {
    guard ttlSeconds > 0, ttlSeconds <= Self.maxTTLSeconds else {
      throw CommandRefusal(
        .outOfRange, "the time to live must be above 0 s and at most \(Int(Self.maxTTLSeconds)) s",
        parameter: "ttlSeconds")
    }
    guard let notBefore else { return }
    let ahead = Double(notBefore.millisecondsSince(now)) / 1000
    guard ahead >= -ttlSeconds else {
      throw CommandRefusal(
        .outOfRange, "notBefore \(notBefore.rfc3339) is longer ago than the time to live", hint: "it is \(now.rfc3339)",
        parameter: "notBefore")
    }
    guard ahead <= Self.maxAheadSeconds else {
      throw CommandRefusal(
        .outOfRange, "notBefore may lie at most \(Int(Self.maxAheadSeconds / 86_400)) days ahead",
        parameter: "notBefore")
    }
  }
}

extension CommandRecord {
  /// Whether it was never tried: its time was still to come.
  var isForLater: Bool { notBefore != nil && (status == .scheduled || status == .accepted) }
}

extension CommandLane {
  // MARK: Admission

  /// Refuses what cannot be done as things are now.
  func admit(_ request: CommandRequest, _ record: CommandRecord) async throws(CommandRefusal) {
    if request.name == .refresh { return try checkRefresh(request) }
    let validated = try await validate(request)
    try await checkInterlocks(of: validated)
    try await checkWriteBudget(of: validated)
    guard running.count - asleep.count < DispatchTiming.maxWaiting else {
      throw CommandRefusal(.conflict, "\(DispatchTiming.maxWaiting) commands wait for \(request.deviceID) already")
    }
    try checkHolder(against: record)
  }

  /// Refuses what can never be done. What depends on how things are is checked when its time has come.
  func admitForLater(_ request: CommandRequest) async throws(CommandRefusal) {
    if request.name == .refresh { return try checkRefresh(request) }
    let target = await presentTarget()
    let made = try await restoration(request)
    let snapshot: EndpointSnapshot
    do {
      snapshot = try await target.adapter.snapshot(of: target.endpoint)
    } catch {
      throw CommandRefusal(.deviceOffline, error.message)
    }
    try CommandValidation(
      target: target, connectivity: context.connectivity(target.deviceID), snapshot: snapshot, now: context.time.wall()
    ).validateForLater(request, made)
    guard asleep.count < DispatchTiming.maxScheduled else {
      throw CommandRefusal(
        .conflict, "\(DispatchTiming.maxScheduled) commands of \(request.deviceID) wait for their time already",
        hint: "cancel some of them")
    }
  }

  /// The device belongs to whoever holds its lease, unless somebody of a higher priority wants it. Of the same priority
  /// the sender may replace his own command, and that of others when he says so.
  func checkHolder(against record: CommandRecord) throws(CommandRefusal) {
    guard let holder = lease?.record, !record.priority.outranks(holder.priority), record.onConflict != .queueAfter
    else { return }
    let isHigher = holder.priority.outranks(record.priority)
    guard isHigher || holder.actor != record.actor && record.onConflict == .reject else { return }
    let until = holder.leaseExpiresAt.map { " until \($0.rfc3339)" } ?? ""
    throw CommandRefusal(
      .conflict,
      "\(record.deviceID) is held by \(holder.name) (\(holder.id), \(holder.actor), priority \(holder.priority.rawValue))"
        + until,
      hint: isHigher
        ? "wait, cancel that command, or send onConflict: queueAfter"
        : "wait, cancel that command, or send onConflict: cancelAndReplace or queueAfter")
  }

  // MARK: The way to the device

  /// Starts the life of an accepted, journaled command and returns at once.
  func begin(_ record: CommandRecord) async {
    guard !isStopping else {
      // The stop came while the command was being journaled.
      guard !record.isForLater else { return }
      var record = record
      return await fail(&record, .cancelled, .cancelled, "the device is being released; it was not sent")
    }
    running[record.id] = Task {
      await perform(record)
      running[record.id] = nil
      overruled[record.id] = nil
    }
  }

  /// Takes up commands of the journal whose time is still to come.
  func takeUp(_ records: [CommandRecord]) async {
    for record in records where running[record.id] == nil { await begin(record) }
  }

  private func perform(_ original: CommandRecord) async {
    var record = original
    guard let deadline = await untilDue(&record) else { return }
    if record.name == .refresh { return await readNow(&record) }
    overrule(by: record)
    let hasTurn = await takeTurn(for: &record, until: deadline)
    defer {
      if hasTurn {
        underWay = nil
        turn.give()
      }
    }
    guard !Task.isCancelled else { return await withdraw(&record) }
    guard hasTurn, context.time.monotonic() < deadline else {
      return await expire(&record)
    }
    underWay = record
    record.waitsFor = nil
    do throws(CommandRefusal) {
      // What was true when it was accepted may not be any more.
      let validated = inheriting(try await validate(again: record))
      try checkHolder(against: record)
      try await checkInterlocks(of: validated)
      try await checkWriteBudget(of: validated)
      await makeRoom(for: record, validated)
      await dispatch(&record, validated, until: deadline)
    } catch {
      await fail(&record, .failed, error.code, error.description)
    }
  }

  /// Waits until the command may be sent. Returns when it is not worth sending any more, on the monotonic clock; `nil`
  /// when it ended here, or when a stop leaves it to the next start.
  private func untilDue(_ record: inout CommandRecord) async -> Duration? {
    let ttl = Duration.milliseconds(Int64(record.ttlSeconds * 1000))
    guard let notBefore = record.notBefore else { return context.time.monotonic() + ttl }
    asleep.insert(record.id)
    defer { asleep.remove(record.id) }
    if notBefore > context.time.wall(), record.status != .scheduled {
      await change(&record, .scheduled, "waits for \(notBefore.rfc3339)")
    }
    while case let left = notBefore.millisecondsSince(context.time.wall()), left > 0 {
      do {
        try await context.time.sleep(for: min(.milliseconds(left), DispatchTiming.wallCheckInterval))
      } catch {
        if !isStopping { await withdraw(&record) }
        return nil
      }
    }
    let late = Duration.milliseconds(context.time.wall().millisecondsSince(notBefore))
    guard late <= ttl else {
      await fail(
        &record, .expired, .expired,
        "its time was \(late.milliseconds / 1000) s ago when it could be sent, its time to live is "
          + "\(ttl.milliseconds / 1000) s")
      return nil
    }
    return context.time.monotonic() + ttl - late
  }

  /// Waits for the commands before it, and with `queueAfter` for the end of a lease. Returns whether the caller has the
  /// turn.
  private func takeTurn(for record: inout CommandRecord, until deadline: Duration) async -> Bool {
    if record.onConflict == .queueAfter { line.append(record.id) }
    defer { line.removeAll { $0 == record.id } }
    while !Task.isCancelled, context.time.monotonic() < deadline {
      if !turn.takeIfFree() {
        wanting[record.id] = record.priority
        defer { wanting[record.id] = nil }
        if record.status != .queued {
          record.waitsFor = underWay?.id
          await change(&record, .queued, "waits for another command of the device")
        }
        guard await turn.take(until: deadline, rank: record.priority.rank, context.time) else { return false }
      }
      guard let awaited = awaited(by: record) else { return true }
      turn.give()
      record.waitsFor = awaited
      await change(&record, .queued, "waits until \(awaited) ends")
      while self.awaited(by: record) != nil, context.time.monotonic() < deadline {
        let wake = min(deadline, context.time.monotonic() + DispatchTiming.checkInterval)
        guard (try? await context.time.sleepUntil(wake)) != nil else { return false }
      }
    }
    return false
  }

  /// The command that one with the turn lets go first: whoever ranks higher and waits for the turn, because it saw the
  /// device free of lower ones and will not interrupt. One with `queueAfter` waits for who holds the device, else for who
  /// came before it.
  private func awaited(by record: CommandRecord) -> String? {
    let higher = wanting.filter { $0.value.outranks(record.priority) }.keys.min()
    if let higher { return higher }
    guard record.onConflict == .queueAfter else { return nil }
    if let holder = lease?.record, !record.priority.outranks(holder.priority) { return holder.id }
    return line.first == record.id ? nil : line.first
  }

  /// Takes the device from a command of a lower priority that is under way: it is withdrawn and undone.
  private func overrule(by record: CommandRecord) {
    guard let present = underWay, record.priority.outranks(present.priority), !Task.isCancelled else { return }
    overruled[present.id] = "\(record.name) of a higher priority took over (\(record.id))"
    running[present.id]?.cancel()
  }

  /// Ends a command whose time to live is over before anything of it was sent.
  func expire(_ record: inout CommandRecord) async {
    await fail(&record, .expired, .expired, "waited longer than its time to live")
  }

  /// Ends a command that was withdrawn before anything of it was sent.
  func withdraw(_ record: inout CommandRecord) async {
    if let why = overruled[record.id] { return await fail(&record, .superseded, .superseded, why) }
    await fail(&record, .cancelled, .cancelled, "withdrawn before it was sent")
  }
}
