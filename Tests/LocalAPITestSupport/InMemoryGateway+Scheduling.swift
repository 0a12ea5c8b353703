import EnergyModel
package import LocalAPISchema
package import LocalAPIServer

extension InMemoryGateway {
  package func tags(of deviceId: String) async throws(APIError) -> DeviceTagList {
    let tags = try await device(deviceId).tags
    return DeviceTagList(deviceId: deviceId, sources: tags.sorted().map { DeviceTag(tag: $0, source: .api) })
  }

  package func setTags(_ tags: [String], of deviceId: String) async throws(APIError) -> DeviceTagList {
    guard let index = deviceList.firstIndex(where: { $0.id == deviceId }) else { throw .notFound("device", deviceId) }
    deviceList[index].tags = tags
    return try await self.tags(of: deviceId)
  }

  package func tagSummaries(customerId: String?) async throws(APIError) -> [TagSummary] {
    let tags = deviceList.filter { customerId == nil || $0.customerId == customerId }.flatMap(\.tags)
    return Set(tags).sorted().map { tag in TagSummary(tag: tag, deviceCount: tags.count { $0 == tag }) }
  }

  package func sendBatch(_ call: BatchCall) async throws(APIError) -> SubmittedBatch {
    batchCalls.append(call)
    let batch = resource(of: call, id: "bat_\(batchCalls.count)")
    batchList.append(batch)
    return SubmittedBatch(batch: batch, isReplay: false)
  }

  package func previewBatch(_ call: BatchCall) async throws(APIError) -> BatchResource {
    resource(of: call, id: nil)
  }

  private func resource(of call: BatchCall, id: String?) -> BatchResource {
    var results = [
      BatchResource.Result(
        deviceId: "battery-1", status: id == nil ? "acceptable" : "confirmed", plannedAt: Self.now, commandId: "cmd_1",
        operations: id == nil ? ["FC6 holding 47100 = [1]"] : nil),
      BatchResource.Result(
        deviceId: "thermostat-1", status: "skipped",
        problem: .init(code: "UNSUPPORTED_COMMAND", message: "it is a thermostat")),
    ]
    if call.name.kind == .thermostat { results[0].status = "unconfirmed" }
    return BatchResource(
      id: id, command: CommandOrder(slug: call.name.description, input: call.input), staggerSeconds: 2,
      jitterSeconds: 1, origin: .init(actor: call.actor), createdAt: Self.now, results: results,
      dryRun: id == nil ? true : nil)
  }

  package func batches(
    customerId: String?, _ slice: SliceRequest
  ) async throws(APIError) -> ListSlice<BatchResource> { slice.slice(of: batchList) }

  package func batch(_ id: String, customerId: String?) async throws(APIError) -> BatchResource {
    guard let batch = batchList.first(where: { $0.id == id }) else { throw .notFound("batch", id) }
    return batch
  }

  package func cancelBatch(_ id: String, customerId: String?, actor: String) async throws(APIError) -> BatchResource {
    var batch = try await batch(id, customerId: customerId)
    guard batch.results.contains(where: { !$0.isSettled }) else {
      throw APIError(status: 409, code: "NOT_ALIVE", message: "nothing of batch \(id) waits")
    }
    for index in batch.results.indices where !batch.results[index].isSettled {
      batch.results[index].status = CommandStatus.cancelled.rawValue
    }
    let cancelled = BatchResource(
      id: batch.id, tag: batch.tag, command: batch.command, staggerSeconds: batch.staggerSeconds,
      jitterSeconds: batch.jitterSeconds, origin: batch.origin, createdAt: batch.createdAt, results: batch.results)
    batchList = batchList.map { $0.id == id ? cancelled : $0 }
    return cancelled
  }

  package func createSchedule(_ call: ScheduleCall) async throws(APIError) -> ScheduleResource {
    scheduleCalls.append(call)
    var schedule = ScheduleResource(
      id: "sch_\(scheduleCalls.count)", type: .weekly, status: .active, timezone: call.timezone,
      origin: .init(actor: call.actor), createdAt: Self.now)
    switch call.target {
    case .device(let id): schedule.deviceId = id
    case .tag(let tag, _): schedule.tag = tag
    }
    switch call.plan {
    case .weekly(let rules, let standard, _):
      schedule.rules = rules
      schedule.defaultCommand = standard
    case .once(let at, let command):
      schedule.type = .once
      schedule.at = at
      schedule.command = command
    }
    scheduleList.append(schedule)
    return schedule
  }

  package func schedules(_ query: ScheduleQuery) async throws(APIError) -> ListSlice<ScheduleResource> {
    query.slice.slice(
      of: scheduleList.filter {
        (query.deviceId == nil || $0.deviceId == query.deviceId) && (query.tag == nil || $0.tag == query.tag)
      })
  }

  package func schedule(_ id: String) async throws(APIError) -> ScheduleResource {
    guard let schedule = scheduleList.first(where: { $0.id == id }) else { throw .notFound("schedule", id) }
    return schedule
  }

  package func scheduleRestriction(_ id: String) async throws(APIError) -> String? {
    let index = scheduleList.firstIndex { $0.id == id }
    guard let index, case .tag(_, let customer) = scheduleCalls[index].target else { return nil }
    return customer
  }

  package func deleteSchedule(_ id: String) async throws(APIError) {
    _ = try await schedule(id)
    // Ids are places in the list of calls.
    scheduleList = scheduleList.map { schedule in
      var schedule = schedule
      if schedule.id == id { schedule.status = .deleted }
      return schedule
    }
  }
}
