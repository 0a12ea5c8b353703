public import LocalAPISchema

/// What explanations need from the gateway.
public protocol ExplanationService: Sendable {
  /// How what the device said last became its values; of these points only, where any are named. 404 if there is no
  /// such device.
  func explanation(_ deviceId: String, fields: Set<String>) async throws(APIError) -> DeviceExplanation
}
