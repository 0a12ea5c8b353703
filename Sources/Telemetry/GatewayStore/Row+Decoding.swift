import EnergyModel
import Foundation
import GRDB

extension Row {
  /// A column with milliseconds since 1970.
  func time(_ column: String) throws -> Timestamp { Timestamp(milliseconds: try decode(forColumn: column)) }

  /// A column with milliseconds since 1970, or NULL.
  func optionalTime(_ column: String) throws -> Timestamp? {
    let milliseconds: Int64? = try decode(forColumn: column)
    return milliseconds.map(Timestamp.init(milliseconds:))
  }

  /// A column with a word of a fixed vocabulary.
  func word<Word: RawRepresentable>(_ type: Word.Type, _ column: String) throws -> Word where Word.RawValue == String {
    let text: String = try decode(forColumn: column)
    guard let word = Word(rawValue: text) else {
      throw GatewayStoreError(code: .corrupt, operation: "read \(column)", reason: "'\(text)' is not a \(Word.self)")
    }
    return word
  }
}

/// Columns that hold JSON.
enum JSONText {
  /// Keys sorted, so that equal values are equal text.
  static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
  }
}
