public import EnergyModel

/// A pairing session: a page on which somebody connects a device.
public struct ConnectionResource: Codable, Sendable, Hashable {
  /// How far it is.
  public enum Status: String, Codable, CaseIterable, Sendable { case open, completed, expired, cancelled }

  /// The id, `con_…`.
  public var id: String
  /// How far it is.
  public var status: Status
  /// The page; only in the answer that makes it.
  public var url: String?
  /// The operator's own id for the customer or device.
  public var referenceId: String
  /// Where the page leads at its end.
  public var redirectUrl: String
  /// Who asks for the connection, for people.
  public var clientName: String?
  /// What its devices are tagged with.
  public var tags: [String]
  /// Whose device it is.
  public var customerId: String?
  /// Which products are offered.
  public var manufacturerFilters: ManufacturerFilters?
  /// The profile that was chosen.
  public var profile: String?
  /// The link of the devices, once it is completed.
  public var linkId: String?
  /// The devices that came of it.
  public var deviceIds: [String]
  /// When it was made.
  public var createdAt: Timestamp
  /// Until when its page works.
  public var expiresAt: Timestamp
  /// When it was completed, expired or cancelled.
  public var endedAt: Timestamp?

  /// All members, those that can be absent with a default.
  public init(
    id: String, status: Status, url: String? = nil, referenceId: String, redirectUrl: String,
    clientName: String? = nil, tags: [String] = [], customerId: String? = nil,
    manufacturerFilters: ManufacturerFilters? = nil, profile: String? = nil, linkId: String? = nil,
    deviceIds: [String] = [], createdAt: Timestamp, expiresAt: Timestamp, endedAt: Timestamp? = nil
  ) {
    self.id = id
    self.status = status
    self.url = url
    self.referenceId = referenceId
    self.redirectUrl = redirectUrl
    self.clientName = clientName
    self.tags = tags
    self.customerId = customerId
    self.manufacturerFilters = manufacturerFilters
    self.profile = profile
    self.linkId = linkId
    self.deviceIds = deviceIds
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.endedAt = endedAt
  }
}

/// Which products a page offers. What is empty does not restrict.
public struct ManufacturerFilters: Codable, Sendable, Hashable {
  /// Makers, in any case of letters.
  public var manufacturers: [String]
  /// Kinds of devices.
  public var deviceTypes: [DeviceKind]

  /// All members.
  public init(manufacturers: [String] = [], deviceTypes: [DeviceKind] = []) {
    self.manufacturers = manufacturers
    self.deviceTypes = deviceTypes
  }
}

/// The body of `POST /v1/connections`.
public struct ConnectionDraft: Codable, Sendable, Hashable {
  /// The operator's own id; one is made without it.
  public var referenceId: String?
  /// `http` or `https`.
  public var redirectUrl: String
  /// Who asks for the connection, for people.
  public var clientName: String?
  /// What its devices are tagged with.
  public var tags: [String]
  /// Whose device it is; wins over `customerInfo`.
  public var customerId: String?
  /// Who becomes a customer at the end, where nobody has the reference yet.
  public var customerInfo: CustomerDraft?
  /// Which products are offered.
  public var manufacturerFilters: ManufacturerFilters?

  /// All members, those that can be absent with a default.
  public init(
    referenceId: String? = nil, redirectUrl: String, clientName: String? = nil, tags: [String] = [],
    customerId: String? = nil, customerInfo: CustomerDraft? = nil, manufacturerFilters: ManufacturerFilters? = nil
  ) {
    self.referenceId = referenceId
    self.redirectUrl = redirectUrl
    self.clientName = clientName
    self.tags = tags
    self.customerId = customerId
    self.customerInfo = customerInfo
    self.manufacturerFilters = manufacturerFilters
  }
}
