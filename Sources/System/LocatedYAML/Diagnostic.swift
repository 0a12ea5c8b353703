/// One finding in a text file: what is wrong, where, and what to do about it.
public struct Diagnostic: Sendable, Hashable, Error {
  /// How bad a finding is.
  public enum Severity: String, Sendable, Hashable { case error, warning }

  /// How bad it is; the file is refused on any error.
  public var severity: Severity
  /// Stable short code, such as `P104` (profiles) or `C012` (configuration).
  public var code: String
  /// The file as the user named it.
  public var file: String
  /// 1-based; 0 when the finding is about the whole file.
  public var line: Int
  /// 1-based, in characters.
  public var column: Int
  /// What is wrong and why.
  public var message: String
  /// What to do, such as `did you mean 'u32'?`; may be absent.
  public var hint: String?
  /// The line of the file, for the caret picture.
  public var sourceLine: String?

  /// Everything as given; by default an error without hint and source line.
  public init(
    severity: Severity = .error, code: String, file: String, line: Int, column: Int, message: String,
    hint: String? = nil, sourceLine: String? = nil
  ) {
    self.severity = severity
    self.code = code
    self.file = file
    self.line = line
    self.column = column
    self.message = message
    self.hint = hint
    self.sourceLine = sourceLine
  }

  /// One line: `file:line:column: error[P104]: message; hint`.
  public var oneLine: String {
    let tail = hint.map { "; \($0)" } ?? ""
    return "\(file):\(line):\(column): \(severity.rawValue)[\(code)]: \(message)\(tail)"
  }

  /// Several lines, with the source line and a caret under the place.
  public var picture: String {
    var text = "\(file):\(line):\(column): \(severity.rawValue)[\(code)]: \(message)"
    if let sourceLine, line > 0 {
      let gutter = String(repeating: " ", count: String(line).count)
      let caret = String(repeating: " ", count: max(0, column - 1)) + "^"
      text += "\n \(line) | \(sourceLine)\n \(gutter) | \(caret)"
      if let hint { text += " \(hint)" }
    } else if let hint {
      text += "; \(hint)"
    }
    return text
  }
}

extension Diagnostic: CustomStringConvertible {
  /// The finding in one line.
  public var description: String { oneLine }
}
