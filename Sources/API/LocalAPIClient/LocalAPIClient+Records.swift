public import LocalAPISchema

/// Customers, sites and devices as records.
extension LocalAPIClient {
  /// `GET /v1/customers` with filters.
  public func customers(
    referenceId: String? = nil, email: String? = nil, text: String? = nil, cursor: String? = nil
  ) async throws(APIClientError) -> APIReply<Page<CustomerResource>> {
    try await send(
      "GET", "/v1/customers",
      query: [
        ("referenceId", referenceId), ("email", email), ("q", text), ("cursor", cursor),
        ("perPage", String(SliceRequest.maxPerPage)),
      ])
  }

  /// `POST /v1/customers`; the members are those of `CustomerDraft`.
  public func createCustomer(_ members: [String: JSONValue]) async throws(APIClientError) -> APIReply<CustomerResource>
  {
    try await send("POST", "/v1/customers", body: JSONValue.object(members))
  }

  /// `PATCH /v1/customers/{id}`; `null` clears a member.
  public func updateCustomer(
    _ id: String, _ changes: [String: JSONValue]
  ) async throws(APIClientError) -> APIReply<CustomerResource> {
    try await send("PATCH", "/v1/customers/\(Self.escaped(id))", body: JSONValue.object(changes))
  }

  /// `DELETE /v1/customers/{id}`
  public func deleteCustomer(
    _ id: String, mode: DeletionMode
  ) async throws(APIClientError) -> APIReply<DeletedCustomer> {
    try await send("DELETE", "/v1/customers/\(Self.escaped(id))", query: [("mode", mode.rawValue)])
  }

  /// `GET /v1/customers/{id}/activity`, newest first.
  public func activity(
    of customerId: String, cursor: String? = nil, limit: Int = 50
  ) async throws(APIClientError) -> APIReply<ActivityPage> {
    try await send(
      "GET", "/v1/customers/\(Self.escaped(customerId))/activity",
      query: [("cursor", cursor), ("perPage", String(limit))])
  }

  /// `GET /v1/sites` with filters.
  public func sites(
    customerId: String? = nil, referenceId: String? = nil, cursor: String? = nil
  ) async throws(APIClientError) -> APIReply<Page<SiteResource>> {
    try await send(
      "GET", "/v1/sites",
      query: [
        ("customerId", customerId), ("referenceId", referenceId), ("cursor", cursor),
        ("perPage", String(SliceRequest.maxPerPage)),
      ])
  }

  /// `GET /v1/sites/{id}` with its devices and today's energy.
  public func site(_ id: String, include: String? = nil) async throws(APIClientError) -> APIReply<SiteResource> {
    try await send("GET", "/v1/sites/\(Self.escaped(id))", query: [("include", include)])
  }

  /// `POST /v1/sites`; the members are those of `SiteDraft`.
  public func createSite(_ members: [String: JSONValue]) async throws(APIClientError) -> APIReply<SiteResource> {
    try await send("POST", "/v1/sites", body: JSONValue.object(members))
  }

  /// `PATCH /v1/sites/{id}`; `null` clears a member.
  public func updateSite(
    _ id: String, _ changes: [String: JSONValue]
  ) async throws(APIClientError) -> APIReply<SiteResource> {
    try await send("PATCH", "/v1/sites/\(Self.escaped(id))", body: JSONValue.object(changes))
  }

  /// `DELETE /v1/sites/{id}`
  public func deleteSite(_ id: String) async throws(APIClientError) -> APIReply<Nothing> {
    try await send("DELETE", "/v1/sites/\(Self.escaped(id))")
  }

  /// `PATCH /v1/devices/{id}`; `null` clears a member.
  public func updateDevice(
    _ id: String, _ changes: [String: JSONValue]
  ) async throws(APIClientError) -> APIReply<DeviceResource> {
    try await send("PATCH", "/v1/devices/\(Self.escaped(id))", body: JSONValue.object(changes))
  }

  /// `GET /v1/devices/{id}/state`, read from the device now.
  public func refreshedState(_ id: String) async throws(APIClientError) -> APIReply<StateEnvelope> {
    try await send("GET", "/v1/devices/\(Self.escaped(id))/state", query: [("refresh", "true")])
  }
}
