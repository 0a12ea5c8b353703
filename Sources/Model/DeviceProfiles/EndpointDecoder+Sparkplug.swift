public import EnergyModel

extension EndpointDecoder {
  /// The messages that ask Sparkplug nodes for their births, when it is time for them; empty for all other devices.
  public mutating func requests(at now: Timestamp) -> [WireOperation] { sparkplug?.requests(at: now) ?? [] }

  mutating func decodeSparkplug(
    _ payload: [UInt8], _ place: SparkplugNodes.Place, _ origin: Origin, _ batch: inout ReadingBatch
  ) {
    let routes =
      layout.filters.filter { $0.route.format == .sparkplug && concerns($0.filter, place, origin.topic ?? "") }
      .map(\.route) + [layout.topics[origin.topic ?? ""]].compactMap { $0 }
    switch place.kind {
    case .nodeDeath, .deviceDeath:
      let death = try? SparkplugPayload(parsing: payload)
      guard place.kind == .deviceDeath || sparkplug?.isPresent(death, at: place) != false else { return }
      sparkplug?.forget(place)
      for index in routes.flatMap(\.points) where index != layout.identity {
        store(ValueConverter.Outcome(value: .null, quality: .missing), index, origin.time, origin.time, &batch)
      }
    case .nodeBirth, .nodeData, .deviceBirth, .deviceData:
      do throws(JSONDocumentError) {
        let metrics = sparkplug?.take(try SparkplugPayload(parsing: payload), at: place) ?? []
        // Other devices of the node are heard for their sequence numbers and aliases only.
        guard !routes.isEmpty else { return }
        let text = Array(SparkplugPayload(metrics: metrics).document.text.utf8)
        for route in routes { take(text, route.asJSON ?? route, origin, &batch) }
      } catch {
        batch.report("\(origin.place): \(error.message)")
      }
    }
  }

  /// Whether the points of a filter are those of a message; the death of a node is that of its devices too.
  private func concerns(_ filter: String, _ place: SparkplugNodes.Place, _ topic: String) -> Bool {
    guard place.kind == .nodeDeath else { return TopicFilter.matches(topic, filter: filter) }
    let levels = filter.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard levels.count >= 4 else { return false }
    return [(1, place.group), (3, place.node)].allSatisfy { levels[$0.0] == "+" || levels[$0.0] == $0.1 }
  }

  /// Births and deaths of what the points are about.
  func isSparkplugAnnouncement(_ topic: String) -> Bool {
    guard sparkplug != nil, let place = SparkplugNodes.Place(topic) else { return false }
    switch place.kind {
    case .nodeData, .deviceData: return false
    case .nodeBirth, .nodeDeath, .deviceBirth, .deviceDeath:
      return layout.filters.contains { $0.route.format == .sparkplug && concerns($0.filter, place, topic) }
    }
  }
}
