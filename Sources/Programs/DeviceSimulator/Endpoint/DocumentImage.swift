import DeviceProfiles
import EnergyModel

/// The MQTT messages or HTTP answers of a simulated device.
struct DocumentImage: Sendable {
  /// One topic or one request.
  struct Document: Sendable {
    /// A topic, or the name of a request.
    var name: String
    var tree: JSONTree?
    var format = DocumentFormat.json
    var expect: [HTTPRequestData.Expectation] = []
  }

  private(set) var documents: [Document] = []
  /// HTTP requests that the profile polls, by name.
  let requests: [(name: String, request: HTTPRequestData)]
  private let bound: BoundProfile
  private let isMessages: Bool
  /// Where the device says that it is there.
  let availability: [MQTTIdentity.Availability]

  init(bound: BoundProfile, mqtt settings: MQTTSettings) {
    self.bound = bound
    requests = []
    isMessages = true
    availability = settings.availability.map { availability in
      func payload(_ words: [String], _ otherwise: String) -> String {
        let word = words.first ?? otherwise
        guard !availability.path.steps.isEmpty else { return word }
        var tree = JSONTree.object([])
        tree.set(.text(word), at: availability.path)
        return tree.text
      }
      return MQTTIdentity.Availability(
        topic: Self.topic(availability.topic, bound), online: payload(availability.online, "online"),
        offline: payload(availability.offline, "offline"))
    }
  }

  init(bound: BoundProfile, http settings: HTTPSettings) {
    self.bound = bound
    requests = bound.polledRequests.map { ($0.name, $0.request) }
    isMessages = false
    availability = []
    for (name, request) in requests {
      documents.append(Document(name: name, format: request.format, expect: request.expect))
    }
  }

  /// Forgets the values; topics and requests stay, and marks where any value will do.
  mutating func clear() {
    for index in documents.indices {
      documents[index].tree = nil
      expect(of: index) { $0.equals == HTTPRequestData.Expectation.anything }
    }
  }

  /// Puts the value of a point where the device says it.
  ///
  /// - Parameter other: what the device says for another name of it, for paths that pick an element by one.
  mutating func show(_ value: ScalarValue, at point: ProfilePoint, other: (String) -> ScalarValue) {
    switch point.source {
    case .message(let source):
      var topic = Self.topic(source.topic, bound)
      if source.format == .sparkplug { topic = Self.birthTopic(topic) }
      show(value, point, name: topic, path: source.path.picked(other), source.format)
    case .response(let source):
      show(value, point, name: source.request, path: source.path.picked(other), .json)
    default: break
    }
  }

  private mutating func show(
    _ value: ScalarValue, _ point: ProfilePoint, name: String, path: DocumentPath, _ format: DocumentFormat
  ) {
    guard let raw = Self.raw(value, point) else { return }
    let index = documents.firstIndex { $0.name == name } ?? documents.count
    if index == documents.count { documents.append(Document(name: name)) }
    var tree = documents[index].tree ?? .scalar(.null)
    tree.set(raw, at: Self.path(path, bound))
    documents[index].tree = tree
    if isMessages { documents[index].format = path.steps.isEmpty ? .json : format }
  }

  /// The value as the device says it, or the nearest word that it has.
  private static func raw(_ value: ScalarValue, _ point: ProfilePoint) -> ScalarValue? {
    guard value != .null else { return nil }
    var words = [value]
    if case .text(let word) = value { words += PlausibleValues.nearest(to: word).map { .text($0) } }
    for word in words { if case .scalar(let raw)? = point.encode(word, scaleFactor: 0) { return raw } }
    return nil
  }

  /// Adds what answers must contain to count as good ones.
  mutating func fillExpectations() {
    for index in documents.indices { expect(of: index) { $0.equals != HTTPRequestData.Expectation.anything } }
  }

  private mutating func expect(of index: Int, where isWanted: (HTTPRequestData.Expectation) -> Bool) {
    for expectation in documents[index].expect where isWanted(expectation) {
      var tree = documents[index].tree ?? .object([])
      tree.set(expectation.equals, at: expectation.path)
      documents[index].tree = tree
    }
  }

  /// The payload of a topic or answer.
  func bytes(_ document: Document) -> [UInt8]? {
    switch document.tree {
    case .scalar(let value)? where isMessages: Array(JSONTree.plain(value).utf8)
    case let tree?: DocumentWriter.bytes(tree, as: document.format)
    case nil: isMessages ? nil : DocumentWriter.bytes(.object([]), as: document.format)
    }
  }

