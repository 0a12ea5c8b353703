/// Which endpoints a topic belongs to.
struct TopicRouter: Sendable {
  /// The union of all filters, in order of first use, each once.
  let filters: [String]
  /// Topics that are named without wildcards, with every endpoint that they concern, wildcards included.
  private let exact: [String: [Int]]
  private let wildcards: [(filter: String, endpoints: [Int])]

  /// - Parameter subscriptions: the filters of each endpoint, by its index.
  init(subscriptions: [[String]]) {
    var order: [String] = []
    var byFilter: [String: [Int]] = [:]
    for (endpoint, filters) in subscriptions.enumerated() {
      for filter in filters {
        if byFilter[filter] == nil { order.append(filter) }
        if byFilter[filter]?.last != endpoint { byFilter[filter, default: []].append(endpoint) }
      }
    }
    filters = order
    let wildcards = order.filter(Self.hasWildcard).map { (filter: $0, endpoints: byFilter[$0] ?? []) }
    self.wildcards = wildcards
    var exact: [String: [Int]] = [:]
    for topic in order where !Self.hasWildcard(topic) {
      exact[topic] = Self.merge(byFilter[topic] ?? [], Self.matches(topic, wildcards))
    }
    self.exact = exact
  }

  /// The indices of the endpoints that subscribed to a topic; one hash look-up where it was named exactly.
  func endpoints(for topic: String) -> [Int] {
    exact[topic] ?? Self.merge([], Self.matches(topic, wildcards))
  }

  /// The endpoints that use a filter.
  func endpoints(using filter: String) -> [Int] {
    exact[filter] ?? wildcards.first { $0.filter == filter }?.endpoints ?? []
  }

  private static func hasWildcard(_ filter: String) -> Bool { filter.utf8.contains { $0 == 0x2B || $0 == 0x23 } }

  private static func matches(_ topic: String, _ wildcards: [(filter: String, endpoints: [Int])]) -> [Int] {
    wildcards.lazy.filter { MQTTHandle.topic(topic, matches: $0.filter) }.flatMap(\.endpoints)
  }

  private static func merge(_ first: [Int], _ second: [Int]) -> [Int] {
    second.isEmpty ? first : Set(first + second).sorted()
  }
}
