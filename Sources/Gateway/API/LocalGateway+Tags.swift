import GatewayStore
import LocalAPISchema
import LocalAPIServer

extension LocalGateway {
  func tags(of deviceId: String) async throws(APIError) -> DeviceTagList {
    Self.list(try configured(deviceId), tags)
  }

  func setTags(_ words: [String], of deviceId: String) async throws(APIError) -> DeviceTagList {
    let device = try configured(deviceId)
    try await stored { () async throws(GatewayStoreError) in try await tags.set(words, of: device) }
    let list = Self.list(device, tags)
    events.record(
      .deviceUpdated, device: device.id, customer: device.customerID, site: device.siteID,
      data: ["tags": .array(list.tags.map { .text($0) })])
    // Schedules of a tag are for whoever has it.
    await schedules.look()
    return list
  }

  func tagSummaries(customerId: String?) async throws(APIError) -> [TagSummary] {
    let devices = try live().configuration.devices.filter { customerId == nil || $0.customerID == customerId }
    let counts = devices.flatMap { tags.tags(of: $0) }.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    return counts.map { TagSummary(tag: $0.key, deviceCount: $0.value) }.sorted { $0.tag < $1.tag }
  }

  func configured(_ id: String) throws(APIError) -> GatewayConfiguration.Device {
    guard let device = try live().device(id) else { throw .notFound("device", id) }
    return device
  }

  private static func list(_ device: GatewayConfiguration.Device, _ book: TagBook) -> DeviceTagList {
    DeviceTagList(
      deviceId: device.id,
      sources: book.tags(of: device).map {
        DeviceTag(tag: $0, source: device.tags.contains($0) ? .configuration : .api)
      })
  }
}
