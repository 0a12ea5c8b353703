public import LocalAPISchema

/// Tags, batches and schedules; each throws `APIClientError`.
extension LocalAPIClient {
  private static let longestPage = [("perPage", String(SliceRequest.maxPerPage) as String?)]

  /// `GET /v1/devices/{id}/tags`
  public func tags(of deviceId: String) async throws(APIClientError) -> APIReply<DeviceTagList> {
    try await send("GET", "/v1/devices/\(Self.escaped(deviceId))/tags")
  }

  /// `PUT /v1/devices/{id}/tags`
  public func setTags(
    _ tags: [String], of deviceId: String
  ) async throws(APIClientError) -> APIReply<DeviceTagList> {
    try await send("PUT", "/v1/devices/\(Self.escaped(deviceId))/tags", body: DeviceTagDraft(tags: tags))
  }

  /// `GET /v1/tags`
  public func allTags() async throws(APIClientError) -> APIReply<Page<TagSummary>> {
    try await send("GET", "/v1/tags", query: Self.longestPage)
  }

  /// `GET /v1/tags/{tag}/devices`
  public func devices(withTag tag: String) async throws(APIClientError) -> APIReply<Page<DeviceResource>> {
    try await send("GET", "/v1/tags/\(Self.escaped(tag))/devices", query: Self.longestPage)
  }

  /// `POST /v1/commands/batch`
  public func sendBatch(_ submission: BatchSubmission) async throws(APIClientError) -> APIReply<BatchResource> {
    try await send("POST", "/v1/commands/batch", body: submission)
  }

  /// `GET /v1/commands/batch`, newest first.
  public func batches(limit: Int) async throws(APIClientError) -> APIReply<Page<BatchResource>> {
    try await send("GET", "/v1/commands/batch", query: [("perPage", String(limit))])
  }

  /// `GET /v1/commands/batch/{id}`
  public func batch(_ id: String) async throws(APIClientError) -> APIReply<BatchResource> {
    try await send("GET", "/v1/commands/batch/\(Self.escaped(id))")
  }

  /// `POST /v1/commands/batch/{id}/cancel`
  public func cancelBatch(_ id: String) async throws(APIClientError) -> APIReply<BatchResource> {
    try await send("POST", "/v1/commands/batch/\(Self.escaped(id))/cancel")
  }

  /// `GET /v1/schedules`, newest first.
  public func schedules(
    deviceId: String? = nil, tag: String? = nil, includesEnded: Bool = false
  ) async throws(APIClientError) -> APIReply<Page<ScheduleResource>> {
    try await send(
      "GET", "/v1/schedules",
      query: Self.longestPage + [
        ("deviceId", deviceId), ("tag", tag), ("ended", includesEnded ? "true" : nil),
      ])
  }

  /// `GET /v1/schedules/{id}`
  public func schedule(_ id: String) async throws(APIClientError) -> APIReply<ScheduleResource> {
    try await send("GET", "/v1/schedules/\(Self.escaped(id))")
  }

  /// `DELETE /v1/schedules/{id}`
  public func deleteSchedule(_ id: String) async throws(APIClientError) -> APIReply<Nothing> {
    try await send("DELETE", "/v1/schedules/\(Self.escaped(id))")
  }

  /// `POST /v1/devices/{id}/schedules`; the body is a `ScheduleDraft` or the text of a file.
  public func createSchedule(
    _ draft: any Encodable & Sendable, device deviceId: String
  ) async throws(APIClientError) -> APIReply<ScheduleResource> {
    try await send("POST", "/v1/devices/\(Self.escaped(deviceId))/schedules", body: draft)
  }

  /// `POST /v1/schedules/tags/{tag}`; the body is a `ScheduleDraft` or the text of a file.
  public func createSchedule(
    _ draft: any Encodable & Sendable, tag: String
  ) async throws(APIClientError) -> APIReply<ScheduleResource> {
    try await send("POST", "/v1/schedules/tags/\(Self.escaped(tag))", body: draft)
  }
}
