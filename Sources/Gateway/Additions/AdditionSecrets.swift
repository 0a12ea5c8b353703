import EnergyModel
import Foundation
import LocalAPISchema

/// Secrets of links and devices that the API made: one file of mode 0600 for each, beside the store. Entries name them
/// as a configuration file does.
struct AdditionSecrets: Sendable {
  let folder: String

  init(storePath: String) {
    folder = URL(fileURLWithPath: storePath).deletingLastPathComponent().appendingPathComponent("api-credentials").path
  }

  /// Longer secrets are refused.
  static let maxLength = 4096

  /// Takes a secret out of an entry and leaves its name there. What is absent or `null` stays so.
  ///
  /// - Parameters:
  ///   - path: member names from here on.
  ///   - pointer: where the entry is.
  ///   - owner: `link.cellar`.
  static func take(
    _ path: [String], outOf entry: inout JSONValue, at pointer: String = "", owner: String,
    into secrets: inout [String: Secret]
  ) throws(APIError) {
    guard let name = path.first, case .object(var members) = entry, var value = members[name] else { return }
    if path.count > 1 {
      try take(Array(path.dropFirst()), outOf: &value, at: "\(pointer)/\(name)", owner: owner, into: &secrets)
    } else {
      switch value {
      case .null: break
      case .text(let text) where text.utf8.count <= maxLength:
        value = named("\(owner).\(name)", text, &secrets)
      // A file takes a number as it is written, too.
      case .number(let number): value = named("\(owner).\(name)", ScalarValue.number(number).description, &secrets)
      default:
        throw .invalid(
          "\(pointer)/\(name)", "'\(name)' must be a text of at most \(maxLength) bytes", code: "INVALID_TYPE")
      }
    }
    members[name] = value
    entry = .object(members)
  }

  private static func named(_ reference: String, _ text: String, _ secrets: inout [String: Secret]) -> JSONValue {
    secrets[reference] = Secret(text)
    return .text("${credential:\(reference)}")
  }

  /// Writes them; durable when it returns.
  func keep(_ secrets: [String: Secret]) throws {
    guard !secrets.isEmpty else { return }
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    for (name, secret) in secrets {
      let draft = "\(folder)/\(name).new"
      try? FileManager.default.removeItem(atPath: draft)
      guard FileManager.default.createFile(atPath: draft, contents: nil, attributes: [.posixPermissions: 0o600]),
        let file = FileHandle(forWritingAtPath: draft)
      else { throw CocoaError(.fileWriteUnknown) }
      try file.write(contentsOf: Data(secret.value.utf8))
      try file.synchronize()
      try file.close()
      guard rename(draft, "\(folder)/\(name)") == 0 else { throw CocoaError(.fileWriteUnknown) }
    }
  }

  /// Removes what an entry names.
  func remove(namedIn entry: String) {
    for match in entry.matches(of: /\$\{credential:([A-Za-z0-9._-]+)\}/) {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(match.1)")
    }
  }
}
