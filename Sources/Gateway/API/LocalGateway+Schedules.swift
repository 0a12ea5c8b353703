import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import ScheduleCalendar
import TimeSource

extension LocalGateway {
  func createSchedule(_ call: ScheduleCall) async throws(APIError) -> ScheduleResource {
    let inForce = try await stored { () async throws(GatewayStoreError) in try await store.schedules() }
    let record = ScheduleRecord(
      id: makeID("sch"), target: Self.target(call.target), plan: Self.plan(call.plan), timeZone: call.timezone,
      actor: call.actor, createdAt: time.wall())
    let replaced = inForce.filter { Self.replaces(record, $0) }.map(\.id)
    guard inForce.count - replaced.count < ScheduleDraft.maxSchedules else {
      throw APIError(
        status: 409, code: "TOO_MANY", message: "there are \(inForce.count) schedules already",
        hint: "heddle schedule remove ends one")
    }
    try await stored { () async throws(GatewayStoreError) in try await store.insert(record, replacing: replaced) }
    note(.scheduleCreated, record)
    await schedules.reload()
    return try await schedule(record.id)
  }

  /// A device has one weekly schedule; the newer one takes the place of the older one.
  private static func replaces(_ new: ScheduleRecord, _ old: ScheduleRecord) -> Bool {
    guard case .weekly = new.plan, case .weekly = old.plan, case .device = new.target else { return false }
    return new.target == old.target
  }

  func schedules(_ query: ScheduleQuery) async throws(APIError) -> ListSlice<ScheduleResource> {
    let records = try await stored { () async throws(GatewayStoreError) in
      try await store.schedules(includingEnded: query.includesEnded)
    }
    let slice = query.slice.slice(of: records.filter { isWanted($0, query) })
    var items: [ScheduleResource] = []
    for record in slice.items { items.append(try await resource(of: record)) }
    return ListSlice(items: items, totalItems: slice.totalItems)
  }

  private func isWanted(_ record: ScheduleRecord, _ query: ScheduleQuery) -> Bool {
    switch record.target {
    case .device(let id):
      guard query.tag == nil, query.deviceId == nil || query.deviceId == id else { return false }
      return query.customerId == nil || current?.device(id)?.customerID == query.customerId
    case .tag(let tag, let customerID):
      guard query.deviceId == nil, query.tag == nil || query.tag == tag else { return false }
      return query.customerId == nil || customerID == query.customerId
    }
  }

  func schedule(_ id: String) async throws(APIError) -> ScheduleResource {
    try await resource(of: try await scheduleRecord(id))
  }

  func scheduleRestriction(_ id: String) async throws(APIError) -> String? {
    if case .tag(_, let customerID) = try await scheduleRecord(id).target { customerID } else { nil }
  }

  func deleteSchedule(_ id: String) async throws(APIError) {
    let record = try await scheduleRecord(id)
    let wasInForce = try await stored { () async throws(GatewayStoreError) in
      try await store.endSchedule(id, .deleted, at: time.wall())
    }
    guard wasInForce else { throw .notFound("schedule", id) }
    note(.scheduleDeleted, record)
    await schedules.reload()
  }

  private func scheduleRecord(_ id: String) async throws(APIError) -> ScheduleRecord {
    let record = try await stored { () async throws(GatewayStoreError) in try await store.schedule(id: id) }
    guard let record else { throw .notFound("schedule", id) }
    return record
  }

  private func note(_ kind: EventKind, _ record: ScheduleRecord) {
    var data: [String: JSONValue] = ["scheduleId": .text(record.id), "actor": .text(record.actor)]
    switch record.target {
    case .device(let id):
      events.record(kind, device: id, data: data)
    case .tag(let tag, let customerID):
      data["tag"] = .text(tag)
      events.record(kind, customer: customerID, data: data)
    }
  }

  // MARK: Forms

