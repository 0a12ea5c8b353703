import LocalAPISchema
import Synchronization

/// What the running server knows of itself: where it listens, and whether it is about to stop.
final class Listeners: Sendable {
  private struct State {
    var addresses = APIAddresses()
    var isStopping = false
  }

  private let state = Mutex(State())
  /// Whether the TCP address speaks TLS.
  let isSecured: Bool

  init(isSecured: Bool = false) { self.isSecured = isSecured }

  var addresses: APIAddresses { state.withLock { $0.addresses } }
  var isStopping: Bool { state.withLock { $0.isStopping } }

  func stop() { state.withLock { $0.isStopping = true } }

  /// Notes an address; returns all so far.
  func note(tcp: String? = nil, socket: String? = nil) -> APIAddresses {
    state.withLock { state in
      if let tcp { state.addresses.tcp = tcp }
      if let socket { state.addresses.socket = socket }
      return state.addresses
    }
  }
}
