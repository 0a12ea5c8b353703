import Foundation
import LocalAPISchema

/// JSON as text and back.
enum JSONText {
  static func value(_ text: String) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
  }
  static func text(_ value: JSONValue) -> String { Session.text(value, pretty: false) }
}
