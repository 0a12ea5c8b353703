import Foundation

/// Where secrets of the configuration come from: the service manager's credentials directory, or files of mode 0600
/// in a folder `credentials` beside the configuration file. Never the configuration file itself.
public struct CredentialDirectory: Sendable {
  /// Directories to look in, in order; the flag says whether files must be private to their owner.
  let places: [(path: String, mustBePrivate: Bool)]
  /// Secrets that are not in a file, or not yet.
  var given: [String: Secret] = [:]

  /// Longer secrets are refused.
  static let maxBytes = 64 * 1024

  /// - Parameters:
  ///   - service: `$CREDENTIALS_DIRECTORY`, if the service manager gave one. Its files are protected by it.
  ///   - configurationFile: the configuration file.
  public init(service: String?, configurationFile: String) {
    var places: [(String, Bool)] = []
    if let service, !service.isEmpty { places.append((service, false)) }
    let folder = URL(fileURLWithPath: configurationFile).deletingLastPathComponent()
    places.append((folder.appendingPathComponent("credentials").path, true))
    self.places = places
  }

  /// Files of mode 0600 in a folder of the gateway's own.
  init(folder: String, given: [String: Secret]) {
    places = [(folder, true)]
    self.given = given
  }

  /// Why a credential could not be had.
  struct Failure: Error {
    var message: String
    var hint: String
  }

  func read(_ name: String) throws(Failure) -> Secret {
    guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) }), !name.hasPrefix(".")
    else { throw Failure(message: "'\(name)' is not a name of a credential", hint: "letters, digits, - _ . only") }
    if let secret = given[name] { return secret }
    for place in places {
      let path = "\(place.path)/\(name)"
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { continue }
      let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
      guard !place.mustBePrivate || mode & 0o077 == 0 else {
        throw Failure(message: "\(path) can be read by others", hint: "chmod 600 \(path)")
      }
      guard let data = FileManager.default.contents(atPath: path), data.count <= Self.maxBytes,
        let text = String(data: data, encoding: .utf8)
      else { throw Failure(message: "\(path) cannot be read", hint: "it must be text, readable by the daemon") }
      return Secret(text.trimmingCharacters(in: .newlines))
    }
    let looked = places.map(\.path).joined(separator: " and ")
    throw Failure(
      message: "there is no credential '\(name)' in \(looked)",
      hint: "write it into a file of mode 0600 there, or use LoadCredential= in the unit")
  }
}
