import EnergyModel

/// Why a command cannot be turned into what goes out on the wire.
public struct EncodingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Names the control or step and says why.
  public var message: String

  /// An error with these words.
  public init(message: String) { self.message = message }

  /// The message.
  public var description: String { message }
}

/// Fills templates of a profile with parameters and the values of expressions.
struct TemplateRenderer {
  let parameters: [String: ScalarValue]
  /// The value of a name that is not a parameter.
  let lookup: (String) -> ScalarValue

  // MARK: Values

  func evaluate(_ expression: Expression) -> ScalarValue { expression.evaluate(value(of:)) }

  /// The value of an expression; `nil` where it uses an optional argument that was not given, so that whatever it
  /// belongs to is left out.
  func optional(_ expression: Expression) throws(EncodingError) -> ScalarValue? {
    let value = evaluate(expression)
    if case .number(let number) = value, !number.isFinite {
      throw EncodingError(message: "'\(expression.text)' is not a finite number")
    }
    if value != .null || expression.nameList.isEmpty { return value }
    let absent = expression.nameList.filter { self.value(of: $0) == .null }
    if !absent.isEmpty, absent.allSatisfy({ $0.hasPrefix("input.") }) { return nil }
    let reason = absent.isEmpty ? "it cannot be computed" : "\(absent.joined(separator: ", ")) is not known now"
    throw EncodingError(message: "'\(expression.text)' has no value: \(reason)")
  }

  /// The value of an expression that must have one.
  func required(_ expression: Expression) throws(EncodingError) -> ScalarValue {
    guard let value = try optional(expression), value != .null else {
      throw EncodingError(message: "'\(expression.text)' has no value")
    }
    return value
  }

  private func value(of name: String) -> ScalarValue {
    if let kept = name.after("login.") { return .text(LoginMark.mark(kept)) }
    return name.hasPrefix("parameter.") ? parameters[String(name.dropFirst("parameter.".count))] ?? .null : lookup(name)
  }

  // MARK: Text

  func fill(_ text: String) -> String { Self.fill(text, parameters) }

  /// `$name` replaced by the parameter's value. Names are letters and digits; a `$` before anything else, or before a
  /// name that is no parameter, stays.
  static func fill(
    _ text: String, _ parameters: [String: ScalarValue], escape: (String) -> String = { $0 }
  ) -> String {
    guard text.utf8.contains(0x24) else { return text }
    var result = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      let name = rest[rest.index(after: dollar)...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
      if let value = parameters[String(name)] { result += escape(value.description) } else { result += "$\(name)" }
      rest = rest[name.endIndex...]
    }
    return result + rest
  }

