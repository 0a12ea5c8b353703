public import LocalAPISchema

/// What the API needs from the gateway to look around for devices.
public protocol DiscoveryService: Sendable {
  /// Begins to look; 409 while another look around runs, 422 for a place that must not be looked at.
  func startDiscovery(_ request: DiscoveryRequest, actor: String) async throws(APIError) -> DiscoveryResource
  /// As far as it is; 404 if there is no such one any more.
  func discovery(_ id: String) async throws(APIError) -> DiscoveryResource
  /// Ends one that runs, and forgets one that is over.
  func cancelDiscovery(_ id: String) async throws(APIError)
}
