import AdapterKit
import EnergyModel
import Foundation
import HTTPAdapter
import Logging

/// Values of logins that outlive the program, one file of mode 0600 for each device, beside the store.
struct LoginFiles: LoginStore {
  /// Longer files are not read: nothing that was written here is so long.
  static let maxBytes = 64 * 1024

  private let directory: String
  let logger: Logger

  /// Beside the store, whose folder nobody else reads.
  init(_ configuration: GatewayConfiguration, _ paths: GatewayPaths, logger: Logger) {
    let store = paths.store == GatewayPaths().store ? configuration.storePath : paths.store
    directory = URL(fileURLWithPath: store).deletingLastPathComponent().appendingPathComponent("logins").path
    self.logger = logger
  }

  func values(of endpoint: EndpointID) -> [String: String] {
    guard let data = FileManager.default.contents(atPath: path(endpoint)), data.count <= Self.maxBytes
    else { return [:] }
    return (try? JSONDecoder().decode([String: String].self, from: data)) ?? [:]
  }

  func keep(_ values: [String: String], of endpoint: EndpointID) {
    do {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      let target = URL(fileURLWithPath: path(endpoint))
      let draft = target.appendingPathExtension("new")
      let data = try JSONEncoder().encode(values)
      try? FileManager.default.removeItem(at: draft)
      guard
        FileManager.default.createFile(atPath: draft.path, contents: data, attributes: [.posixPermissions: 0o600])
      else { throw CocoaError(.fileWriteUnknown) }
      _ = try FileManager.default.replaceItemAt(target, withItemAt: draft)
    } catch {
      // The session works; only a restart would need the owner's help.
      logger.error(
        "what the login gave cannot be kept over a restart",
        metadata: ["device": "\(endpoint)", "folder": "\(directory)"])
    }
  }

  /// Letters, digits and hyphens stand for themselves; anything else could leave the folder.
  private func path(_ endpoint: EndpointID) -> String {
    let name = endpoint.description.unicodeScalars.map { scalar in
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "-")
      return isPlain ? String(scalar) : "_\(String(scalar.value, radix: 16))_"
    }
    return "\(directory)/\(name.joined()).json"
  }
}
