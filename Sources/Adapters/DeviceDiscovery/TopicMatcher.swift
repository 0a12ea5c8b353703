import DeviceProfiles
import EnergyModel

/// Finds the products behind the topics of a broker.
struct TopicMatcher {
  let catalogue: ProductCatalogue
  let time: Timestamp

  /// The best profile for each device, and those that fit the same topics.
  func finds(in messages: [String: [UInt8]]) -> [(best: DocumentMatch, others: [String])] {
    let topics = messages.keys.sorted()
    let all = catalogue.profiles.flatMap { matches($0, topics, messages) }.sorted { $0.isBetter(than: $1) }
    var finds: [(best: DocumentMatch, others: [String])] = []
    for match in all {
      if let index = finds.firstIndex(where: { !$0.best.sources.isDisjoint(with: match.sources) }) {
        if !finds[index].others.contains(match.profile.id), match.profile.id != finds[index].best.profile.id {
          finds[index].others.append(match.profile.id)
        }
      } else {
        finds.append((match, []))
      }
    }
    return finds.sorted { ($0.best.sources.min() ?? "") < ($1.best.sources.min() ?? "") }
  }

  private func matches(
    _ profile: DeviceProfile, _ topics: [String], _ messages: [String: [UInt8]]
  ) -> [DocumentMatch] {
    guard case .mqtt = profile.transport else { return [] }
    let known = profile.parameters.reduce(into: [String: ScalarValue]()) { $0[$1.name] = $1.defaultValue }
    let patterns = profile.messageTopics.compactMap { TopicPattern($0, known: known) }
    let names = patterns.reduce(into: Set<String>()) { $0.formUnion($1.names) }
    let heard: [(topic: String, told: [String: String])] = topics.flatMap { topic in
      Set(patterns.compactMap { $0.parameters(in: topic) }).map { (topic, $0) }
    }
    guard !heard.isEmpty else { return [] }
    var bindings = Array(Set(heard.map(\.told).filter { $0.count == names.count }))
    bindings.sort { $0.values.sorted().joined(separator: "/") < $1.values.sorted().joined(separator: "/") }
    return bindings.prefix(DiscoveryLimits.maxBindings).compactMap { binding in
      guard let filling = ProfileFilling(profile, Self.values(binding, profile)) else { return nil }
      var match = DocumentMatch(filling)
      for (topic, told) in heard where told.allSatisfy({ binding[$0.key] == $0.value }) {
        match.take(
          .message(topic: topic, payload: messages[topic] ?? [], isRetained: false), from: topic, at: time)
      }
      return match.fits ? match : nil
    }
  }

  /// In the type of their parameters.
  private static func values(_ binding: [String: String], _ profile: DeviceProfile) -> [String: ScalarValue] {
    binding.reduce(into: [:]) { values, entry in
      switch profile.parameters.first(where: { $0.name == entry.key })?.kind {
      case .integer, .number: values[entry.key] = Double(entry.value).map { .number($0) } ?? .text(entry.value)
      default: values[entry.key] = .text(entry.value)
      }
    }
  }
}
