public import EnergyModel

/// Who defined a customer or a site. The configuration file wins over the API.
public enum StoredSource: String, CaseIterable, Sendable, Hashable { case configuration, api }

/// Somebody whose energy is measured.
public struct CustomerRecord: Sendable, Hashable {
  /// The id of the configuration, or `cus_…`.
  public var id: String
  /// The name for people.
  public var name: String
  /// The id in the operator's own system.
  public var referenceID: String?
  /// Where to write to.
  public var email: String?
  /// Everything else about the person or firm.
  public var details = CustomerDetails()
  /// When it last changed; `nil` = never.
  public var updatedAt: Timestamp?
  /// When the gateway first knew of it; kept by later upserts.
  public var createdAt: Timestamp
  /// Who defined it.
  public var source: StoredSource
  /// Anything else that the configuration says, by name.
  public var extras: [String: String]
  /// When it disappeared from the configuration; `nil` while it is configured.
  public var removedAt: Timestamp?

  /// Makes a configured customer.
  public init(
    id: String, name: String, referenceID: String? = nil, email: String? = nil, createdAt: Timestamp,
    extras: [String: String] = [:], source: StoredSource = .configuration, details: CustomerDetails = .init()
  ) {
    self.details = details
    self.source = source
    self.id = id
    self.name = name
    self.referenceID = referenceID
    self.email = email
    self.createdAt = createdAt
    self.extras = extras
  }
}

/// What is known of a customer beside name, reference and e-mail address.
public struct CustomerDetails: Codable, Sendable, Hashable {
  /// Of a person.
  public var firstName: String?
  /// Of a person.
  public var lastName: String?
  /// Where to call.
  public var phone: String?
  /// Where it is.
  public var address: PostalAddress?
  /// Where invoices go.
  public var billingAddress: PostalAddress?
  /// In whose grid and market it is.
  public var utility: UtilityArea?

  /// All members, those that can be absent with a default.
  public init(
    firstName: String? = nil, lastName: String? = nil, phone: String? = nil, address: PostalAddress? = nil,
    billingAddress: PostalAddress? = nil, utility: UtilityArea? = nil
  ) {
    self.firstName = firstName
    self.lastName = lastName
    self.phone = phone
    self.address = address
    self.billingAddress = billingAddress
    self.utility = utility
  }
}

/// A place with one grid connection.
public struct SiteRecord: Sendable, Hashable {
  /// The id of the configuration, or `sit_…`.
  public var id: String
  /// The customer that it belongs to.
  public var customerID: String?
  /// The name for people.
  public var name: String
  /// IANA name of the zone that days are counted in.
  public var timeZone: String
  /// Degrees north.
  public var latitude: Double?
  /// Degrees east.
  public var longitude: Double?
  /// When the gateway first knew of it; kept by later upserts.
  public var createdAt: Timestamp
  /// Where it is.
  public var address: PostalAddress?
  /// The id in the operator's own system.
  public var referenceID: String?
  /// When it last changed; `nil` = never.
  public var updatedAt: Timestamp?
  /// Who defined it.
  public var source: StoredSource
  /// When it disappeared from the configuration; `nil` while it is configured.
  public var removedAt: Timestamp?

  /// Makes a configured site.
  public init(
    id: String, customerID: String? = nil, name: String, timeZone: String, latitude: Double? = nil,
    longitude: Double? = nil, address: PostalAddress? = nil, referenceID: String? = nil, createdAt: Timestamp,
    source: StoredSource = .configuration
  ) {
    self.referenceID = referenceID
    self.address = address
    self.source = source
    self.id = id
    self.customerID = customerID
    self.name = name
    self.timeZone = timeZone
    self.latitude = latitude
    self.longitude = longitude
    self.createdAt = createdAt
  }
}

/// One Modbus bus, broker session or HTTP host.
public struct LinkRecord: Sendable, Hashable {
  /// The id of the configuration.
  public var id: String
  /// `modbus`, `mqtt` or `http`.
  public var transport: String
  /// Where it is, without credentials.
  public var address: String
  /// When the gateway first knew of it; kept by later upserts.
  public var createdAt: Timestamp
  /// When it disappeared from the configuration; `nil` while it is configured.
  public var removedAt: Timestamp?

  /// Makes a configured link.
  public init(id: String, transport: String, address: String, createdAt: Timestamp) {
    self.id = id
    self.transport = transport
    self.address = address
    self.createdAt = createdAt
  }
}

/// A device of the unified model.
public struct DeviceRecord: Sendable, Hashable {
  /// The id of the configuration, or `dev_…`.
  public var id: String
  /// What it is in the unified model.
  public var kind: DeviceKind
  /// The name for people.
  public var name: String
  /// Id of its device profile.
  public var profile: String
  /// Its part within the profile.
  public var part: String
  /// The link that it is behind.
  public var linkID: String
  /// The site that it is at.
  public var siteID: String?
  /// The customer of its site, or its own where it has no site.
  public var customerID: String?
  /// What it measures; meters only.
  public var role: MeterRole?
  /// Words to find it by.
  public var tags: [String]
  /// When the gateway first knew of it; kept by later upserts.
  public var createdAt: Timestamp
  /// When it disappeared from the configuration; `nil` while it is configured.
  public var removedAt: Timestamp?

  /// Makes a configured device.
  public init(
    id: String, kind: DeviceKind, name: String, profile: String, part: String, linkID: String, siteID: String? = nil,
    customerID: String? = nil, role: MeterRole? = nil, tags: [String] = [], createdAt: Timestamp
  ) {
    self.id = id
    self.kind = kind
    self.name = name
    self.profile = profile
    self.part = part
    self.linkID = linkID
    self.siteID = siteID
    self.customerID = customerID
    self.role = role
    self.tags = tags
    self.createdAt = createdAt
  }
}

/// Everything that a configuration file names.
public struct ConfiguredRecords: Sendable {
  /// The customers.
  public var customers: [CustomerRecord]
  /// The sites.
  public var sites: [SiteRecord]
  /// The links.
  public var links: [LinkRecord]
  /// The devices.
  public var devices: [DeviceRecord]

  /// Makes the set of everything that is configured.
  public init(
    customers: [CustomerRecord] = [], sites: [SiteRecord] = [], links: [LinkRecord] = [], devices: [DeviceRecord] = []
  ) {
    self.customers = customers
    self.sites = sites
    self.links = links
    self.devices = devices
  }
}
