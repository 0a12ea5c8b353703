import EnergyModel
public import LocalAPISchema

/// What the API needs from the gateway for customers.
public protocol CustomerService: Sendable {
  /// In the order of their ids.
  func customers(_ query: CustomerQuery) async throws(APIError) -> ListSlice<CustomerResource>
  /// 404 if there is no such customer.
  func customer(_ id: String) async throws(APIError) -> CustomerResource
  /// Makes one with a new id `cus_…`; 409 where another one has the same reference.
  func createCustomer(_ draft: CustomerDraft) async throws(APIError) -> CustomerResource
  /// Replaces what may be changed; 409 for one from the configuration or for another one's reference, 412 where it is
  /// not any more what `old` says.
  func updateCustomer(
    _ id: String, from old: CustomerDraft, to new: CustomerDraft
  ) async throws(APIError) -> CustomerResource
  /// Unlinks its sites and devices and forgets it; 409 for one from the configuration.
  func deleteCustomer(_ id: String, mode: DeletionMode) async throws(APIError) -> DeletedCustomer
  /// What happened to a customer's things, newest first.
  ///
  /// - Parameter before: only events earlier in the log.
  func activity(of customerId: String, before: Int64?, limit: Int) async throws(APIError) -> [EventResource]
}

/// What the API needs from the gateway for sites.
public protocol SiteService: Sendable {
  /// In the order of their ids.
  func sites(_ query: SiteQuery) async throws(APIError) -> ListSlice<SiteResource>
  /// 404 if there is no such site.
  func site(_ id: String) async throws(APIError) -> SiteResource
  /// Makes one with a new id `sit_…`; 409 where another one has the same reference.
  func createSite(_ draft: SiteDraft) async throws(APIError) -> SiteResource
  /// Replaces what may be changed; a change of the customer counts as said by somebody. 409 for what the configuration
  /// says and for another one's reference, 412 where it is not any more what `old` says.
  func updateSite(_ id: String, from old: SiteDraft, to new: SiteDraft) async throws(APIError) -> SiteResource
  /// Unlinks its devices and forgets it; 409 for one from the configuration.
  func deleteSite(_ id: String) async throws(APIError)
}

/// What the API needs from the gateway to change devices and to ask them.
public protocol DeviceRecordService: Sendable {
  /// Changes what the configuration leaves open; 409 for what it says. The server has checked that customer and site
  /// exist. 412 where it is not any more what `expected` says.
  func updateDevice(
    _ id: String, _ changes: DeviceChanges, expected: DeviceDraft?
  ) async throws(APIError) -> DeviceResource
  /// Reads a device now and returns when its state has what it said; 409 where it cannot be asked, 502 or 504 where it
  /// does not answer.
  func refresh(_ deviceId: String) async throws(APIError)
}

/// Which customers are wanted. A `nil` does not restrict.
public struct CustomerQuery: Sendable, Hashable {
  /// Only this one, for keys of one customer.
  public var id: String?
  /// With this id of the operator's.
  public var referenceId: String?
  /// With this e-mail address, in any case of letters.
  public var email: String?
  /// With this text in id, name, reference, e-mail, phone or address, in any case of letters.
  public var text: String?
  /// Which part of the list.
  public var slice: SliceRequest

  /// All members, those that can be absent with a default.
  public init(
    id: String? = nil, referenceId: String? = nil, email: String? = nil, text: String? = nil, slice: SliceRequest
  ) {
    self.id = id
    self.referenceId = referenceId
    self.email = email
    self.text = text
    self.slice = slice
  }

  /// Whether a customer is wanted.
  public func matches(_ customer: CustomerResource) -> Bool {
    if let id, customer.id != id { return false }
    if let referenceId, customer.referenceId != referenceId { return false }
    if let email, customer.email?.lowercased() != email.lowercased() { return false }
    guard let words = text?.lowercased() else { return true }
    let texts = [
      customer.id, customer.name, customer.firstName, customer.lastName, customer.referenceId, customer.email,
      customer.phone, customer.address?.description,
    ]
    return texts.compactMap(\.self).contains { $0.lowercased().contains(words) }
  }
}

/// Which sites are wanted. A `nil` does not restrict.
public struct SiteQuery: Sendable, Hashable {
  /// Of this customer.
  public var customerId: String?
  /// With this id of the operator's.
  public var referenceId: String?
  /// Which part of the list.
  public var slice: SliceRequest

  /// All members, those that can be absent with a default.
  public init(customerId: String? = nil, referenceId: String? = nil, slice: SliceRequest) {
    self.customerId = customerId
    self.referenceId = referenceId
    self.slice = slice
  }
}
