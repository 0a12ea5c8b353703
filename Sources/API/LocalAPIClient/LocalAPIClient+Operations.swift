public import LocalAPISchema

/// No content, for answers without a body.
public struct Nothing: Decodable, Sendable, Hashable {
  /// Accepts whatever is there.
  public init(from decoder: any Decoder) {}
}

extension LocalAPIClient {
  /// `GET /v1/status`
  public func status() async throws(APIClientError) -> APIReply<GatewayStatus> { try await send("GET", "/v1/status") }

  /// `GET /v1/version`
  public func version() async throws(APIClientError) -> APIReply<VersionInfo> { try await send("GET", "/v1/version") }

  /// `GET /v1/devices`, up to 500 of them.
  public func devices(
    type: String? = nil, customerId: String? = nil, siteId: String? = nil, tag: String? = nil, status: String? = nil,
    manufacturer: String? = nil, referenceId: String? = nil, isStale: Bool? = nil, page: Int = 1
  ) async throws(APIClientError) -> APIReply<Page<DeviceResource>> {
    try await send(
      "GET", "/v1/devices",
      query: [
        ("type", type), ("customerId", customerId), ("siteId", siteId), ("tag", tag), ("status", status),
        ("manufacturer", manufacturer), ("referenceId", referenceId), ("isStale", isStale.map(String.init)),
        ("page", String(page)), ("perPage", String(SliceRequest.maxPerPage)),
      ])
  }

  /// `GET /v1/devices/{id}`
  public func device(_ id: String) async throws(APIClientError) -> APIReply<DeviceResource> {
    try await send("GET", "/v1/devices/\(Self.escaped(id))")
  }

  /// `POST /v1/devices/{id}/commands`; returns as soon as it is accepted.
  public func submit(
    _ submission: CommandSubmission, to deviceId: String
  ) async throws(APIClientError) -> APIReply<CommandResource> {
    try await send("POST", "/v1/devices/\(Self.escaped(deviceId))/commands", body: submission)
  }

  /// `POST /v1/devices/{id}/commands` with `dryRun`.
  public func preview(
    _ submission: CommandSubmission, to deviceId: String
  ) async throws(APIClientError) -> APIReply<CommandPreview> {
    var submission = submission
    submission.dryRun = true
    return try await send("POST", "/v1/devices/\(Self.escaped(deviceId))/commands", body: submission)
  }

  /// `GET /v1/commands`, newest first.
  public func commands(
    deviceId: String? = nil, status: String? = nil, limit: Int = 20
  ) async throws(APIClientError) -> APIReply<Page<CommandResource>> {
    try await send(
      "GET", "/v1/commands", query: [("deviceId", deviceId), ("status", status), ("perPage", String(limit))])
  }

  /// `GET /v1/commands/{id}`, waiting for confirmation at most so long.
  public func command(_ id: String, waitSeconds: Int = 0) async throws(APIClientError) -> APIReply<CommandResource> {
    try await send("GET", "/v1/commands/\(Self.escaped(id))", headers: Self.wait(waitSeconds), waitSeconds: waitSeconds)
  }

  /// `POST /v1/commands/stop`, waiting for the devices at most so long; all devices where none are named.
  public func stop(_ deviceIds: [String]?, waitSeconds: Int) async throws(APIClientError) -> APIReply<StopReport> {
    try await send(
      "POST", "/v1/commands/stop", headers: Self.wait(waitSeconds), body: StopRequest(deviceIds: deviceIds),
      waitSeconds: waitSeconds)
  }

  /// `POST /v1/commands/{id}/cancel`
  public func cancelCommand(_ id: String) async throws(APIClientError) -> APIReply<CommandResource> {
    try await send("POST", "/v1/commands/\(Self.escaped(id))/cancel")
  }

  /// `GET /v1/alerts`, newest first.
  public func alerts(
    deviceId: String? = nil, includesResolved: Bool = false
  ) async throws(APIClientError) -> APIReply<Page<AlertResource>> {
    try await send(
      "GET", "/v1/alerts",
      query: [
        ("deviceId", deviceId), ("resolved", includesResolved ? "true" : nil),
        ("perPage", String(SliceRequest.maxPerPage)),
      ])
  }

