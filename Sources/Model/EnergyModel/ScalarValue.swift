/// A number, word or flag as written in a profile, a configuration or a command.
public enum ScalarValue: Sendable, Hashable {
  case number(Double)
  case text(String)
  case flag(Bool)
  case null
}

extension ScalarValue: CustomStringConvertible {
  /// As people write it: whole numbers without a fraction.
  public var description: String {
    switch self {
    case .number(let value):
      value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    case .text(let text): text
    case .flag(let flag): flag ? "true" : "false"
    case .null: "null"
    }
  }
}
