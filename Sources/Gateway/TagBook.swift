import GatewayStore
import Synchronization

/// The tags that devices have through the API, in memory, so that a list of devices does not wait for the disk; the
/// store has the last word. The configuration's tags come on top of them and cannot be taken away.
final class TagBook: Sendable {
  private let store: GatewayStore
  private let given = Mutex<[String: [String]]>([:])

  init(store: GatewayStore) { self.store = store }

  /// Reads all tags once, at start.
  func load() async throws(GatewayStoreError) {
    let tags = try await store.deviceTags()
    given.withLock { $0 = tags }
  }

  func set(_ tags: [String], of device: GatewayConfiguration.Device) async throws(GatewayStoreError) {
    let own = tags.filter { !device.tags.contains($0) }
    try await store.setTags(own, of: device.id)
    given.withLock { $0[device.id] = own.isEmpty ? nil : own }
  }

  /// The tags of a device that are not in the configuration.
  func givenTags(of device: GatewayConfiguration.Device) -> [String] {
    given.withLock { $0[device.id] ?? [] }.filter { !device.tags.contains($0) }
  }

  /// All tags of a device, in the order of the alphabet.
  func tags(of device: GatewayConfiguration.Device) -> [String] {
    Set(device.tags + givenTags(of: device)).sorted()
  }
}
