public import EnergyModel

/// An MQTT message as it goes out.
public struct PublishedMessage: Sendable, Hashable {
  /// What is in it.
  public enum Content: Sendable, Hashable {
    case text(String)
    /// Sparkplug B; the time is stamped when it leaves.
    case metrics([SparkplugMetric])
  }

  /// Where it goes.
  public var topic: String
  /// What is in it.
  public var content: Content
  /// Whether the broker keeps it for later subscribers.
  public var isRetained: Bool
  /// The message by which the device says what became of it; `nil` where the broker's acknowledgement is all.
  public var reply: ExpectedReply?

  /// Everything as given; by default nothing is retained and no reply is expected.
  public init(topic: String, content: Content, isRetained: Bool = false, reply: ExpectedReply? = nil) {
    self.topic = topic
    self.content = content
    self.isRetained = isRetained
    self.reply = reply
  }

  /// The bytes of a message that leaves at a time.
  public func payload(at time: Timestamp) -> [UInt8] {
    switch content {
    case .text(let text): Array(text.utf8)
    case .metrics(let metrics):
      SparkplugPayload(timestamp: UInt64(exactly: time.milliseconds) ?? 0, metrics: metrics).encoded
    }
  }
}

extension PublishedMessage: CustomStringConvertible {
  /// `a/set {"mode":"heat"}`, `a/rpc {"id":2}, reply on b/rpc`, `spBv1.0/g/DCMD/n metrics {"Setpoint":21}`.
  public var description: String {
    let retained = isRetained ? " (retained)" : ""
    let awaited = reply.map { ", reply on \($0.topic)" } ?? ""
    switch content {
    case .text(let text): return "\(topic) \(text)\(retained)\(awaited)"
    case .metrics(let metrics):
      let members = metrics.map { "\(JSONText.quoted($0.name ?? "")):\(JSONText.text($0.value))" }
      return "\(topic) metrics {\(members.joined(separator: ","))}\(retained)\(awaited)"
    }
  }
}

/// The message by which a device answers a command.
public struct ExpectedReply: Sendable, Hashable {
  /// What a reply says.
  public enum Verdict: Sendable, Hashable {
    case done
    /// In words, with the device's own reason.
    case refused(String)
  }

  /// Where it comes; wildcards allowed.
  public var topic: String
  /// How its payload is built.
  public var format: DocumentFormat
  /// What makes a message on that topic the answer to this command; the others are passed over.
  public var match: [HTTPRequestData.Expectation]
  /// What it must say.
  public var expect: [HTTPRequestData.Expectation]
  /// Where the device says why it refused.
  public var reasonPath: DocumentPath?
  /// The longest time from the broker's acknowledgement until it comes.
  public var within: Duration

  /// What a message says about the command; `nil` when it is not the reply.
  public func verdict(topic: String, payload: [UInt8]) -> Verdict? {
    guard TopicFilter.matches(topic, filter: self.topic) else { return nil }
    let document = try? JSONDocument(parsing: try format.json(from: payload))
    func value(_ path: DocumentPath) -> ScalarValue? {
      guard path.steps.isEmpty else { return document?.value(at: path) }
      return .text(String(decoding: payload.prefix(Self.maxReason), as: UTF8.self).trimmingBlanks)
    }
    guard match.allSatisfy({ $0.isMet(by: value($0.path)) }) else { return nil }
    guard let failed = expect.first(where: { !$0.isMet(by: value($0.path)) }) else { return .done }
    let reason = reasonPath.flatMap { value($0) } ?? value(failed.path) ?? .text("\(failed.path.dotted) is not there")
    return .refused(reason.description)
  }

  /// A reason is a sentence; plain payloads beyond are cut.
  private static let maxReason = 500
}

extension HTTPRequestData.Expectation {
  /// Whether a value is what it must be. Text formats have no numbers, so a text that spells the number is it; a
  /// value that must be `null` may be missing.
  func isMet(by value: ScalarValue?) -> Bool {
    if equals == .null { return value == nil || value == .null }
    return holds(for: value) || value?.description == equals.description
  }
}
