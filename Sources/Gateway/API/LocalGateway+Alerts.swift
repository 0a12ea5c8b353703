import CommandDispatch
import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TimeSource

extension LocalGateway {
  func alerts(_ query: AlertQuery) async throws(APIError) -> ListSlice<AlertResource> {
    let own = current?.configuration.devices.filter { query.customerId == nil || $0.customerID == query.customerId }
    let ids = Set(own?.map(\.id) ?? [])
    let records = try await stored { () async throws(GatewayStoreError) in
      try await store.alerts(includingResolved: query.includesResolved)
    }
    let visible = records.filter {
      (query.customerId == nil || ids.contains($0.deviceID))
        && (query.deviceId.map { [$0] } ?? [$0.deviceID])
          .contains($0.deviceID)
    }
    return query.slice.slice(of: visible.map { AlertResource($0) })
  }

  func alert(_ id: String) async throws(APIError) -> AlertResource {
    let record = try await stored { () async throws(GatewayStoreError) in try await store.alert(id: id) }
    guard let record else { throw .notFound("alert", id) }
    return AlertResource(record)
  }

  func acknowledgeAlert(_ id: String, actor: String) async throws(APIError) -> AlertResource {
    let record = try await stored { () async throws(GatewayStoreError) in
      try await store.acknowledgeAlert(id, by: actor, at: time.wall())
    }
    guard let record else { throw .notFound("alert", id) }
    events.record(.alertAcknowledged, alert: record)
    return AlertResource(record)
  }
}

extension EventLog {
  /// Notes what became of an alert.
  func record(_ kind: EventKind, alert: AlertRecord) {
    var data: [String: JSONValue] = [
      "alertId": .text(alert.id), "kind": .text(alert.kind.rawValue), "message": .text(alert.message),
    ]
    if !alert.commandID.isEmpty { data["commandId"] = .text(alert.commandID) }
    if alert.kind == .webhookDisabled { data["webhookId"] = .text(alert.deviceID) }
    if let person = alert.acknowledgedBy { data["acknowledgedBy"] = .text(person) }
    let device = alert.kind == .webhookDisabled || alert.deviceID.isEmpty ? nil : alert.deviceID
    record(kind, device: device, data: data)
  }
}
