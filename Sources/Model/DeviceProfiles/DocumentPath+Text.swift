extension DocumentPath {
  /// Deeper paths are refused.
  static let maxSteps = 16

  /// Reads `/Body/Data/0/x` or `/sensors/[name=Thermostat]/temp`; `nil` if the text does not start with `/`. `~1` is a
  /// slash within a key and `~0` a tilde, as in JSON Pointer (RFC 6901).
  public init?(_ text: String) {
    if text.isEmpty {
      self.init(steps: [])
      return
    }
    guard text.hasPrefix("/") else { return nil }
    let segments = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    guard segments.count <= Self.maxSteps else { return nil }
    var steps: [Step] = []
    for segment in segments {
      guard let step = Self.step(segment) else { return nil }
      steps.append(step)
    }
    self.init(steps: steps)
  }

  private static func step(_ segment: Substring) -> Step? {
    if segment.hasPrefix("["), segment.hasSuffix("]") {
      let inner = segment.dropFirst().dropLast()
      guard let equals = inner.firstIndex(of: "="), equals != inner.startIndex else { return nil }
      return .element(key: unescape(inner[..<equals]), value: unescape(inner[inner.index(after: equals)...]))
    }
    if segment == "*" { return .any }
    if let index = Int(segment), index >= 0, String(index) == segment { return .index(index) }
    return segment.isEmpty ? nil : .key(unescape(segment))
  }

  private static func unescape(_ segment: Substring) -> String {
    var text = ""
    var rest = segment
    while let character = rest.popFirst() {
      if character == "~", let code = rest.first, code == "0" || code == "1" {
        rest.removeFirst()
        text.append(code == "0" ? "~" : "/")
      } else {
        text.append(character)
      }
    }
    return text
  }

  /// The path with `$name` in keys and picked values replaced. A key that became a number is an index too.
  func mapText(_ change: (String) -> String) -> DocumentPath {
    DocumentPath(
      steps: steps.map { step in
        switch step {
        case .key(let key):
          if let index = Int(change(key)), index >= 0, String(index) == change(key) {
            .index(index)
          } else {
            .key(change(key))
          }
        case .index, .any: step
        case .element(let key, let value): .element(key: change(key), value: change(value))
        }
      })
  }

  /// `Head.Status.Code`, for messages.
  var dotted: String {
    steps.map { step in
      switch step {
      case .key(let key): key
      case .index(let index): String(index)
      case .element(let key, let value): "[\(key)=\(value)]"
      case .any: "*"
      }
    }.joined(separator: ".")
  }
}

extension DocumentPath: CustomStringConvertible {
  /// As it is written in profiles.
  public var description: String {
    func escape(_ key: String) -> String {
      var text = ""
      for character in key { text += character == "~" ? "~0" : character == "/" ? "~1" : String(character) }
      return text
    }
    return steps.map { step in
      switch step {
      case .key(let key): "/" + escape(key)
      case .index(let index): "/\(index)"
      case .element(let key, let value): "/[\(escape(key))=\(escape(value))]"
      case .any: "/*"
      }
    }.joined()
  }
}
