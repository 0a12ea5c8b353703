public import EnergyModel

/// Who may change a customer or a site.
public enum RecordSource: String, Codable, CaseIterable, Sendable {
  /// From the configuration file: the API shows it and cannot change it.
  case configuration
  /// Made through the API.
  case api
}

/// A customer.
public struct CustomerResource: Codable, Sendable, Hashable {
  /// As configured, or `cus_…`.
  public var id: String
  /// What people call it.
  public var name: String
  /// The operator's own id for it.
  public var referenceId: String?
  /// Contact.
  public var email: String?
  /// Who may change it.
  public var source: RecordSource
  /// When it was made.
  public var createdAt: Timestamp?
  /// When it last changed.
  public var updatedAt: Timestamp?

  /// All members, those that can be absent with a default.
  public init(
    id: String, name: String, referenceId: String? = nil, email: String? = nil, source: RecordSource,
    createdAt: Timestamp? = nil, updatedAt: Timestamp? = nil
  ) {
    self.id = id
    self.name = name
    self.referenceId = referenceId
    self.email = email
    self.source = source
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }

  /// What of it may be changed.
  public var draft: CustomerDraft { CustomerDraft(name: name, referenceId: referenceId, email: email) }
}

/// The body of `POST /v1/customers`; `PATCH` takes any of its members, `null` clears one.
public struct CustomerDraft: Codable, Sendable, Hashable {
  /// What people call it, 1 to 200 characters.
  public var name: String
  /// The operator's own id for it.
  public var referenceId: String?
  /// Contact.
  public var email: String?

  /// All members, those that can be absent with a default.
  public init(
    name: String, referenceId: String? = nil, email: String? = nil
  ) {
    self.name = name
    self.referenceId = referenceId
    self.email = email
  }
}

/// A site: the place behind one grid connection.
public struct SiteResource: Codable, Sendable, Hashable {
  /// As configured, or `sit_…`.
  public var id: String
  /// What people call it.
  public var name: String
  /// Whose site it is.
  public var customerId: String?
  /// IANA zone of its hours and days: `Europe/Berlin`.
  public var timezone: String
  /// Postal address in one line.
  public var address: String?
  /// Who may change it.
  public var source: RecordSource
  /// When it was made.
  public var createdAt: Timestamp?
  /// When it last changed.
  public var updatedAt: Timestamp?

  /// All members, those that can be absent with a default.
  public init(
    id: String, name: String, customerId: String? = nil, timezone: String, address: String? = nil,
    source: RecordSource, createdAt: Timestamp? = nil, updatedAt: Timestamp? = nil
  ) {
    self.id = id
    self.name = name
    self.customerId = customerId
    self.timezone = timezone
    self.address = address
    self.source = source
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }

  /// What of it may be changed.
  public var draft: SiteDraft { SiteDraft(name: name, customerId: customerId, timezone: timezone, address: address) }
}

/// The body of `POST /v1/sites`; `PATCH` takes any of its members, `null` clears one.
public struct SiteDraft: Codable, Sendable, Hashable {
  /// What people call it, 1 to 200 characters.
  public var name: String
  /// Whose site it is.
  public var customerId: String?
  /// IANA zone; `UTC` unless it is said.
  public var timezone: String
  /// Postal address in one line.
  public var address: String?

  /// All members, those that can be absent with a default.
  public init(
    name: String, customerId: String? = nil, timezone: String, address: String? = nil
  ) {
    self.name = name
    self.customerId = customerId
    self.timezone = timezone
    self.address = address
  }
}
