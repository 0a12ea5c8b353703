import AdapterKit
import EnergyModel
import Synchronization

/// Who and what a device id is, for parts that must not wait for the daemon.
final class DeviceDirectory: Sendable {
  /// Where a device stands and whose it is.
  struct Owner: Sendable {
    var siteID: String?
    var customerID: String?
  }

  private let devices = Mutex<[String: GatewayConfiguration.Device]>([:])
  private let zones = Mutex<[String: String]>([:])
  private let siteCustomers = Mutex<[String: String]>([:])

  func replace(_ configuration: GatewayConfiguration) {
    let list = configuration.devices
    devices.withLock { $0 = Dictionary(list.map { ($0.id, $0) }) { first, _ in first } }
    let customers = configuration.sites.compactMap { site in site.customerID.map { (site.id, $0) } }
    siteCustomers.withLock { $0 = Dictionary(customers) { first, _ in first } }
    zones.withLock { $0 = Dictionary(list.map { ($0.id, configuration.zone(of: $0)) }) { first, _ in first } }
  }

  /// All devices with the zone of their site, in the order of their ids.
  var all: [(device: GatewayConfiguration.Device, zone: String)] {
    let zones = zones.withLock { $0 }
    return devices.withLock { $0.values.sorted { $0.id < $1.id } }.map { ($0, zones[$0.id] ?? "UTC") }
  }

  func endpoint(of id: String) -> EndpointID? { devices.withLock { $0[id].map { EndpointID($0.endpointName) } } }

  func owner(of id: String) -> Owner? {
    devices.withLock { $0[id].map { Owner(siteID: $0.siteID, customerID: $0.customerID) } }
  }

  func customer(ofSite id: String) -> String? { siteCustomers.withLock { $0[id] } }
}
