import DeviceProfiles
import EnergyModel

/// Lays a payload that arrived beside the payload of a command's step.
struct PayloadMatch {
  let bound: BoundProfile

  /// The leaves of the template that are expressions, with what was seen in their places.
  ///
  /// `nil` when a constant of the template is not in the payload. A leaf that is missing in the payload is left out: an
  /// optional input was not given.
  func pairs(_ template: PayloadTemplate, payload: String) -> [CommandMatcher.Pair]? {
    switch template {
    case .text(let text): return pair(text, observed: .text(payload)).map { $0 }
    case .expression(let expression): return [pair(expression, .text(payload))]
    case .scalar(let value):
      return CommandMatcher.agree(value, .text(payload), tolerance: 1e-9) ? [] : nil
    case .object, .array:
      guard let document = try? JSONDocument(parsing: Array(payload.utf8)) else { return nil }
      var result: [CommandMatcher.Pair] = []
      var seen = 0
      guard walk(template, DocumentPath(steps: []), document, &result, &seen), seen > 0 else { return nil }
      return result
    }
  }

  /// An object that was sent back beside the changes that a step makes.
  func pairs(
    changes: [(path: DocumentPath, value: PayloadTemplate)], payload: String
  ) -> [CommandMatcher.Pair]? {
    guard let document = try? JSONDocument(parsing: Array(payload.utf8)) else { return nil }
    var result: [CommandMatcher.Pair] = []
    var seen = 0
    let agree = changes.allSatisfy {
      walk($0.value, DocumentImage.path($0.path, bound), document, &result, &seen)
    }
    return agree && seen > 0 ? result : nil
  }

  /// The content of a message beside that of a step.
  func pairs(_ content: PublishTemplate.Content, payload: [UInt8]) -> [CommandMatcher.Pair]? {
    switch content {
    case .payload(let template): return pairs(template, payload: String(decoding: payload, as: UTF8.self))
    case .metrics(let metrics):
      guard let json = try? DocumentFormat.sparkplug.json(from: payload),
        let document = try? JSONDocument(parsing: json)
      else { return nil }
      var result: [CommandMatcher.Pair] = []
      var seen = 0
      for metric in metrics {
        let path = DocumentPath(steps: [.key(DocumentImage.filled(metric.name, bound))])
        guard walk(.expression(metric.value), path, document, &result, &seen) else { return nil }
      }
      return seen > 0 ? result : nil
    }
  }

  /// The fields of a form beside those of a template.
  func pairs(
    form: [(name: String, value: TextTemplate)], payload: String
  ) -> [CommandMatcher.Pair]? {
    let observed = Self.fields(of: payload)
    var result: [CommandMatcher.Pair] = []
    for field in form {
      guard let value = observed[field.name] else {
        if case .expression = field.value { continue }
        return nil
      }
      guard let found = pair(field.value, observed: .text(value)) else { return nil }
      result += found
    }
    return result
  }

  /// The path of a request beside that of a template, whose slash may be missing.
  func path(_ template: TextTemplate, observed: String) -> [CommandMatcher.Pair]? {
    let observed = Self.decoded(path: observed)
    if case .literal(let text) = template {
      return Self.decoded(path: DocumentImage.filledPath(text, bound)) == observed ? [] : nil
    }
    return pair(template, observed: .text(observed)) ?? pair(template, observed: .text(String(observed.dropFirst())))
  }

  /// A text template beside a text.
  func pair(_ template: TextTemplate, observed: ScalarValue) -> [CommandMatcher.Pair]? {
    switch template {
    case .literal(let text): return .text(DocumentImage.filled(text, bound)) == observed ? [] : nil
    case .expression(let expression): return [pair(expression, observed)]
    case .mixed(let pieces):
      guard case .text(let text) = observed else { return nil }
      return pairs(pieces, text)
    }
  }

  /// The parts of a text that stand where its template has expressions. Two expressions without text between them
  /// cannot be told apart.
  private func pairs(_ pieces: [TextTemplate.Piece], _ observed: String) -> [CommandMatcher.Pair]? {
    var result: [CommandMatcher.Pair] = []
    var rest = observed[...]
    var open: Expression?
    for piece in pieces {
      switch piece {
      case .expression(let expression):
        guard open == nil else { return nil }
        open = expression
      case .text(let template):
        let text = DocumentImage.filled(template, bound)
        guard let place = open == nil ? rest.range(ofPrefix: text) : rest.firstRange(of: text) else { return nil }
        if let expression = open { result.append(pair(expression, .text(String(rest[..<place.lowerBound])))) }
        open = nil
        rest = rest[place.upperBound...]
      }
    }
    if let open {
      result.append(pair(open, .text(String(rest))))
    } else if !rest.isEmpty {
      return nil
    }
    return result
  }

  private func pair(_ expression: Expression, _ observed: ScalarValue) -> CommandMatcher.Pair {
    // Numbers in texts are numbers, unless the expression makes words.
    var value = observed
    if case .text(let text) = observed, let number = Double(text), number.isFinite { value = .number(number) }
    return CommandMatcher.Pair(
      expression: expression, observed: value, tolerance: abs(value.finiteNumber ?? 0) * 1e-6 + 1e-6)
  }

  private func walk(
    _ template: PayloadTemplate, _ path: DocumentPath, _ document: JSONDocument,
    _ result: inout [CommandMatcher.Pair], _ seen: inout Int
  ) -> Bool {
    switch template {
    case .object(let members):
      return members.allSatisfy { member in
        walk(member.value, path.appending(.key(DocumentImage.filled(member.key, bound))), document, &result, &seen)
      }
    case .array(let elements):
      return elements.enumerated().allSatisfy { index, element in
        walk(element, path.appending(.index(index)), document, &result, &seen)
      }
    case .scalar(let value):
      seen += 1
      guard let observed = document.value(at: path) else { return value == .null }
      return CommandMatcher.agree(value, observed, tolerance: 1e-9)
    case .expression(let expression):
      guard let observed = document.value(at: path), observed != .null else { return true }
      seen += 1
      result.append(
        CommandMatcher.Pair(
          expression: expression, observed: observed, tolerance: abs(observed.finiteNumber ?? 0) * 1e-6 + 1e-6))
      return true
    case .text(let text):
      guard let observed = document.value(at: path) else { return false }
      seen += 1
      guard let found = pair(text, observed: observed) else { return false }
      result += found
      return true
    }
  }

  /// `a=1&b=x%20y` → a dictionary. Broken escapes are taken as written.
  static func fields(of form: String) -> [String: String] {
    var result: [String: String] = [:]
    for field in form.split(separator: "&").prefix(64) {
      let halves = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      result[decoded(halves[0])] = halves.count > 1 ? decoded(halves[1]) : ""
    }
    return result
  }

  /// A path as the profile writes it, whatever of it the client encoded.
  static func decoded(path: String) -> String { decoded(path[...], plusIsBlank: false) }

  private static func decoded(_ text: Substring, plusIsBlank: Bool = true) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.first {
      rest = rest.dropFirst()
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(plusIsBlank && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension DocumentPath {
  /// One step further down.
  fileprivate func appending(_ step: Step) -> DocumentPath { DocumentPath(steps: steps + [step]) }
}

extension Substring {
  /// Where a text stands at the beginning of this one.
  fileprivate func range(ofPrefix text: String) -> Range<Index>? {
    hasPrefix(text) ? startIndex..<index(startIndex, offsetBy: text.count) : nil
  }
}
