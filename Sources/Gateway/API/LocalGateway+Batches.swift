import CommandDispatch
import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TimeSource

extension LocalGateway {
  func sendBatch(_ call: BatchCall) async throws(APIError) -> SubmittedBatch {
    if let earlier = try await replay(of: call) { return SubmittedBatch(batch: Self.resource(earlier), isReplay: true) }
    let batch = try await makeBatch(call)
    try await stored { () async throws(GatewayStoreError) in try await store.insert(batch) }
    events.record(
      .batchCreated, customer: call.restrictedTo ?? onlyCustomer(of: batch.items.map(\.deviceID)),
      data: [
        "batchId": .text(batch.id), "command": .text(batch.order.command.name), "actor": .text(batch.actor),
        "devices": .number(Double(batch.items.count)),
      ])
    await batches.start(batch)
    return SubmittedBatch(batch: Self.resource(batch), isReplay: false)
  }

  private func replay(of call: BatchCall) async throws(APIError) -> BatchRecord? {
    guard let key = call.idempotencyKey else { return nil }
    let found = try await stored { () async throws(GatewayStoreError) in
      try await store.batch(idempotencyKey: key, actor: call.actor)
    }
    guard let found else { return nil }
    guard found.digest == call.digest else {
      throw .invalid(
        "/idempotencyKey", "the idempotency key was used for another batch (\(found.id))",
        code: CommandErrorCode.unsupportedParameter.rawValue, hint: "use a new key for a new batch")
    }
    return found
  }

  func previewBatch(_ call: BatchCall) async throws(APIError) -> BatchResource {
    let batch = try await makeBatch(call)
    var results: [BatchResource.Result] = []
    for item in batch.items {
      var result = Self.result(item)
      if item.state == .waiting, let request = batch.request(for: item.deviceID) {
        do throws(CommandRefusal) {
          result.operations = try await dispatcher.dryRun(request)
          result.status = BatchResource.Result.acceptable
        } catch {
          result.status = CommandStatus.rejected.rawValue
          result.problem = .init(code: error.code.rawValue, message: error.description)
        }
      }
      results.append(result)
    }
    var resource = Self.resource(batch, results)
    resource.id = nil
    resource.dryRun = true
    return resource
  }

  func batches(customerId: String?, _ slice: SliceRequest) async throws(APIError) -> ListSlice<BatchResource> {
    let records = try await stored { () async throws(GatewayStoreError) in
      try await store.batches(restrictedTo: customerId, limit: GatewayStore.batchesPerCall)
    }
    return slice.slice(of: records.map { Self.resource($0) })
  }

  func batch(_ id: String, customerId: String?) async throws(APIError) -> BatchResource {
    let record = try await stored { () async throws(GatewayStoreError) in try await store.batch(id: id) }
    guard let record, customerId == nil || record.restrictedTo == customerId else { throw .notFound("batch", id) }
    return Self.resource(record)
  }

  func cancelBatch(_ id: String, customerId: String?, actor: String) async throws(APIError) -> BatchResource {
    let before = try await batch(id, customerId: customerId)
    await batches.cancel(id)
    try await stored { () async throws(GatewayStoreError) in
      try await store.cancelBatch(id, because: "withdrawn by \(actor) before its turn")
    }
    // What was sent meanwhile is withdrawn too.
    let sent = try await batch(id, customerId: customerId).results.compactMap(\.commandId)
    let withdrawn = await withTaskGroup(of: Bool.self) { group in
      for command in sent { group.addTask { [dispatcher] in await dispatcher.cancel(command) } }
      return await group.reduce(false) { $0 || $1 }
    }
    guard withdrawn || before.summary.waiting > 0 else {
      throw APIError(
        status: 409, code: "NOT_ALIVE", message: "nothing of batch \(id) waits or is in force any more",
        hint: "nothing is left to cancel")
    }
    events.record(
      .batchCancelled, customer: customerId ?? onlyCustomer(of: before.results.map(\.deviceId)),
      data: ["batchId": .text(id), "actor": .text(actor)])
    return try await batch(id, customerId: customerId)
  }

  /// The customer whose devices all of them are; `nil` where there are several or none.
  private func onlyCustomer(of devices: [String]) -> String? {
    let customers = Set(devices.map { directory.owner(of: $0)?.customerID })
    return customers.count == 1 ? customers.first ?? nil : nil
  }

  // MARK: Choosing the devices

