public import LocalAPISchema

/// What the API needs from the gateway for tags.
public protocol TagService: Sendable {
  /// The tags of a device; it exists.
  func tags(of deviceId: String) async throws(APIError) -> DeviceTagList
  /// Replaces the tags that a device has through the API; those of the configuration stay.
  func setTags(_ tags: [String], of deviceId: String) async throws(APIError) -> DeviceTagList
  /// All tags in the order of the alphabet, with the number of the devices that have them; of one customer's devices
  /// if one is given.
  func tagSummaries(customerId: String?) async throws(APIError) -> [TagSummary]
}
