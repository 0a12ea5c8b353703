import Foundation

/// Where the shipped profiles and the captures lie, found from this file's place.
enum ProjectFiles {
  /// The package's folder. Links are followed, so that a build through a linked folder finds it too.
  static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The folder of the shipped profiles.
  static let profiles = root.appending(path: "device-profiles")

  /// Captures of real devices beside the project; absent outside of its development.
  static let fixtures = root.deletingLastPathComponent().appending(path: "shared/fixtures")

  static var hasFixtures: Bool { FileManager.default.fileExists(atPath: fixtures.path) }

  /// The paths of all shipped profiles below their folder, sorted.
  static let profilePaths: [String] = {
    let found = FileManager.default.enumerator(atPath: profiles.path)?.compactMap { $0 as? String } ?? []
    return found.filter { $0.hasSuffix(".yaml") }.sorted()
  }()

  static func text(_ url: URL) throws -> String { try String(contentsOf: url, encoding: .utf8) }

  /// A JSON file as nested dictionaries, arrays, numbers and texts.
  static func json(_ path: String) throws -> JSON {
    JSON(value: try JSONSerialization.jsonObject(with: Data(contentsOf: fixtures.appending(path: path))))
  }
}

/// A parsed JSON value, for walking through captures.
struct JSON {
  let value: Any?

  subscript(key: String) -> JSON { JSON(value: (value as? [String: Any])?[key]) }
  subscript(index: Int) -> JSON {
    let elements = value as? [Any] ?? []
    return JSON(value: elements.indices.contains(index) ? elements[index] : nil)
  }

  var array: [JSON] { (value as? [Any] ?? []).map { JSON(value: $0) } }
  var object: [String: JSON] { (value as? [String: Any] ?? [:]).mapValues { JSON(value: $0) } }
  var text: String? { value as? String }
  var number: Double? { (value as? NSNumber)?.doubleValue }
  var integer: Int? { (value as? NSNumber)?.intValue }

  /// The value as JSON text.
  func bytes() throws -> [UInt8] {
    [UInt8](try JSONSerialization.data(withJSONObject: value ?? NSNull(), options: [.fragmentsAllowed]))
  }
}
