import CommandDispatch
import EnergyModel
import GatewayStore
import LocalAPISchema
import Synchronization

/// What the API keeps beside the configuration file, in memory: customers, sites, links to customers and changes of
/// devices. The store has the last word, and the file comes over all of it.
final class RecordBook: Sendable {
  struct Contents: Sendable {
    var customers: [String: CustomerRecord] = [:]
    var sites: [String: SiteRecord] = [:]
    var links: [Thing: CustomerLinkRecord] = [:]
    var changes: [String: DeviceChangeRecord] = [:]
  }

  /// A site or a device.
  struct Thing: Hashable, Sendable {
    var kind: CustomerLinkRecord.Kind
    var id: String
  }

  let store: GatewayStore
  private let contents = Mutex(Contents())

  init(store: GatewayStore) { self.store = store }

  /// Reads everything from the store: at start, and after each change.
  func load() async throws(GatewayStoreError) {
    var new = Contents()
    for customer in try await store.customers() where customer.source == .api { new.customers[customer.id] = customer }
    for site in try await store.sites() where site.source == .api { new.sites[site.id] = site }
    for link in try await store.customerLinks() { new.links[Thing(kind: link.kind, id: link.id)] = link }
    for change in try await store.deviceChanges() { new.changes[change.deviceID] = change }
    let read = new
    contents.withLock { $0 = read }
  }

  var now: Contents { contents.withLock { $0 } }

  /// A configuration file with everything of the API in it.
  func applied(to file: GatewayConfiguration) -> GatewayConfiguration { now.applied(to: file) }
}

extension RecordBook.Contents {
  func applied(to file: GatewayConfiguration) -> GatewayConfiguration {
    var result = file
    let known = Set(file.customers.map(\.id)).union(customers.keys)
    let own = Set(file.sites.map(\.id))
    result.sites += sites.values.filter { !own.contains($0.id) }.sorted { $0.id < $1.id }.map { site in
      var entry = GatewayConfiguration.Site(
        id: site.id, name: site.name, timezone: site.timeZone, latitude: site.latitude, longitude: site.longitude)
      entry.referenceID = site.referenceID
      entry.address = site.address
      entry.isConfigured = false
      return entry
    }
    for index in result.sites.indices {
      if result.sites[index].customerID != nil {
        result.sites[index].linkedBy = .configuration
      } else if let link = link(.site, result.sites[index].id, known) {
        result.sites[index].customerID = link.customerID
        result.sites[index].linkedBy = link.origin == .manual ? .manual : .automatic
      }
    }
    let sites = Dictionary(result.sites.map { ($0.id, $0) }) { first, _ in first }
    for index in result.devices.indices { apply(to: &result.devices[index], sites, known) }
    return result
  }

  private func apply(
    to device: inout GatewayConfiguration.Device, _ sites: [String: GatewayConfiguration.Site], _ known: Set<String>
  ) {
    let change = changes[device.id]
    if device.name == device.id, let name = change?.name { device.name = name }
    device.referenceID = device.referenceID ?? change?.referenceID
    if device.siteID == nil, let id = change?.siteID, let site = sites[id] {
      device.siteID = id
      device.interlocks = device.interlocks.over(site.interlocks)
    }
    if device.customerID != nil {
      device.linkedBy = .configuration
    } else if let link = link(.device, device.id, known) {
      device.customerID = link.customerID
      device.linkedBy = link.origin == .manual ? .manual : .automatic
    } else if let site = device.siteID.flatMap({ sites[$0] }) {
      device.customerID = site.customerID
      device.linkedBy = site.customerID == nil ? nil : site.linkedBy
    }
  }

  /// A decision that is in force: one for a customer that is gone is none.
  private func link(_ kind: CustomerLinkRecord.Kind, _ id: String, _ known: Set<String>) -> CustomerLinkRecord? {
    guard let link = links[RecordBook.Thing(kind: kind, id: id)], link.origin != .ambiguous else { return nil }
    guard let customer = link.customerID else { return link.origin == .manual ? link : nil }
    return known.contains(customer) ? link : nil
  }

  /// What follows from references and addresses for everything that belongs to nobody and of which nobody said so.
  ///
  /// - Parameter configuration: with this book applied.
  /// - Returns: only what is new.
  func decisions(in configuration: GatewayConfiguration, at now: Timestamp) -> [CustomerLinkRecord] {
    let match = CustomerMatch(
      configuration.customers.map {
        .init(id: $0.id, referenceID: $0.referenceID, addresses: [$0.address].compactMap(\.self))
      }
        + customers.values.map { customer in
          let address = customer.details.address ?? customer.details.billingAddress
          return .init(id: customer.id, referenceID: customer.referenceID, addresses: [address].compactMap(\.self))
        })
    var decisions: [CustomerLinkRecord] = []
    func decide(_ kind: CustomerLinkRecord.Kind, _ id: String, _ referenceID: String?, _ address: PostalAddress?) {
      let earlier = links[RecordBook.Thing(kind: kind, id: id)]
      switch match.outcome(referenceID: referenceID, address: address) {
      case .nobody: break
      case .one(let customer, _):
        decisions.append(.init(kind: kind, id: id, customerID: customer, origin: .automatic, at: now))
      case .several(let candidates, _) where earlier?.candidates != candidates:
        decisions.append(
          .init(kind: kind, id: id, customerID: nil, origin: .ambiguous, candidates: candidates, at: now))
      case .several: break
      }
    }
    var joined: Set<String> = []
    for site in configuration.sites where site.customerID == nil && site.linkedBy == nil {
      decide(.site, site.id, site.referenceID, site.address)
      if decisions.last?.id == site.id, decisions.last?.customerID != nil { joined.insert(site.id) }
    }
    for device in configuration.devices where device.customerID == nil && device.linkedBy == nil {
      // A device at a site that just found its customer follows it.
      if let site = device.siteID, joined.contains(site) { continue }
      decide(.device, device.id, device.referenceID, nil)
    }
    return decisions
  }
}
