import AdapterKit
import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TimeSource

extension LocalGateway {
  func updateDevice(
    _ id: String, _ changes: DeviceChanges, expected: DeviceDraft?
  ) async throws(APIError) -> DeviceResource {
    try await inTurn { () async throws(APIError) in
      let running = try live()
      guard let file = running.file.devices.first(where: { $0.id == id }), let now = running.device(id) else {
        throw .notFound("device", id)
      }
      let draft = DeviceDraft(
        name: now.name, referenceId: now.referenceID, customerId: now.customerID, siteId: now.siteID)
      if let expected, expected != draft { throw Self.changedMeanwhile("device", id) }
      try Self.check(changes, against: file, now: draft)
      try await keep(changes, of: now)
      events.record(.deviceUpdated, device: id, customer: now.customerID, site: now.siteID, data: [:])
      try await settle()
      return try await device(id)
    }
  }

  /// What the file says stays; saying the same again is no change.
  private static func check(
    _ changes: DeviceChanges, against file: GatewayConfiguration.Device, now: DeviceDraft
  ) throws(APIError) {
    let said: [(String, DeviceChanges.Change?, isSaid: Bool, now: String?)] = [
      ("name", changes.name, file.name != file.id, now.name),
      ("referenceId", changes.referenceId, file.referenceID != nil, now.referenceId),
      ("customerId", changes.customerId, file.customerID != nil, now.customerId),
      ("siteId", changes.siteId, file.siteID != nil, now.siteId),
    ]
    for (field, change, isSaid, now) in said {
      guard isSaid, let change, change.text != now else { continue }
      throw configured(field, "device", file.id)
    }
  }

  private func keep(_ changes: DeviceChanges, of device: GatewayConfiguration.Device) async throws(APIError) {
    var change = book.now.changes[device.id] ?? DeviceChangeRecord(deviceID: device.id, at: time.wall())
    if let name = changes.name { change.name = name.text }
    if let reference = changes.referenceId { change.referenceID = reference.text }
    if let site = changes.siteId { change.siteID = site.text }
    change.at = time.wall()
    let kept = change
    // Saying what it is by itself already makes it a decision.
    if let customer = changes.customerId, device.linkedBy != .configuration {
      try await link(.device, device.id, to: customer.text, from: device.customerID, change: kept)
    } else {
      try await stored { () async throws(GatewayStoreError) in try await store.save(links: [], change: kept) }
    }
  }

  func refresh(_ deviceId: String) async throws(APIError) {
    let running = try live()
    guard let device = running.device(deviceId),
      let link = running.links.first(where: { $0.configuration.id == device.linkID })
    else { throw .notFound("device", deviceId) }
    do {
      try await link.adapter.refresh(EndpointID(device.endpointName))
    } catch {
      let (status, code): (Int, CommandErrorCode) =
        switch error.kind {
        case .notSent: (409, .deviceOffline)
        case .timeout: (504, .protocolTimeout)
        case .refused, .brokenOff: (502, .protocolError)
        }
      throw APIError(
        status: status, code: code.rawValue, message: "\(deviceId) was not read: \(error.message)",
        hint: "without refresh the last known state is shown")
    }
  }
}
