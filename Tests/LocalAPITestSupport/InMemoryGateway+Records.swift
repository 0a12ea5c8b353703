import EnergyModel
package import LocalAPISchema
package import LocalAPIServer

/// Customers, sites and changes of devices.
extension InMemoryGateway {
  package func customers(_ query: CustomerQuery) async throws(APIError) -> ListSlice<CustomerResource> {
    query.slice.slice(of: customerList.sorted { $0.id < $1.id }.filter(query.matches), key: \.id)
  }

  package func customer(_ id: String) async throws(APIError) -> CustomerResource {
    guard let customer = customerList.first(where: { $0.id == id }) else { throw .notFound("customer", id) }
    return customer
  }

  package func createCustomer(_ draft: CustomerDraft) async throws(APIError) -> CustomerResource {
    let customer = resource("cus_\(customerList.count - 1)", draft)
    customerList.append(customer)
    return customer
  }

  private func resource(_ id: String, _ draft: CustomerDraft) -> CustomerResource {
    CustomerResource(
      id: id, name: draft.name, firstName: draft.firstName, lastName: draft.lastName, referenceId: draft.referenceId,
      email: draft.email, phone: draft.phone, address: draft.address, billingAddress: draft.billingAddress,
      utility: draft.utility, source: .api)
  }

  package func updateCustomer(
    _ id: String, from old: CustomerDraft, to new: CustomerDraft
  ) async throws(APIError) -> CustomerResource {
    guard let index = customerList.firstIndex(where: { $0.id == id }) else { throw .notFound("customer", id) }
    guard customerList[index].source == .api else {
      throw APIError(status: 409, code: "CONFIGURED", message: "'\(id)' comes from the configuration file")
    }
    customerList[index] = resource(id, new)
    return customerList[index]
  }

  package func deleteCustomer(_ id: String, mode: DeletionMode) async throws(APIError) -> DeletedCustomer {
    _ = try await customer(id)
    customerList.removeAll { $0.id == id }
    return DeletedCustomer(id: id, mode: mode, aggregates: mode == .purge ? .removed : .kept)
  }

  package func activity(of customerId: String, before: Int64?, limit: Int) async throws(APIError) -> [EventResource] {
    let own = log.filter { $0.customerId == customerId && $0.sequence < before ?? .max }
    return Array(own.sorted { $0.sequence > $1.sequence }.prefix(limit))
  }

  package func sites(_ query: SiteQuery) async throws(APIError) -> ListSlice<SiteResource> {
    let wanted = siteList.filter {
      (query.customerId == nil || $0.customerId == query.customerId)
        && (query.referenceId == nil || $0.referenceId == query.referenceId)
    }
    return query.slice.slice(of: wanted.sorted { $0.id < $1.id }, key: \.id)
  }

  package func site(_ id: String) async throws(APIError) -> SiteResource {
    guard let site = siteList.first(where: { $0.id == id }) else { throw .notFound("site", id) }
    return site
  }

  package func createSite(_ draft: SiteDraft) async throws(APIError) -> SiteResource {
    let site = resource("sit_\(siteList.count - 1)", draft)
    siteList.append(site)
    return site
  }

  private func resource(_ id: String, _ draft: SiteDraft) -> SiteResource {
    SiteResource(
      id: id, name: draft.name, referenceId: draft.referenceId, customerId: draft.customerId,
      timezone: draft.timezone, address: draft.address, latitude: draft.latitude, longitude: draft.longitude,
      source: .api)
  }

  package func updateSite(
    _ id: String, from old: SiteDraft, to new: SiteDraft
  ) async throws(APIError) -> SiteResource {
    guard let index = siteList.firstIndex(where: { $0.id == id }) else { throw .notFound("site", id) }
    siteList[index] = resource(id, new)
    return siteList[index]
  }

  package func deleteSite(_ id: String) async throws(APIError) {
    _ = try await site(id)
    siteList.removeAll { $0.id == id }
  }

  package func updateDevice(
    _ id: String, _ changes: DeviceChanges, expected: DeviceDraft?
  ) async throws(APIError) -> DeviceResource {
    guard let index = deviceList.firstIndex(where: { $0.id == id }) else { throw .notFound("device", id) }
    if let name = changes.name { deviceList[index].name = name.text ?? id }
    if let reference = changes.referenceId { deviceList[index].referenceId = reference.text }
    if let customer = changes.customerId { deviceList[index].customerId = customer.text }
    if let site = changes.siteId { deviceList[index].siteId = site.text }
    return deviceList[index]
  }

  package func refresh(_ deviceId: String) async throws(APIError) {
    guard let index = deviceList.firstIndex(where: { $0.id == deviceId }) else { throw .notFound("device", deviceId) }
    guard deviceList[index].connectivity.state == .online else {
      throw APIError(status: 504, code: "PROTOCOL_TIMEOUT", message: "\(deviceId) does not answer")
    }
    deviceList[index].state.ageSeconds = 0
    deviceList[index].state.seq += 1
  }

  // MARK: For tests of tenancy

  /// Leaves only what belongs to the customer `demo`.
  package func removeOther() {
    customerList.removeAll { $0.id != "demo" }
    siteList.removeAll { $0.customerId != "demo" }
    deviceList.removeAll { $0.customerId != "demo" }
  }

  /// More of the customer `other`, before and behind what `demo` has in every order.
  package func fillOther() {
    for index in 0..<5 {
      for place in ["a", "z"] {
        var device = Self.thermostat
        device.id = "\(place)-thermostat-\(index)"
        deviceList.append(device)
        siteList.append(
          SiteResource(id: "\(place)-hut-\(index)", name: "Hut", customerId: "other", timezone: "UTC", source: .api))
        customerList.append(CustomerResource(id: "\(place)-other-\(index)", name: "Other home", source: .api))
      }
    }
  }
}
