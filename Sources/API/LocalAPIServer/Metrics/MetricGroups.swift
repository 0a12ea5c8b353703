import EnergyModel
import LocalAPISchema

/// A series of a report: whose it is, what is added up in it, and whose clocks cut it.
struct MetricGroup {
  var owner: MetricOwner
  var subjects: [MetricRequest.Subject]
  var timezone: String
}

/// Turns filters and grouping into series, within what the caller may see.
struct MetricGroups {
  let devices: [MetricDevice]
  let sites: [SiteResource]
  let customers: [CustomerResource]
  let query: MetricQuery

  /// - Throws: 404 for an id that is not there, or not the caller's.
  init(
    devices: [MetricDevice], sites: [SiteResource], customers: [CustomerResource], query: MetricQuery, caller: Caller
  ) throws(APIError) {
    let seenDevices = devices.filter { caller.sees(customer: $0.customerId) }
    let seenSites = sites.filter { caller.sees(customer: $0.customerId) }
    let seenCustomers = customers.filter { caller.sees(customer: $0.id) }
    try Self.check(query.deviceIds, among: seenDevices.map(\.id), "device")
    try Self.check(query.siteIds, among: seenSites.map(\.id), "site")
    try Self.check(query.customerIds, among: seenCustomers.map(\.id), "customer")
    func isWanted(_ id: String?, _ wanted: [String]) -> Bool {
      wanted.isEmpty || id.map(wanted.contains) ?? false
    }
    self.devices = seenDevices.filter {
      isWanted($0.id, query.deviceIds) && isWanted($0.siteId, query.siteIds)
        && isWanted($0.customerId, query.customerIds)
    }
    self.sites = seenSites.filter { isWanted($0.id, query.siteIds) && isWanted($0.customerId, query.customerIds) }
    self.customers = seenCustomers.filter { isWanted($0.id, query.customerIds) }
    self.query = query
  }

  private static func check(_ wanted: [String], among known: [String], _ what: String) throws(APIError) {
    let known = Set(known)
    if let missing = wanted.first(where: { !known.contains($0) }) { throw .notFound(what, missing) }
  }

  /// The series, in the order of what they stand for.
  var all: [MetricGroup] {
    switch query.grouping {
    case .device:
      devices.map { group(MetricOwner(deviceId: $0.id, siteId: $0.siteId, customerId: $0.customerId), [$0]) }
    case .site: siteGroups
    case .customer: customerGroups
    case .tag: grouped(devices.flatMap { device in Set(device.tags).map { ($0, device) } }) { MetricOwner(tag: $0) }
    case .type: grouped(devices.map { ($0.type.rawValue, $0) }) { MetricOwner(type: .init(rawValue: $0)) }
    }
  }

  /// A filter by device makes a site's series the sum of those devices; else it is the site's own balance.
  private var siteGroups: [MetricGroup] {
    func owner(_ id: String) -> MetricOwner {
      MetricOwner(siteId: id, customerId: sites.first { $0.id == id }?.customerId)
    }
    guard query.deviceIds.isEmpty else {
      return grouped(devices.compactMap { device in device.siteId.map { ($0, device) } }, owner)
    }
    return sites.map { MetricGroup(owner: owner($0.id), subjects: [.site($0.id)], timezone: zone([$0.timezone])) }
  }

  private var customerGroups: [MetricGroup] {
    guard query.deviceIds.isEmpty else {
      return grouped(devices.compactMap { device in device.customerId.map { ($0, device) } }) {
        MetricOwner(customerId: $0)
      }
    }
    return customers.compactMap { customer in
      let own = sites.filter { $0.customerId == customer.id }
      guard query.siteIds.isEmpty || !own.isEmpty else { return nil }
      // A customer's zone is that of his first site, as in his usage.
      return MetricGroup(
        owner: MetricOwner(customerId: customer.id),
        subjects: query.siteIds.isEmpty ? [.customer(customer.id)] : own.map { .site($0.id) },
        timezone: zone(own.first.map { [$0.timezone] } ?? []))
    }
  }

  private func grouped(
    _ members: [(key: String, device: MetricDevice)], _ owner: (String) -> MetricOwner
  ) -> [MetricGroup] {
    Dictionary(grouping: members, by: \.key).sorted { $0.key < $1.key }.map {
      group(owner($0.key), $0.value.map(\.device))
    }
  }

  private func group(_ owner: MetricOwner, _ members: [MetricDevice]) -> MetricGroup {
    let zones = members.map { device in sites.first { $0.id == device.siteId }?.timezone ?? "UTC" }
    return MetricGroup(owner: owner, subjects: members.map { .device($0.id) }, timezone: zone(zones))
  }

  /// The zone that is asked for, else the only one, else UTC.
  private func zone(_ zones: [String]) -> String {
    if let asked = query.timezone { return asked }
    let different = Set(zones)
    return different.count == 1 ? different.first ?? "UTC" : "UTC"
  }
}
