import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import Synchronization
import TimeSource

/// The API keys in memory, so that a request does not wait for the disk; the store has the last word.
final class KeyRing: Sendable {
  private let store: GatewayStore
  private let keys = Mutex<[String: StoredKey]>([:])

  init(store: GatewayStore) { self.store = store }

  /// Reads all keys once, at start.
  func load() async throws(GatewayStoreError) {
    let records = try await store.keys()
    let usable = records.filter { $0.revokedAt == nil }.compactMap(Self.key)
    keys.withLock { keys in keys = Dictionary(uniqueKeysWithValues: usable.map { ($0.id, $0) }) }
  }

  func key(_ id: String) -> StoredKey? { keys.withLock { $0[id] } }

  var all: [StoredKey] { keys.withLock { $0.values.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) } } }

  func add(_ key: StoredKey, by actor: String) async throws(GatewayStoreError) {
    let digest = key.digest.map { Self.hexadecimal($0) }.joined()
    try await store.insert(
      APIKeyRecord(
        keyID: key.id, secretSHA256: digest, label: key.label, scopes: key.scopes.map(\.rawValue),
        customerID: key.customerId, createdAt: key.createdAt, expiresAt: key.expiresAt), by: actor)
    keys.withLock { $0[key.id] = key }
  }

  func revoke(_ id: String, by actor: String, at now: Timestamp) async throws(GatewayStoreError) -> Bool {
    let wasThere = try await store.revokeKey(id: id, by: actor, at: now)
    keys.withLock { $0[id] = nil }
    return wasThere
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    let text = String(byte, radix: 16)
    return text.count == 1 ? "0\(text)" : text
  }

  private static func key(_ record: APIKeyRecord) -> StoredKey? {
    var digest: [UInt8] = []
    var rest = record.secretSHA256[...]
    while !rest.isEmpty {
      guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
      digest.append(byte)
      rest = rest.dropFirst(2)
    }
    return StoredKey(
      id: record.keyID, digest: digest, label: record.label, scopes: record.scopes.compactMap(APIScope.init),
      customerId: record.customerID, createdAt: record.createdAt, expiresAt: record.expiresAt)
  }
}

extension LocalGateway {
  func storedKey(_ id: String) async throws(APIError) -> StoredKey? { keys.key(id) }

  func storedKeys() async throws(APIError) -> [StoredKey] { keys.all }

  func storeKey(_ key: StoredKey, actor: String) async throws(APIError) {
    try await stored { () async throws(GatewayStoreError) in try await keys.add(key, by: actor) }
  }

  func removeKey(_ id: String, actor: String) async throws(APIError) -> Bool {
    try await stored { () async throws(GatewayStoreError) in try await keys.revoke(id, by: actor, at: time.wall()) }
  }

  func events(_ query: EventQuery) async throws(APIError) -> [EventResource] {
    let records = try await stored { () async throws(GatewayStoreError) in
      if let after = query.after {
        return try await store.events(
          after: after, limit: query.limit, customer: query.customerId, device: query.deviceId)
      }
      return try await store.newestEvents(limit: query.limit, customer: query.customerId, device: query.deviceId)
    }
    return records.map(EventLog.resource)
  }
}
