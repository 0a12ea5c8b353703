/// Levels of topics that become a name: `N/{portal}/system/0/Serial`.
enum TopicCaptures {
  /// The name of a level that is captured.
  static func name(of level: Substring) -> String? {
    guard level.hasPrefix("{"), level.hasSuffix("}"), level.count > 2 else { return nil }
    return String(level.dropFirst().dropLast())
  }

  /// The names in a topic, with the place of their level.
  static func names(in topic: String) -> [(level: Int, name: String)] {
    guard topic.utf8.contains(UInt8(ascii: "{")) else { return [] }
    return topic.split(separator: "/", omittingEmptySubsequences: false).enumerated().compactMap { index, level in
      name(of: level).map { (index, $0) }
    }
  }

  /// The topic with each captured level replaced; what has no replacement stays.
  static func replace(in topic: String, _ replacement: (String) -> String?) -> String {
    guard topic.utf8.contains(UInt8(ascii: "{")) else { return topic }
    return topic.split(separator: "/", omittingEmptySubsequences: false)
      .map { level in name(of: level).flatMap(replacement) ?? String(level) }.joined(separator: "/")
  }
}
