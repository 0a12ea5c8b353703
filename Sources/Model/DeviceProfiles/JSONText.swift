import EnergyModel

/// JSON as text, without blanks.
public enum JSONText {
  static func text(_ value: ScalarValue) -> String {
    switch value {
    case .text(let text): quoted(text)
    case .number, .flag: TemplateRenderer.plain(value)
    case .null: "null"
    }
  }

  /// A text in quotes, with the escapes that JSON wants.
  public static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if scalar.value < 0x20 {
          let digits = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