  private func makeBatch(_ call: BatchCall) async throws(APIError) -> BatchRecord {
    let devices = try await devices(of: call)
    let meant = devices.filter { call.name.isFor($0.kind) }
    guard !meant.isEmpty else {
      throw .invalid(
        "/command", "none of the \(devices.count) devices can do \(call.name)", code: "NO_DEVICES",
        hint: "they are \(Set(devices.map(\.kind.rawValue)).sorted().joined(separator: ", "))")
    }
    guard Double(meant.count) * call.staggerSeconds <= BatchSubmission.maxSpreadSeconds else {
      throw .invalid(
        "/staggerSeconds", "\(meant.count) devices would need more than a day", code: "OUT_OF_RANGE",
        hint: "at most \(Int(BatchSubmission.maxSpreadSeconds) / meant.count) s")
    }
    let now = time.wall()
    let begin = max(now, call.notBefore ?? now)
    var turn = 0.0
    let items = devices.map { device -> BatchRecord.Item in
      guard call.name.isFor(device.kind) else {
        return .init(
          deviceID: device.id, plannedAt: now, state: .skipped, code: CommandErrorCode.unsupportedCommand.rawValue,
          message: "it is a \(device.kind.rawValue)")
      }
      let seconds = turn * call.staggerSeconds + min(max(0, random()), 1) * call.jitterSeconds
      turn += 1
      return .init(deviceID: device.id, plannedAt: begin.advanced(byMilliseconds: Int64(seconds * 1000)))
    }
    return BatchRecord(
      id: makeID("bat"), order: Self.order(call), actor: call.actor, restrictedTo: call.restrictedTo,
      idempotencyKey: call.idempotencyKey, digest: call.digest, createdAt: now,
      items: items.sorted { $0.plannedAt < $1.plannedAt })
  }

  private static func order(_ call: BatchCall) -> BatchRecord.Order {
    var order = BatchRecord.Order(
      command: ScheduledCommand(
        name: call.name.description, input: call.input, durationSeconds: call.durationSeconds),
      ttlSeconds: call.ttlSeconds ?? CommandRequest.defaultTTLSeconds, onConflict: call.onConflict,
      priority: call.priority, staggerSeconds: call.staggerSeconds, jitterSeconds: call.jitterSeconds)
    switch call.target {
    case .tag(let tag): order.tag = tag
    case .site(let id): order.siteID = id
    case .customer(let id): order.customerID = id
    case .devices: break
    }
    return order
  }

  /// The devices that are meant, all of which the sender may move.
  private func devices(of call: BatchCall) async throws(APIError) -> [GatewayConfiguration.Device] {
    let own = try live().configuration.devices.filter {
      call.restrictedTo == nil || $0.customerID == call.restrictedTo
    }
    let meant: [GatewayConfiguration.Device]
    switch call.target {
    case .tag(let tag):
      meant = own.filter { tags.tags(of: $0).contains(tag) }
      guard !meant.isEmpty else { throw Self.unknown("tag", tag, at: "/tag") }
    case .site(let id):
      guard let site = try? await site(id), call.restrictedTo == nil || site.customerId == call.restrictedTo else {
        throw Self.unknown("site", id, at: "/siteId")
      }
      meant = own.filter { $0.siteID == id }
    case .customer(let id):
      guard call.restrictedTo == nil || call.restrictedTo == id, (try? await customer(id)) != nil else {
        throw Self.unknown("customer", id, at: "/customerId")
      }
      meant = own.filter { $0.customerID == id }
    case .devices(let ids):
      let known = Dictionary(own.map { ($0.id, $0) }) { first, _ in first }
      meant = try ids.enumerated().map { index, id throws(APIError) in
        guard let device = known[id] else { throw Self.unknown("device", id, at: "/deviceIds/\(index)") }
        return device
      }
    }
    guard !meant.isEmpty else {
      throw .invalid("", "there are no devices to tell", code: "NO_DEVICES", hint: "heddle device list shows them")
    }
    return meant
  }

  private static func unknown(_ what: String, _ id: String, at pointer: String) -> APIError {
    var error = APIError.notFound(what, id)
    error.errors = [.init(pointer: pointer, code: error.code, detail: error.message)]
    return error
  }

  // MARK: Forms

  private static func resource(_ batch: BatchRecord, _ results: [BatchResource.Result]? = nil) -> BatchResource {
    BatchResource(
      id: batch.id, tag: batch.order.tag, siteId: batch.order.siteID, customerId: batch.order.customerID,
      command: CommandOrder(batch.order.command), staggerSeconds: batch.order.staggerSeconds,
      jitterSeconds: batch.order.jitterSeconds, origin: .init(actor: batch.actor), createdAt: batch.createdAt,
      results: results ?? batch.items.map(result))
  }

  private static func result(_ item: BatchRecord.Item) -> BatchResource.Result {
    let status: String =
      switch item.state {
      case .waiting: BatchResource.Result.waiting
      case .skipped: BatchResource.Result.skipped
      case .rejected: CommandStatus.rejected.rawValue
      case .expired: CommandStatus.expired.rawValue
      case .cancelled: CommandStatus.cancelled.rawValue
      case .sent: (item.commandStatus ?? .accepted).rawValue
      }
    var problem: BatchResource.Result.Problem?
    if let code = item.code, let message = item.message { problem = .init(code: code, message: message) }
    if let failure = item.failure { problem = .init(code: failure.code.rawValue, message: failure.message) }
    return BatchResource.Result(
      deviceId: item.deviceID, status: status, plannedAt: item.state == .skipped ? nil : item.plannedAt,
      commandId: item.commandID, problem: problem)
  }
}
