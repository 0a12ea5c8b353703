public import EnergyModel

/// A topic of a profile turned round: with which parameters it is the topic that was heard.
public struct TopicPattern: Sendable, Hashable {
  private enum Level: Sendable, Hashable {
    case any
    case rest
    case fixed(String)
    case parameter(prefix: String, name: String, suffix: String)
  }

  private let levels: [Level]
  /// The parameters that a topic tells.
  public let names: Set<String>

  /// - Parameters:
  ///   - template: a topic of a profile, with `$name`, `{capture}`, `+` and `#`.
  ///   - known: the parameters that are known already.
  /// - Returns: `nil` where one level has more than one unknown parameter.
  public init?(_ template: String, known: [String: ScalarValue]) {
    var names: Set<String> = []
    var levels: [Level] = []
    let filled = TemplateRenderer.fill(template, known)
    for level in filled.split(separator: "/", omittingEmptySubsequences: false) {
      if level == "#" {
        levels.append(.rest)
      } else if level == "+" || TopicCaptures.name(of: level) != nil {
        levels.append(.any)
      } else if let dollar = level.firstIndex(of: "$") {
        let unknown = TemplateRenderer.parameterNames(in: String(level))
        guard unknown.count == 1 else { return nil }
        let end = level.index(dollar, offsetBy: unknown[0].count + 1)
        levels.append(
          .parameter(prefix: String(level[..<dollar]), name: unknown[0], suffix: String(level[end...])))
        names.insert(unknown[0])
      } else {
        levels.append(.fixed(String(level)))
      }
    }
    self.levels = levels
    self.names = names
  }

  /// The parameters with which a topic is this one; `nil` where it cannot be.
  public func parameters(in topic: String) -> [String: String]? {
    let heard = topic.split(separator: "/", omittingEmptySubsequences: false)
    var found: [String: String] = [:]
    for (index, level) in levels.enumerated() {
      if level == .rest { return found }
      guard index < heard.count else { return nil }
      switch level {
      case .rest, .any: continue
      case .fixed(let text): guard heard[index] == text else { return nil }
      case .parameter(let prefix, let name, let suffix):
        let text = heard[index]
        guard text.count > prefix.count + suffix.count, text.hasPrefix(prefix), text.hasSuffix(suffix) else {
          return nil
        }
        let value = String(text.dropFirst(prefix.count).dropLast(suffix.count))
        guard found[name] ?? value == value else { return nil }
        found[name] = value
      }
    }
    return heard.count == levels.count ? found : nil
  }
}

extension DeviceProfile {
  /// The topics that its points come from, as they are written, each once.
  public var messageTopics: [String] {
    var seen: Set<String> = []
    var sources = parts.flatMap(\.points).map(\.source)
    if let identify { sources.append(identify.source) }
    return sources.compactMap { source in
      if case .message(let message) = source, seen.insert(message.topic).inserted { message.topic } else { nil }
    }
  }
}
