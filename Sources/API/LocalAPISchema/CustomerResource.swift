public import EnergyModel

/// Who may change a customer, a site or a device.
public enum RecordSource: String, Codable, CaseIterable, Sendable {
  /// From the configuration file: the API shows it and cannot change what the file says.
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
  /// Of a person.
  public var firstName: String?
  /// Of a person.
  public var lastName: String?
  /// The operator's own id for it.
  public var referenceId: String?
  /// Contact.
  public var email: String?
  /// Contact.
  public var phone: String?
  /// Where it is.
  public var address: PostalAddress?
  /// Where invoices go.
  public var billingAddress: PostalAddress?
  /// In whose grid and market it is.
  public var utility: UtilityArea?
  /// Who may change it.
  public var source: RecordSource
  /// When it was made.
  public var createdAt: Timestamp?
  /// When it last changed.
  public var updatedAt: Timestamp?
  /// Its sites, where they are asked for.
  public var sites: [SiteResource]?
  /// Its devices, where they are asked for.
  public var devices: [DeviceResource]?

  /// All members, those that can be absent with a default.
  public init(
    id: String, name: String, firstName: String? = nil, lastName: String? = nil, referenceId: String? = nil,
    email: String? = nil, phone: String? = nil, address: PostalAddress? = nil, billingAddress: PostalAddress? = nil,
    utility: UtilityArea? = nil, source: RecordSource, createdAt: Timestamp? = nil, updatedAt: Timestamp? = nil,
    sites: [SiteResource]? = nil, devices: [DeviceResource]? = nil
  ) {
    self.id = id
    self.name = name
    self.firstName = firstName
    self.lastName = lastName
    self.referenceId = referenceId
    self.email = email
    self.phone = phone
    self.address = address
    self.billingAddress = billingAddress
    self.utility = utility
    self.source = source
    self.createdAt = createdAt
    self.updatedAt = updatedAt
    self.sites = sites
    self.devices = devices
  }

  /// What of it may be changed.
  public var draft: CustomerDraft {
    CustomerDraft(
      name: name, firstName: firstName, lastName: lastName, referenceId: referenceId, email: email, phone: phone,
      address: address, billingAddress: billingAddress, utility: utility)
  }
}

/// The body of `POST /v1/customers`; `PATCH` takes any of its members, `null` clears one.
public struct CustomerDraft: Codable, Sendable, Hashable {
  /// What people call it, 1 to 200 characters; first and last name unless it is said.
  public var name: String
  /// Of a person.
  public var firstName: String?
  /// Of a person.
  public var lastName: String?
  /// The operator's own id for it; no other customer has the same.
  public var referenceId: String?
  /// Contact.
  public var email: String?
  /// Contact.
  public var phone: String?
  /// Where it is.
  public var address: PostalAddress?
  /// Where invoices go.
  public var billingAddress: PostalAddress?
  /// In whose grid and market it is.
  public var utility: UtilityArea?

  /// All members, those that can be absent with a default.
  public init(
    name: String, firstName: String? = nil, lastName: String? = nil, referenceId: String? = nil, email: String? = nil,
    phone: String? = nil, address: PostalAddress? = nil, billingAddress: PostalAddress? = nil,
    utility: UtilityArea? = nil
  ) {
    self.name = name
    self.firstName = firstName
    self.lastName = lastName
    self.referenceId = referenceId
    self.email = email
    self.phone = phone
    self.address = address
    self.billingAddress = billingAddress
    self.utility = utility
  }

  /// First and last name in one; `nil` without either.
  public static func fullName(_ firstName: String?, _ lastName: String?) -> String? {
    let names = [firstName, lastName].compactMap(\.self)
    return names.isEmpty ? nil : names.joined(separator: " ")
  }
}

/// What a deletion leaves of a customer.
public enum DeletionMode: String, Codable, CaseIterable, Sendable {
  /// Everything personal goes; energy stays under the id.
  case anonymize
  /// Energy and events go, too.
  case purge
}

/// The answer to a deletion.
public struct DeletedCustomer: Codable, Sendable, Hashable {
  /// What became of the energy.
  public enum Aggregates: String, Codable, Sendable { case kept, removed }

  /// Whose record it was.
  public var id: String
  /// As it was asked for.
  public var mode: DeletionMode
  /// What became of the energy that was measured for it.
  public var aggregates: Aggregates
  /// Sites that belong to nobody now.
  public var unlinkedSites: [String]
  /// Devices that belong to nobody now.
  public var unlinkedDevices: [String]

  /// All members, those that can be absent with a default.
  public init(
    id: String, mode: DeletionMode, aggregates: Aggregates, unlinkedSites: [String] = [],
    unlinkedDevices: [String] = []
  ) {
    self.id = id
    self.mode = mode
    self.aggregates = aggregates
    self.unlinkedSites = unlinkedSites
    self.unlinkedDevices = unlinkedDevices
  }
}

/// How something came to its customer.
public enum LinkOrigin: String, Codable, CaseIterable, Sendable {
  /// The configuration file says so.
  case configuration
  /// Somebody said so through the API; also that it belongs to nobody.
  case manual
  /// By the same reference or address.
  case automatic
}
