public import EnergyModel

/// A site: the place behind one grid connection.
public struct SiteResource: Codable, Sendable, Hashable {
  /// As configured, or `sit_…`.
  public var id: String
  /// What people call it.
  public var name: String
  /// The operator's own id for it.
  public var referenceId: String?
  /// Whose site it is.
  public var customerId: String?
  /// How it came to its customer, or that it is to have none; absent where nobody decided.
  public var linkedBy: LinkOrigin?
  /// IANA zone of its hours and days: `Europe/Berlin`.
  public var timezone: String
  /// Where it is.
  public var address: PostalAddress?
  /// Degrees, north positive.
  public var latitude: Double?
  /// Degrees, east positive.
  public var longitude: Double?
  /// Who may change it.
  public var source: RecordSource
  /// When it was made.
  public var createdAt: Timestamp?
  /// When it last changed.
  public var updatedAt: Timestamp?
  /// Its devices, where they are asked for.
  public var devices: [DeviceResource]?
  /// Today's energy in its zone, where it is asked for.
  public var balance: UsageReport?

  /// All members, those that can be absent with a default.
  public init(
    id: String, name: String, referenceId: String? = nil, customerId: String? = nil, linkedBy: LinkOrigin? = nil,
    timezone: String, address: PostalAddress? = nil, latitude: Double? = nil, longitude: Double? = nil,
    source: RecordSource, createdAt: Timestamp? = nil, updatedAt: Timestamp? = nil,
    devices: [DeviceResource]? = nil, balance: UsageReport? = nil
  ) {
    self.id = id
    self.name = name
    self.referenceId = referenceId
    self.customerId = customerId
    self.linkedBy = linkedBy
    self.timezone = timezone
    self.address = address
    self.latitude = latitude
    self.longitude = longitude
    self.source = source
    self.createdAt = createdAt
    self.updatedAt = updatedAt
    self.devices = devices
    self.balance = balance
  }

  /// What of it may be changed.
  public var draft: SiteDraft {
    SiteDraft(
      name: name, referenceId: referenceId, customerId: customerId, timezone: timezone, address: address,
      latitude: latitude, longitude: longitude)
  }
}

/// The body of `POST /v1/sites`; `PATCH` takes any of its members, `null` clears one.
public struct SiteDraft: Codable, Sendable, Hashable {
  /// What people call it, 1 to 200 characters.
  public var name: String
  /// The operator's own id for it; no other site has the same.
  public var referenceId: String?
  /// Whose site it is.
  public var customerId: String?
  /// IANA zone; `UTC` unless it is said.
  public var timezone: String
  /// Where it is.
  public var address: PostalAddress?
  /// Degrees, north positive.
  public var latitude: Double?
  /// Degrees, east positive.
  public var longitude: Double?

  /// All members, those that can be absent with a default.
  public init(
    name: String, referenceId: String? = nil, customerId: String? = nil, timezone: String = "UTC",
    address: PostalAddress? = nil, latitude: Double? = nil, longitude: Double? = nil
  ) {
    self.name = name
    self.referenceId = referenceId
    self.customerId = customerId
    self.timezone = timezone
    self.address = address
    self.latitude = latitude
    self.longitude = longitude
  }
}
