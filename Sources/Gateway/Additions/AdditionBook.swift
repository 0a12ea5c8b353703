import DeviceProfiles
import GatewayStore
import Synchronization

/// The links and devices that the API made, in memory; the store has the last word.
final class AdditionBook: Sendable {
  let secrets: AdditionSecrets
  private let store: GatewayStore
  private let paths: GatewayPaths
  private let contents = Mutex(Additions())

  init(store: GatewayStore, paths: GatewayPaths) {
    self.store = store
    self.paths = paths
    secrets = AdditionSecrets(storePath: store.path)
  }

  /// Reads everything from the store: at start, and after each change.
  func load() async throws(GatewayStoreError) {
    let read = Additions(try await store.additions())
    contents.withLock { $0 = read }
  }

  var now: Additions { contents.withLock { $0 } }

  /// What reads entries of the API by the rules of the configuration file.
  ///
  /// - Parameter given: secrets that are not in a file yet.
  func reader(of configuration: GatewayConfiguration, given: [String: Secret] = [:]) -> ConfigurationReader {
    ConfigurationReader(
      profiles: configuration.profiles, credentials: CredentialDirectory(folder: secrets.folder, given: given),
      paths: paths)
  }

  /// A configuration file with all of them laid over it.
  func applied(
    to file: GatewayConfiguration
  ) -> (configuration: GatewayConfiguration, problems: [Additions.Problem]) {
    now.applied(to: file, reader: reader(of: file))
  }
}
