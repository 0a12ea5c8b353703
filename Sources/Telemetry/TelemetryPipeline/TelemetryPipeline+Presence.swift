public import EnergyModel
public import GatewayStore

extension TelemetryPipeline {
  /// Whether an energy of a device, site or customer is booked at all.
  public func books(_ metric: EnergyMetric, of scope: WindowScope, id: String) -> Bool {
    plan.windows(scope, id, metric) != nil
  }

  /// How long a device was heard between boundaries; a value holds until it counts as stale.
  ///
  /// - Parameter fields: only these; `nil` = everything of the device.
  public func presence(
    deviceID: String, fields: [Field]? = nil, boundaries: [Timestamp]
  ) async throws(GatewayStoreError) -> GatewayStore.Presence {
    try? await flush()
    let hold = layout.index(of: deviceID).map { layout.devices[$0].staleAfter.milliseconds } ?? 0
    return try await store.presence(
      deviceID: deviceID, metrics: fields?.map(\.name), hold: hold, boundaries: boundaries)
  }
}