  private static func target(_ target: ScheduleCall.Target) -> ScheduleRecord.Target {
    switch target {
    case .device(let id): .device(id)
    case .tag(let tag, let customerId): .tag(tag, customerID: customerId)
    }
  }

  private static func plan(_ plan: ScheduleCall.Plan) -> ScheduleRecord.Plan {
    switch plan {
    case .weekly(let rules, let fallback, let mode):
      .weekly(
        rules: rules.map {
          ScheduleRecord.Rule(
            daysOfWeek: $0.daysOfWeek, startTime: $0.startTime, endTime: $0.endTime,
            command: ScheduledCommand($0.command), operatingMode: $0.deviceOperatingMode)
        }, fallback: fallback.map { ScheduledCommand($0) }, fallbackMode: mode)
    case .once(let at, let command): .once(at: at, command: ScheduledCommand(command))
    }
  }

  private func resource(of record: ScheduleRecord) async throws(APIError) -> ScheduleResource {
    var resource = ScheduleResource(
      id: record.id, type: .weekly, status: record.end.map(Self.status) ?? .active, timezone: record.timeZone,
      origin: .init(actor: record.actor), createdAt: record.createdAt, endedAt: record.endedAt)
    var compatible = ScheduleResource.Compatible()
    switch record.target {
    case .device(let id):
      resource.deviceId = id
      resource.timezone = record.timeZone ?? current.flatMap { zone(of: id, in: $0) }
    case .tag(let tag, _): resource.tag = tag
    }
    switch record.plan {
    case .weekly(let rules, let fallback, let mode):
      resource.rules = rules.map {
        .init(
          daysOfWeek: $0.daysOfWeek, startTime: $0.startTime, endTime: $0.endTime, command: CommandOrder($0.command),
          deviceOperatingMode: $0.operatingMode)
      }
      resource.defaultCommand = fallback.map { CommandOrder($0) }
      compatible.defaultDeviceOperatingMode = mode
      if record.end == nil, let clock = resource.timezone.flatMap({ LocalClock($0) }) {
        resource.nextEdgeAt = SchedulePlan.schedule(of: rules, clock)?.nextEdge(after: time.wall())
      }
    case .once(let at, let command):
      resource.type = .once
      resource.at = at
      resource.command = CommandOrder(command)
      if record.end == nil { resource.nextEdgeAt = at }
      compatible.value = at
    }
    if resource.deviceId != nil {
      compatible.deviceTimezone = resource.timezone
    } else {
      compatible.type = resource.type == .once ? "iso" : "recurrence"
      compatible.timezone = resource.timezone
    }
    resource.schedule = compatible
    let runs = try await stored { () async throws(GatewayStoreError) in try await store.scheduleRuns(of: record.id) }
    resource.runs = runs.map {
      .init(
        deviceId: $0.deviceID, intervalStart: $0.start, attempts: $0.attempts, commandId: $0.commandID,
        nextAttemptAt: $0.nextAttemptAt, problem: $0.problem)
    }
    return resource
  }

  private static func status(_ end: ScheduleRecord.End) -> ScheduleResource.Status {
    switch end {
    case .deleted: .deleted
    case .replaced: .replaced
    case .done: .done
    case .missed: .missed
    }
  }

  private func zone(of id: String, in running: RunningConfiguration) -> String? {
    running.device(id).map { running.configuration.zone(of: $0) }
  }
}

extension GatewayConfiguration {
  /// The IANA zone of a device's site; UTC for a device without one.
  func zone(of device: Device) -> String {
    device.siteID.flatMap { id in sites.first { $0.id == id } }?.timezone ?? "UTC"
  }
}

extension ScheduledCommand {
  init(_ order: CommandOrder) {
    self.init(name: order.slug, input: order.input, durationSeconds: order.durationSeconds)
  }
}

extension CommandOrder {
  init(_ command: ScheduledCommand) {
    self.init(slug: command.name, input: command.input, durationSeconds: command.durationSeconds)
  }
}
