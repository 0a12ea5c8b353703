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

  func replace(_ list: [GatewayConfiguration.Device]) {
    devices.withLock { $0 = Dictionary(list.map { ($0.id, $0) }) { first, _ in first } }
  }

  func endpoint(of id: String) -> EndpointID? { devices.withLock { $0[id].map { EndpointID($0.endpointName) } } }

  func owner(of id: String) -> Owner? {
    devices.withLock { $0[id].map { Owner(siteID: $0.siteID, customerID: $0.customerID) } }
  }
}
