package import EnergyModel
package import LocalAPISchema
package import LocalAPIServer

/// A gateway in memory: two customers with a battery and a thermostat, and commands that become what a test says.
package actor InMemoryGateway: GatewayService {
  package static let now = Timestamp(milliseconds: 1_777_629_600_000)

  package var deviceList: [DeviceResource]
  package var customerList: [CustomerResource]
  package var siteList: [SiteResource]
  package var records: [String: CommandRecord] = [:]
  package var calls: [CommandCall] = []
  package var log: [EventResource] = []
  package var alertList: [AlertRecord] = []
  package var keys: [StoredKey] = []
  package var auditRows: [AuditResource] = []
  package var auditFindings: [AuditVerificationResource.Finding] = []
  package var webhookList: [WebhookResource] = []
  package var usageRequests: [UsageRequest] = []
  package var batchCalls: [BatchCall] = []
  package var batchList: [BatchResource] = []
  package var scheduleCalls: [ScheduleCall] = []
  package var scheduleList: [ScheduleResource] = []
  package var metricRequests: [MetricRequest] = []
  package var meterList: [UsageMeterResource] = []
  package var tracked: [(call: UsageEventCall, event: UsageEventResource)] = []
  package var linkList: [LinkResource] = []
  package var pairings: [Pairing] = []
  package var pairingFields: [[String: String]] = []
  package var linkTests: [LinkTestCall] = []
  package var registrations: [DeviceRegistration] = []
  package var discoveryRequests: [DiscoveryRequest] = []
  package var discoveries: [String: DiscoveryResource] = [:]
  /// What a new command becomes at once.
  package var outcome: [CommandStatus] = [.accepted]
  /// What the next submission is refused with.
  package var refusal: APIError?
  package var isReady = true
  /// Reads of a command after which it is confirmed; never without a number.
  private var readsUntilConfirmed: Int?

  package init() {
    deviceList = [Self.battery, Self.thermostat]
    customerList = [
      CustomerResource(id: "demo", name: "Demo home", source: .configuration),
      CustomerResource(id: "other", name: "Other home", email: "o@example.org", source: .api),
    ]
    siteList = [
      SiteResource(id: "home", name: "Home", customerId: "demo", timezone: "Europe/Berlin", source: .configuration),
      SiteResource(id: "hut", name: "Hut", customerId: "other", timezone: "UTC", source: .api),
    ]
  }

  package func set(outcome: [CommandStatus]) { self.outcome = outcome }
  package func set(refusal: APIError?) { self.refusal = refusal }
  package func set(devices: [DeviceResource]) { deviceList = devices }
  package func set(batch: BatchResource) { batchList = [batch] }
  package func add(_ event: EventResource) { log.append(event) }
  package func add(_ alert: AlertRecord) { alertList.append(alert) }
  package func add(_ row: AuditResource) { auditRows.append(row) }
  package func set(auditFindings: [AuditVerificationResource.Finding]) { self.auditFindings = auditFindings }
  package func move(_ id: String, to status: CommandStatus) { records[id]?.move(to: status) }
  package func move(_ id: String, to status: CommandStatus, because code: CommandErrorCode) {
    records[id]?.move(to: status)
    records[id]?.failure = .init(code: code, message: "\(code)", isRetryable: false)
  }
  package func move(toConfirmedAfterReads count: Int) { readsUntilConfirmed = count }

  // MARK: The service

  package func status() async throws(APIError) -> GatewayStatus {
    var house = LinkStatus(
      id: "house", transport: "modbus", address: "127.0.0.1:1502", isConnected: true, exchanges: 1204,
      errors: ["timeout": 2], connects: 1, busyShare: 0.041, devices: ["battery-1"])
    house.requestsPerSecond = 2.5
    house.responseSeconds = MeasuredSeconds(p50: 0.012, p95: 0.04)
    house.endpoints = [
      EndpointMeasurements(
        devices: ["battery-1"], responseSeconds: MeasuredSeconds(p50: 0.012, p95: 0.04), timeoutSeconds: 0.3,
        polls: [
          .init(
            pollClass: "fast", everySeconds: 2, intervalSeconds: MeasuredSeconds(p50: 2, p95: 2.5),
            delaySeconds: MeasuredSeconds(p50: 0.008, p95: 0.009), count: 600, late: 1, skipped: 2)
        ])
    ]
    return GatewayStatus(
      version: "1.2.3", startedAt: Self.now, now: Self.now.advanced(byMilliseconds: 7_500_000), uptimeSeconds: 7500,
      store: StoreStatus(bytes: 1_234_567, pendingWindows: 3),
      links: [
        house,
        LinkStatus(
          id: "broker", transport: "mqtt", address: "mqtt://127.0.0.1:1883", isConnected: false, exchanges: 0,
          connects: 0, lastError: "connection refused", devices: ["thermostat-1"]),
      ],
      devices: deviceList.map {
        DeviceStatus(
          id: $0.id, type: $0.type, name: $0.name, connectivity: $0.connectivity.state,
          lastSeenAt: $0.connectivity.lastSeenAt, ageSeconds: $0.state.ageSeconds, lastError: $0.connectivity.lastError)
      },
      drops: ["ringFull": 3, "outOfRange": 0], api: APIAddresses())
  }

  package func readiness() async -> Readiness {
    Readiness(isReady: isReady, reasons: isReady ? [] : ["the store is shut"])
  }

  package func devices(_ query: DeviceQuery) async throws(APIError) -> ListSlice<DeviceResource> {
    query.slice.slice(
      of: deviceList.sorted { $0.id < $1.id }.filter {
        (query.customerId == nil || $0.customerId == query.customerId) && (query.type == nil || $0.type == query.type)
          && (query.siteId == nil || $0.siteId == query.siteId)
          && (query.tag.map($0.tags.contains) ?? true)
          && (query.referenceId == nil || $0.referenceId == query.referenceId)
          && (query.manufacturer == nil || $0.manufacturer?.lowercased() == query.manufacturer?.lowercased())
          && (query.isStale == nil || $0.state.isStale == query.isStale)
          && (query.status == nil || $0.connectivity.state == query.status)
      }, key: \.id)
  }

  package func device(_ id: String) async throws(APIError) -> DeviceResource {
    guard let device = deviceList.first(where: { $0.id == id }) else { throw .notFound("device", id) }
    return device
  }

  package func submit(_ request: CommandCall) async throws(APIError) -> SubmittedCommand {
    if let refusal { throw refusal }
    calls.append(request)
    if let key = request.idempotencyKey, let old = records.values.first(where: { $0.idempotencyKey == key }) {
      guard old.requestDigest == request.digest else {
        throw .invalid("/idempotencyKey", "this key was used for another request")
      }
      return SubmittedCommand(command: CommandResource(old), isReplay: true)
    }
    var record = CommandRecord(
      id: "cmd_\(records.count + 1)", deviceID: request.deviceId, name: request.name, input: request.input,
      durationSeconds: request.durationSeconds, actor: request.actor, priority: request.priority,
      onConflict: request.onConflict, notBefore: request.notBefore, idempotencyKey: request.idempotencyKey,
      requestDigest: request.digest, createdAt: Self.now)
    record.operations = ["FC16 holding 47247 = [0, 2500]"]
    for status in outcome { record.move(to: status) }
    records[record.id] = record
    return SubmittedCommand(command: CommandResource(record), isReplay: false)
  }

  package func preview(_ request: CommandCall) async throws(APIError) -> CommandPreview {
    if let refusal { throw refusal }
    return CommandPreview(
      deviceId: request.deviceId, command: request.name.description, input: request.input,
      durationSeconds: request.durationSeconds,
      operations: ["FC16 holding 47247 = [0, 2500]", "FC6 holding 47100 = [1]"])
  }

  package func commands(_ query: CommandQuery) async throws(APIError) -> ListSlice<CommandResource> {
    let own = Set(deviceList.filter { query.customerId == nil || $0.customerId == query.customerId }.map(\.id))
    return query.slice.slice(
      of: records.values.sorted { $0.id > $1.id }.filter {
        own.contains($0.deviceID) && (query.deviceId == nil || $0.deviceID == query.deviceId)
          && (query.status == nil || $0.status == query.status)
      }.map { CommandResource($0) })
  }

  package func command(_ id: String) async throws(APIError) -> CommandResource {
    if let left = readsUntilConfirmed {
      readsUntilConfirmed = left > 0 ? left - 1 : nil
      if left == 0 { records[id]?.move(to: .confirmed) }
    }
    guard let record = records[id] else { throw .notFound("command", id) }
    return CommandResource(record)
  }

  package func cancelCommand(_ id: String, actor: String) async throws(APIError) -> CommandResource {
    guard let record = records[id] else { throw .notFound("command", id) }
    guard !record.isTerminal else {
      throw APIError(status: 409, code: "CONFLICT", message: "\(id) is \(record.status.rawValue) already")
    }
    records[id]?.move(to: .cancelled)
    return try await command(id)
  }

  package func stop(
    _ deviceIds: [String]?, customerId: String?, actor: String
  ) async throws(APIError) -> StopReport {
    let own = deviceList.filter { customerId == nil || $0.customerId == customerId }
    var results: [StopReport.Result] = []
    for device in own where deviceIds?.contains(device.id) ?? true {
      let call = CommandCall(
        deviceId: device.id, name: CommandName(kind: device.type, verb: "auto"), actor: actor, priority: .safety,
        digest: "", onConflict: .cancelAndReplace)
      results.append(.init(deviceId: device.id, command: try await submit(call).command))
    }
    return StopReport(results: results)
  }

  package func alerts(_ query: AlertQuery) async throws(APIError) -> ListSlice<AlertResource> {
    let own = Set(deviceList.filter { query.customerId == nil || $0.customerId == query.customerId }.map(\.id))
    return query.slice.slice(
      of: alertList.filter {
        own.contains($0.deviceID) && (query.deviceId == nil || $0.deviceID == query.deviceId)
          && (query.includesResolved || $0.resolvedAt == nil)
      }.map { AlertResource($0) })
  }

  package func alert(_ id: String) async throws(APIError) -> AlertResource {
    guard let alert = alertList.first(where: { $0.id == id }) else { throw .notFound("alert", id) }
    return AlertResource(alert)
  }

  package func acknowledgeAlert(_ id: String, actor: String) async throws(APIError) -> AlertResource {
    guard let index = alertList.firstIndex(where: { $0.id == id }) else { throw .notFound("alert", id) }
    alertList[index].acknowledgedAt = alertList[index].updatedAt
    alertList[index].acknowledgedBy = actor
    return AlertResource(alertList[index])
  }

  package func usage(_ request: UsageRequest) async throws(APIError) -> [String: UsageMetric] {
    usageRequests.append(request)
    let series = request.buckets.enumerated().map { index, bucket in
      UsageBucket(start: bucket.start, end: bucket.end, value: Double(index) * 500, coverage: 1, quality: "good")
    }
    return [
      "generation": UsageMetric(total: 12_400, unit: "Wh", coverage: 0.99, series: series),
      "consumption": UsageMetric(total: nil, unit: "Wh", coverage: 0, series: []),
    ]
  }

  package func events(_ query: EventQuery) async throws(APIError) -> [EventResource] {
    let own = log.filter {
      (query.customerId == nil || $0.customerId == query.customerId)
        && (query.deviceId == nil || $0.deviceId == query.deviceId)
    }
    guard let after = query.after else { return own.suffix(query.limit) }
    return Array(own.filter { $0.sequence > after }.prefix(query.limit))
  }

  package func audit(_ query: AuditQuery) async throws(APIError) -> ListSlice<AuditResource> {
    query.slice.slice(
      of: auditRows.reversed().filter {
        (query.actor ?? $0.actor) == $0.actor && (query.subject ?? $0.subject) == $0.subject
          && (query.from ?? $0.timestamp) <= $0.timestamp
      })
  }
  package func verifyAudit() async throws(APIError) -> AuditVerificationResource {
    AuditVerificationResource(
      isSound: auditFindings.isEmpty, rows: Int64(auditRows.count), head: auditRows.last?.sequence ?? 0,
      headHash: auditRows.last?.hash ?? "", findings: auditFindings)
  }
  package func storedKey(_ id: String) async throws(APIError) -> StoredKey? { keys.first { $0.id == id } }
  package func storedKeys() async throws(APIError) -> [StoredKey] { keys }
  package func storeKey(_ key: StoredKey, actor: String) async throws(APIError) { keys.append(key) }
  package func removeKey(_ id: String, actor: String) async throws(APIError) -> Bool {
    let count = keys.count
    keys.removeAll { $0.id == id }
    return keys.count < count
  }
}

extension CommandRecord {
  /// The next step of its life, a second after the last.
  mutating func move(to next: CommandStatus) {
    status = next
    history.append(
      StatusChange(status: next, at: createdAt.advanced(byMilliseconds: Int64(history.count) * 600)))
    switch next {
    case .confirmed:
      evidence = Evidence(
        before: ["powerW": .number(0)], after: ["powerW": .number(-2480)], predicate: "powerW < -0.8 * input.powerW",
        latencyMilliseconds: 1600)
      leaseExpiresAt = durationSeconds.map { createdAt.advanced(byMilliseconds: Int64($0 * 1000)) }
    case .unconfirmed:
      evidence = Evidence(
        before: ["powerW": .number(0)], after: ["powerW": .number(0)], predicate: "powerW < -0.8 * input.powerW")
      failure = Failure(code: .readbackTimeout, message: "not seen within 30 s", isRetryable: true)
    case .failed: failure = Failure(code: .protocolTimeout, message: "no answer within 1 s", isRetryable: true)
    default: break
    }
  }
}
