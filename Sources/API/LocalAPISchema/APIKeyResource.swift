public import EnergyModel

/// What a key may do.
public enum APIScope: String, Codable, CaseIterable, Sendable {
  /// See devices, their state and their commands.
  case devicesRead = "devices:read"
  /// Change devices.
  case devicesWrite = "devices:write"
  /// Send and cancel commands.
  case commandsWrite = "commands:write"
  /// See customers and sites.
  case customersRead = "customers:read"
  /// Change customers and sites.
  case customersWrite = "customers:write"
  /// See usage.
  case metricsRead = "metrics:read"
  /// Make usage meters and report usage events.
  case usageWrite = "usage:write"
  /// Everything, keys included.
  case admin
}

/// A key without its secret.
public struct APIKeyResource: Codable, Sendable, Hashable {
  /// Eight characters, part of the key itself.
  public var id: String
  /// What it is for.
  public var label: String
  /// What it may do.
  public var scopes: [APIScope]
  /// The only customer that it may see; absent = all.
  public var customerId: String?
  /// When it was made.
  public var createdAt: Timestamp
  /// From when on it is refused; absent = never.
  public var expiresAt: Timestamp?

  /// All members, those that can be absent with a default.
  public init(
    id: String, label: String, scopes: [APIScope] = [], customerId: String? = nil, createdAt: Timestamp,
    expiresAt: Timestamp? = nil
  ) {
    self.id = id
    self.label = label
    self.scopes = scopes
    self.customerId = customerId
    self.createdAt = createdAt
    self.expiresAt = expiresAt
  }
}

/// The body of `POST /v1/keys`.
public struct APIKeyDraft: Codable, Sendable, Hashable {
  /// What it is for, up to 200 characters.
  public var label: String?
  /// What it may do; at least one.
  public var scopes: [APIScope]
  /// The only customer that it may see.
  public var customerId: String?
  /// From when on it is refused.
  public var expiresAt: Timestamp?

  /// All members, those that can be absent with a default.
  public init(
    label: String? = nil, scopes: [APIScope] = [], customerId: String? = nil, expiresAt: Timestamp? = nil
  ) {
    self.expiresAt = expiresAt
    self.label = label
    self.scopes = scopes
    self.customerId = customerId
  }
}

/// A key that was just made, with its secret: it is shown this once.
public struct CreatedAPIKey: Codable, Sendable, Hashable {
  /// Eight characters, part of the key itself.
  public var id: String
  /// The key.
  public var key: String
  /// What it is for.
  public var label: String
  /// What it may do.
  public var scopes: [APIScope]
  /// The only customer that it may see; absent = all.
  public var customerId: String?
  /// When it was made.
  public var createdAt: Timestamp
  /// From when on it is refused; absent = never.
  public var expiresAt: Timestamp?

  /// All members, those that can be absent with a default.
  public init(
    id: String, key: String, label: String, scopes: [APIScope] = [], customerId: String? = nil, createdAt: Timestamp,
    expiresAt: Timestamp? = nil
  ) {
    self.id = id
    self.key = key
    self.label = label
    self.scopes = scopes
    self.customerId = customerId
    self.createdAt = createdAt
    self.expiresAt = expiresAt
  }
}

/// The answer of `GET /v1/keys`.
public struct APIKeyList: Codable, Sendable, Hashable {
  /// All keys that are not revoked.
  public var data: [APIKeyResource]

  /// All members, those that can be absent with a default.
  public init(
    data: [APIKeyResource] = []
  ) {
    self.data = data
  }
}
