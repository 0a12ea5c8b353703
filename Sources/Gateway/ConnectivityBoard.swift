import AdapterKit
import EnergyModel
import Synchronization

/// What every adapter last said about its endpoints: one place for status, API and command checks.
final class ConnectivityBoard: Sendable {
  private let entries = Mutex<[EndpointID: Connectivity]>([:])

  /// Notes a change and returns what it was before.
  @discardableResult
  func update(_ connectivity: Connectivity, of endpoint: EndpointID) -> Connectivity? {
    entries.withLock { entries in
      defer { entries[endpoint] = connectivity }
      return entries[endpoint]
    }
  }

  /// What is known of an endpoint; `nil` before its adapter said anything.
  func connectivity(of endpoint: EndpointID) -> Connectivity? { entries.withLock { $0[endpoint] } }

  /// Forgets endpoints that are not configured any more.
  func keep(_ endpoints: Set<EndpointID>) {
    entries.withLock { entries in entries = entries.filter { endpoints.contains($0.key) } }
  }
}