  /// The names behind `$` in a text.
  static func parameterNames(in text: String) -> [String] {
    text.split(separator: "$", omittingEmptySubsequences: false).dropFirst()
      .map { String($0.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }) }.filter { !$0.isEmpty }
  }

  func text(_ template: TextTemplate) throws(EncodingError) -> String {
    guard let text = try optionalText(template) else {
      throw EncodingError(message: "\(template.names.sorted().joined(separator: ", ")): there is no value for a text")
    }
    return text
  }

  /// The text; `nil` where it uses an optional argument that was not given.
  private func optionalText(
    _ template: TextTemplate, escape: (String) -> String = { $0 }
  ) throws(EncodingError) -> String? {
    switch template {
    case .literal(let text): return Self.fill(text, parameters, escape: escape)
    case .expression(let expression): return try filled(expression)
    case .mixed(let pieces):
      var result = ""
      for piece in pieces {
        switch piece {
        case .text(let text): result += Self.fill(text, parameters, escape: escape)
        case .expression(let expression):
          guard let value = try filled(expression) else { return nil }
          result += escape(value)
        }
      }
      return result
    }
  }

  private func filled(_ expression: Expression) throws(EncodingError) -> String? {
    guard let value = try optional(expression) else { return nil }
    guard value != .null else { throw EncodingError(message: "'\(expression.text)' has no value") }
    return Self.plain(value)
  }

  // MARK: Messages and requests

  /// - Parameter typeOf: the type in which a Sparkplug metric is sent, by its name and the topic.
  func publish(
    _ template: PublishTemplate, typeOf: (String, String) -> SparkplugMetric.DataType? = { _, _ in nil }
  ) throws(EncodingError) -> WireOperation {
    let topic = try text(template.topic)
    let content: PublishedMessage.Content
    switch template.content {
    case .payload(let payload): content = .text(try document(payload))
    case .metrics(let metrics):
      var filled: [SparkplugMetric] = []
      for metric in metrics {
        guard let value = try optional(metric.value) else { continue }
        let name = fill(metric.name)
        filled.append(SparkplugMetric(name: name, dataType: typeOf(name, topic) ?? value.sparkplugType, value: value))
      }
      content = .metrics(filled)
    }
    return .publish(
      PublishedMessage(
        topic: topic, content: content, isRetained: template.isRetained, reply: template.reply.map(expected)))
  }

  private func expected(_ reply: PublishTemplate.Reply) -> ExpectedReply {
    let topic = TopicCaptures.replace(in: fill(reply.topic)) { name in
      let value = lookup(name)
      return value == .null ? "+" : value.description
    }
    return ExpectedReply(
      topic: topic, format: reply.format, match: reply.match.map { filled($0) },
      expect: reply.expect.map { filled($0) },
      reasonPath: reply.reasonPath?.mapText(fill), within: reply.within)
  }

  func request(_ template: HTTPRequestTemplate) throws(EncodingError) -> HTTPRequestData {
    var contentType: String?
    var body: String?
    switch template.body {
    case .none: break
    case .json(let payload):
      contentType = HTTPRequestData.json
      body = try json(payload) ?? "null"
    case .form(let fields):
      contentType = HTTPRequestData.form
      var pairs: [String] = []
      for field in fields {
        guard let value = try optionalText(field.value) else { continue }
        pairs.append("\(Self.formEncoded(field.name))=\(Self.formEncoded(value))")
      }
      body = pairs.joined(separator: "&")
    }
    guard let path = try optionalText(template.path, escape: Self.pathEncoded) else {
      throw EncodingError(message: "the path of the request has no value")
    }
    var request = HTTPRequestData(
      method: template.method, path: path.hasPrefix("/") ? path : "/" + path, contentType: contentType, body: body,
      expect: template.expect.map(filled), reasonPath: template.reasonPath?.mapText(fill))
    request.mayAnswerPage = template.mayAnswerPage
    request.format = template.format
    return request
  }

  func filled(_ expectation: HTTPRequestData.Expectation) -> HTTPRequestData.Expectation {
    .init(path: expectation.path.mapText(fill), equals: expectation.equals)
  }

  /// A read-modify-write; `nil` where nothing is left to change, because optional arguments were not given.
  func modification(_ template: HTTPModificationTemplate) throws(EncodingError) -> HTTPModification? {
    var changes: [HTTPModification.Change] = []
    for change in template.changes {
      guard let value = try json(change.value) else { continue }
      changes.append(HTTPModification.Change(path: change.path.mapText(fill), json: value))
    }
    if changes.isEmpty { return nil }
    return HTTPModification(
      read: try request(template.read), changes: changes, only: template.only, write: try request(template.write))
  }

  /// A whole payload: JSON for objects and lists, the bare value for everything else.
  func document(_ payload: PayloadTemplate) throws(EncodingError) -> String {
    switch payload {
    case .object, .array: try json(payload) ?? "null"
    case .scalar(let value): Self.plain(value)
    case .expression(let expression): Self.plain(try required(expression))
    case .text(let template): try text(template)
    }
  }

  private func json(_ payload: PayloadTemplate) throws(EncodingError) -> String? {
    switch payload {
    case .object(let members):
      var parts: [String] = []
      for member in members {
        guard let value = try json(member.value) else { continue }
        parts.append("\(JSONText.quoted(fill(member.key))):\(value)")
      }
      return "{\(parts.joined(separator: ","))}"
    case .array(let elements):
      var parts: [String] = []
      for element in elements { if let value = try json(element) { parts.append(value) } }
      return "[\(parts.joined(separator: ","))]"
    case .scalar(let value): return JSONText.text(value)
    case .expression(let expression): return try optional(expression).map(JSONText.text)
    case .text(let template): return try optionalText(template).map(JSONText.quoted)
    }
  }

  static func plain(_ value: ScalarValue) -> String {
    if case .number(let number) = value { return ScalarValue.number(LinearConversion.tidy(number)).description }
    return value.description
  }

  // MARK: Escapes

  static func formEncoded(_ text: String) -> String {
    percentEncoded(text) { isUnreserved($0) }.split(separator: "%20", omittingEmptySubsequences: false)
      .joined(separator: "+")
  }

  /// What RFC 3986 allows in paths and queries stays, escapes too.
  static func queryEncoded(_ text: String) -> String {
    percentEncoded(text) { isUnreserved($0) || Array("!$&'()*+,;=:@/?%".utf8).contains($0) }
  }

  static func pathEncoded(_ text: String) -> String {
    percentEncoded(text) { isUnreserved($0) || Array("/:@,;=".utf8).contains($0) }
  }

  /// Marks of the login stay: what goes there is encoded when it is known.
  private static func percentEncoded(_ text: String, _ isAllowed: (UInt8) -> Bool) -> String {
    LoginMark.mapText(text) { encodedBytes($0, isAllowed) }
  }

  private static func encodedBytes(_ text: String, _ isAllowed: (UInt8) -> Bool) -> String {
    var result = ""
    for byte in text.utf8 {
      if isAllowed(byte) {
        result.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        result += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return result
  }

  /// RFC 3986, section 2.3.
  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
    default: false
    }
  }
}

extension ScalarValue {
  /// The type of a Sparkplug metric whose birth was not heard.
  var sparkplugType: SparkplugMetric.DataType {
    switch self {
    case .flag: .boolean
    case .text: .string
    case .number, .null: .double
    }
  }
}