  /// `POST /v1/alerts/{id}/acknowledge`
  public func acknowledgeAlert(_ id: String) async throws(APIClientError) -> APIReply<AlertResource> {
    try await send("POST", "/v1/alerts/\(Self.escaped(id))/acknowledge")
  }

  /// `GET /v1/audit`, newest first.
  public func audit(
    actor: String? = nil, action: String? = nil, subject: String? = nil, commandId: String? = nil, from: String? = nil,
    to: String? = nil, limit: Int = 50
  ) async throws(APIClientError) -> APIReply<Page<AuditResource>> {
    try await send(
      "GET", "/v1/audit",
      query: [
        ("actor", actor), ("action", action), ("subject", subject), ("commandId", commandId), ("from", from),
        ("to", to), ("perPage", String(limit)),
      ])
  }

  /// `GET /v1/audit/verification`
  public func verifyAudit() async throws(APIClientError) -> APIReply<AuditVerificationResource> {
    try await send("GET", "/v1/audit/verification")
  }

  /// `GET /v1/customers/{id}`
  public func customer(_ id: String) async throws(APIClientError) -> APIReply<CustomerResource> {
    try await send("GET", "/v1/customers/\(Self.escaped(id))")
  }

  /// `GET /v1/customers/{id}/usage`
  public func customerUsage(
    _ id: String, _ period: UsagePeriod
  ) async throws(APIClientError) -> APIReply<UsageReport> {
    try await send("GET", "/v1/customers/\(Self.escaped(id))/usage", query: period.query)
  }

  /// `GET /v1/sites/{id}/usage`
  public func siteUsage(_ id: String, _ period: UsagePeriod) async throws(APIClientError) -> APIReply<UsageReport> {
    try await send("GET", "/v1/sites/\(Self.escaped(id))/usage", query: period.query)
  }

  /// `GET /v1/events`
  public func events(
    after: Int64? = nil, deviceId: String? = nil, limit: Int = 50
  ) async throws(APIClientError) -> APIReply<EventList> {
    try await send(
      "GET", "/v1/events",
      query: [("after", after.map(String.init)), ("deviceId", deviceId), ("limit", String(limit))])
  }

  /// `POST /v1/keys`
  public func createKey(_ draft: APIKeyDraft) async throws(APIClientError) -> APIReply<CreatedAPIKey> {
    try await send("POST", "/v1/keys", body: draft)
  }

  /// `GET /v1/keys`
  public func keys() async throws(APIClientError) -> APIReply<APIKeyList> { try await send("GET", "/v1/keys") }

  /// `DELETE /v1/keys/{id}`
  public func revokeKey(_ id: String) async throws(APIClientError) -> APIReply<Nothing> {
    try await send("DELETE", "/v1/keys/\(Self.escaped(id))")
  }

  private static func wait(_ seconds: Int) -> [(String, String)] {
    seconds > 0 ? [("Prefer", "wait=\(seconds)")] : []
  }
}

/// Which time of usage is wanted, in the words of the API.
public struct UsagePeriod: Sendable, Hashable {
  /// `today`, `yesterday`, `month`, `7d`.
  public var range: String?
  /// A time or a date, instead of `range`.
  public var from: String?
  /// A time or a date, excluded.
  public var to: String?
  /// `15m`, `hour`, `day` or `none`.
  public var by: String?
  /// IANA zone.
  public var timezone: String?

  /// A time; today without anything.
  public init(
    range: String? = nil, from: String? = nil, to: String? = nil, by: String? = nil, timezone: String? = nil
  ) {
    self.range = range
    self.from = from
    self.to = to
    self.by = by
    self.timezone = timezone
  }

  var query: [(String, String?)] {
    [("range", range), ("from", from), ("to", to), ("by", by), ("timezone", timezone)]
  }
}