  /// Everything that the device says, as frames.
  func frames(_ now: Timestamp) -> [RawFrame] {
    documents.compactMap { document in
      guard let bytes = bytes(document) else { return nil }
      let body: RawFrame.Body =
        isMessages
        ? .message(topic: document.name, payload: bytes, isRetained: false)
        : .response(request: document.name, body: bytes)
      return RawFrame(body: body, receivedAt: now)
    }
  }

  /// A topic with parameters filled in, and something in place of wildcards.
  static func topic(_ template: String, _ bound: BoundProfile) -> String {
    bound.topicFilter(template).split(separator: "/", omittingEmptySubsequences: false)
      .map { $0 == "+" || $0 == "#" ? "0" : String($0) }.joined(separator: "/")
  }

  /// The topic on which a Sparkplug device says all that it has.
  private static func birthTopic(_ topic: String) -> String {
    var levels = topic.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if levels.count >= 4 { levels[2] = levels.count == 4 ? "NBIRTH" : "DBIRTH" }
    return levels.joined(separator: "/")
  }

  /// A path with parameters filled in.
  static func path(_ path: DocumentPath, _ bound: BoundProfile) -> DocumentPath {
    DocumentPath(
      steps: path.steps.map { step in
        switch step {
        case .key(let key): .key(filled(key, bound))
        case .index, .any: step
        case .element(let key, let value): .element(key: filled(key, bound), value: filled(value, bound))
        }
      })
  }

  /// The path of a request with parameters filled in.
  static func filledPath(_ template: String, _ bound: BoundProfile) -> String {
    let text = filled(template, bound)
    return text.hasPrefix("/") ? text : "/" + text
  }

  /// Text with `$parameter` filled in.
  static func filled(_ template: String, _ bound: BoundProfile) -> String {
    var pieces = template.split(separator: "$", omittingEmptySubsequences: false).map(String.init)
    guard pieces.count > 1 else { return template }
    for index in pieces.indices.dropFirst() {
      let name = String(pieces[index].prefix { $0.isASCII && ($0.isLetter || $0.isNumber) })
      let value = bound.parameters[name]?.description ?? "$\(name)"
      pieces[index] = value + pieces[index].dropFirst(name.count)
    }
    return pieces.joined()
  }
}

extension DocumentPath {
  /// The path with `${name}` replaced by what the device says for the name.
  func picked(_ other: (String) -> ScalarValue) -> DocumentPath {
    DocumentPath(
      steps: steps.map { step in
        guard case .element(let key, let value) = step, let start = value.firstRange(of: "${"),
          let end = value[start.upperBound...].firstIndex(of: "}")
        else { return step }
        let name = JSONTree.plain(other(String(value[start.upperBound..<end])))
        let text = value[..<start.lowerBound] + name + value[value.index(after: end)...]
        return .element(key: key, value: String(text))
      })
  }
}

/// What a simulated MQTT device needs to be a client of a broker.
public struct MQTTIdentity: Sendable, Hashable {
  /// The retained topic that says whether the device is there.
  public struct Availability: Sendable, Hashable {
    /// The topic, with parameters filled in.
    public var topic: String
    /// The payload when the device is there.
    public var online: String
    /// The payload when it is not; the last will.
    public var offline: String
  }

  /// The name of the session at the broker.
  public var clientID: String
  /// Where the device says that it is there; empty if it never does. The first is its last will.
  public var availability: [Availability]
  /// Topics on which the device takes commands and requests.
  public var subscriptions: [String]
}

/// A message on a topic.
public struct SimulatedMessage: Sendable, Hashable {
  /// The topic, without wildcards.
  public var topic: String
  /// The payload as it is on the wire.
  public var bytes: [UInt8]
  /// Whether the broker keeps it for later subscribers.
  public var isRetained: Bool

  /// The payload as text.
  public var payload: String { String(decoding: bytes, as: UTF8.self) }

  /// A message; not retained unless said.
  public init(topic: String, bytes: [UInt8], isRetained: Bool = false) {
    self.topic = topic
    self.bytes = bytes
    self.isRetained = isRetained
  }

  /// A message with text in it; not retained unless said.
  public init(topic: String, payload: String, isRetained: Bool = false) {
    self.init(topic: topic, bytes: Array(payload.utf8), isRetained: isRetained)
  }
}

/// What a simulated vendor API answers.
public enum HTTPAnswer: Sendable, Hashable {
  case response(status: Int, contentType: String, body: String)
  /// No answer at all.
  case silence
  /// The connection ends within the answer.
  case hangUp
}
