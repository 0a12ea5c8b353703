import EnergyModel

extension EndpointDecoder {
  /// A longer payload is no single value.
  static let maxPlainBytes = 4096
  /// More topics behind one wildcard are not combined.
  static let maxTopics = 512

  /// What a frame is, for everything that is read from it.
  struct Origin {
    /// `nil` for answers to requests.
    var topic: String?
    var request = ""
    var isRetained = false
    var time: Timestamp

    /// In words, for problems.
    var place: String { topic.map { "topic \($0)" } ?? "request \(request)" }
  }

  mutating func decodeMessage(
    _ topic: String, _ payload: [UInt8], _ isRetained: Bool, _ time: Timestamp, _ batch: inout ReadingBatch
  ) {
    let origin = Origin(topic: topic, isRetained: isRetained, time: time)
    if sparkplug != nil, let place = SparkplugNodes.Place(topic) {
      decodeSparkplug(payload, place, origin, &batch)
      return
    }
    guard let route = route(topic, time, &batch) else { return }
    // Commands of others are not what the device says.
    if route.format == .sparkplug { return }
    if payload.isEmpty { forget(route, origin, &batch) } else { take(payload, route, origin, &batch) }
  }

  /// The points of a topic; learns what its captured levels are.
  private mutating func route(_ topic: String, _ time: Timestamp, _ batch: inout ReadingBatch) -> DocumentRoute? {
    if let lastRoute, lastRoute.topic == topic { return lastRoute.route }
    if let known = routes[topic] {
      lastRoute = (topic, known)
      return known
    }
    let found = matched(topic, time, &batch)
    // Which device a captured level means can change.
    let isFixed = layout.filters.allSatisfy(\.captures.isEmpty)
    if let found, isFixed, routes.count < Self.maxTopics { routes[topic] = found }
    return found
  }

  private mutating func matched(_ topic: String, _ time: Timestamp, _ batch: inout ReadingBatch) -> DocumentRoute? {
    var found = layout.topics[topic]
    for filter in layout.filters where TopicFilter.matches(topic, filter: filter.filter) {
      guard filter.captures.isEmpty || capture(filter, topic, time) else {
        batch.otherDevices += 1
        continue
      }
      found = found.map { $0.merged(with: filter.route, layout.points) } ?? filter.route
    }
    return found
  }

  /// Keeps the captured levels of the first topic; `false` for a topic with others.
  private mutating func capture(_ filter: EndpointLayout.Filter, _ topic: String, _ time: Timestamp) -> Bool {
    let levels = topic.split(separator: "/", omittingEmptySubsequences: false)
    for capture in filter.captures where slots[capture.place].isSeen {
      guard levels.indices.contains(capture.level), slots[capture.place].value == .text(String(levels[capture.level]))
      else { return false }
    }
    for capture in filter.captures where !slots[capture.place].isSeen && levels.indices.contains(capture.level) {
      let value = ScalarValue.text(String(levels[capture.level]))
      slots[capture.place] = Slot(value: value, quality: .good, observedAt: time, isSeen: true)
      isDirty[capture.place] = true
    }
    return true
  }

  /// An empty payload takes the values of a topic back: the thing behind it is gone.
  private mutating func forget(_ route: DocumentRoute, _ origin: Origin, _ batch: inout ReadingBatch) {
    for index in route.points where index != layout.identity {
      if layout.points[index].combine != nil {
        groups[index]?[origin.topic ?? ""] = nil
        storeCombined(index, groups[index] ?? [:], origin.time, &batch)
      } else {
        store(ValueConverter.Outcome(value: .null, quality: .missing), index, origin.time, origin.time, &batch)
      }
    }
  }

  mutating func decodeResponse(
    _ request: String, _ body: [UInt8], _ time: Timestamp, _ batch: inout ReadingBatch
  ) {
    let origin = Origin(request: request, time: time)
    if let failure = layout.answers[request]?.failedExpectation(in: body) {
      batch.report("\(origin.place): \(failure)")
      return
    }
    guard let route = layout.requests[request] else { return }
    take(body, route, origin, &batch)
  }

  // MARK: Documents

  /// Everything of a route that a payload has.
  mutating func take(
    _ payload: [UInt8], _ route: DocumentRoute, _ origin: Origin, _ batch: inout ReadingBatch
  ) {
    if let picker = route.picker {
      take(payload, route, picker, origin, &batch)
      return
    }
    guard var content = read(route, payload, origin, &batch) else { return }
    for position in route.points.indices where layout.points[route.points[position]].joins.isEmpty {
      take(content.values[position], content.lists[position], route.points[position], origin, &batch)
      if setup.problem != nil { return }
    }
    for position in route.joined {
      let index = route.points[position]
      guard let path = joinedPath(of: index) else { continue }
      if path.hasList {
        content.lists[position] = json.list(at: path, in: content.json)
      } else {
        content.values[position] = (try? json.values(at: [path], in: content.json).first) ?? nil
      }
      take(content.values[position], content.lists[position], index, origin, &batch)
    }
  }

  /// The way of nearly all documents: one walk finds all values, and numbers go to their points at once.
  private mutating func take(
    _ payload: [UInt8], _ route: DocumentRoute, _ picker: JSONPicker, _ origin: Origin, _ batch: inout ReadingBatch
  ) {
    let reader = json
    do throws(JSONDocumentError) {
      try reader.pick(picker, from: payload) { values in
        for position in route.points.indices {
          let index = route.points[position]
          if !origin.isRetained, let plain = layout.plain[index], let number = values.number(position) {
            guard let power = plain.scaleFactor < 0 ? ValueConverter.Power.none : power(of: index) else { continue }
            store(plain.convert(number, as: number, power), plain, index, origin.time, &batch)
          } else {
            take(values.value(position), nil, index, origin, &batch)
            if setup.problem != nil { return }
          }
        }
      }
    } catch {
      batch.report("\(origin.place): \(error.message)")
    }
  }

  /// The path with the values that it needs; `nil` while one of them is not known.
  private func joinedPath(of index: Int) -> DocumentPath? {
    guard var path = layout.points[index].source.path else { return nil }
    for join in layout.points[index].joins {
      guard path.steps.indices.contains(join.step), case .element(let key, _) = path.steps[join.step],
        slots[join.place].value != .null
      else { return nil }
      let value = TemplateRenderer.plain(slots[join.place].value)
      path.steps[join.step] = .element(key: key, value: join.before + value + join.after)
    }
    return path
  }

  /// One value for its point; of a path with `*`, all of them.
  private mutating func take(
    _ value: ScalarValue?, _ list: [ScalarValue]?, _ index: Int, _ origin: Origin, _ batch: inout ReadingBatch
  ) {
    if origin.isRetained, layout.points[index].source.ignoresRetained { return }
    if layout.points[index].combine != nil {
      combineValues(list ?? value.map { [$0] } ?? [], index, origin, &batch)
      return
    }
    if value == nil {
      // Messages bring what changed; what is not in them keeps its value.
      if origin.topic != nil { return }
      if !layout.points[index].isOptional, let path = layout.points[index].source.path {
        batch.report("\(origin.place): no value at \(path)")
      }
    }
    if index == layout.identity {
      setup.check(value.map { $0 == .null ? "" : $0.description } ?? "", at: origin.place)
      if let problem = setup.problem { batch.report(problem) }
      return
    }
    guard let power = power(of: index) else { return }
    let path = layout.points[index].source.path
    apply((value ?? .null).raw, index, power: power, origin.time, &batch) {
      "\(origin.place)\(path.map { " \($0)" } ?? "")"
    }
  }

  /// What a payload has for a route; `nil` where it cannot be read at all.
  private func read(
    _ route: DocumentRoute, _ payload: [UInt8], _ origin: Origin, _ batch: inout ReadingBatch
  ) -> DocumentRoute.Content? {
    var content = DocumentRoute.Content(values: [ScalarValue?](repeating: nil, count: route.points.count))
    if route.hasPaths {
      do throws(JSONDocumentError) {
        let text = route.format == .json ? payload : try route.format.json(from: payload)
        content = try json.content(of: route, in: text)
        content.json = text
      } catch {
        batch.report("\(origin.place): \(error.message)")
        if !route.hasPlain { return nil }
      }
    }
    guard route.hasPlain else { return content }
    guard payload.count <= Self.maxPlainBytes else {
      batch.report("\(origin.place): \(payload.count) bytes are no single value")
      return content
    }
    let value = plainValue(payload)
    for position in content.values.indices where route.isPlain[position] { content.values[position] = value }
    return content
  }

  /// A payload that is the value itself: text, or a JSON text in quotes.
  private func plainValue(_ payload: [UInt8]) -> ScalarValue {
    if payload.first == 0x22, let first = try? json.values(at: [DocumentPath(steps: [])], in: payload).first,
      let unquoted = first
    {
      return unquoted
    }
    let text = String(decoding: payload, as: UTF8.self).trimmingBlanks
    switch text {
    case "true": return .flag(true)
    case "false": return .flag(false)
    case "null", "": return .null
    default: return .text(text)
    }
  }

  // MARK: Several values

  /// One value of the elements of a list, together with those of the other topics behind the same wildcard.
  private mutating func combineValues(
    _ raws: [ScalarValue], _ index: Int, _ origin: Origin, _ batch: inout ReadingBatch
  ) {
    guard let power = power(of: index) else { return }
    if origin.topic != nil, raws.isEmpty { return }
    var group = TopicGroup(numbers: [], quality: .good)
    for raw in raws {
      let outcome = layout.points[index].converter.convert(raw.raw, power: power)
      if let problem = outcome.problem { batch.report("\(origin.place): \(problem)") }
      guard case .number(let number) = outcome.value else { continue }
      group.numbers.append(number)
      group.quality = max(group.quality, outcome.quality)
    }
    guard let topic = origin.topic, layout.points[index].source.hasWildcard else {
      storeCombined(index, ["": group], origin.time, &batch)
      return
    }
    guard groups[index]?[topic] != nil || (groups[index]?.count ?? 0) < Self.maxTopics else {
      batch.report("\(origin.place): more than \(Self.maxTopics) topics are not combined")
      return
    }
    groups[index, default: [:]][topic] = group
    storeCombined(index, groups[index] ?? [:], origin.time, &batch)
  }

  private mutating func storeCombined(
    _ index: Int, _ groups: [String: TopicGroup], _ time: Timestamp, _ batch: inout ReadingBatch
  ) {
    guard let combine = layout.points[index].combine else { return }
    let ordered = groups.count == 1 ? Array(groups.values) : groups.keys.sorted().compactMap { groups[$0] }
    let value = combine.combine(ordered.lazy.flatMap(\.numbers))
    let quality = ordered.map(\.quality).max() ?? .good
    let none = ValueConverter.Outcome(value: .null, quality: .missing)
    let outcome = value.map { layout.points[index].judged(LinearConversion.tidy($0), quality) } ?? none
    store(outcome, index, time, time, &batch)
  }
}

// MARK: Asking and being there

extension EndpointDecoder {
  /// The message of `BoundProfile.polledPublishes` at an index; `nil` while it needs a captured level of a topic that
  /// was not heard yet.
  public func stateRequest(_ index: Int) -> WireOperation? {
    guard bound.polledPublishes.indices.contains(index) else { return nil }
    guard bound.openRequests.contains(index), case .mqtt(let settings) = bound.profile.transport else {
      return bound.polledPublishes[index].operation
    }
    let renderer = TemplateRenderer(parameters: bound.parameters) { name in
      layout.captures[name].map { slots[$0].value } ?? .null
    }
    return try? renderer.publish(settings.requests[index].message)
  }

  /// Whether a topic is one where the device says that it is there.
  public func isAvailability(topic: String) -> Bool {
    layout.availability.contains { TopicFilter.matches(topic, filter: $0.topic) } || isSparkplugAnnouncement(topic)
  }

  /// What a message says about the device: `true` online, `false` offline, `nil` = nothing.
  public func availability(topic: String, payload: [UInt8]) -> Bool? {
    let words = announcements(topic: topic, payload: payload).compactMap(\.isOnline)
    return words.isEmpty ? nil : !words.contains(false)
  }

  /// What a message says about the device, by the place of the topic among the profile's: a device is there when none
  /// of them says that it is not. `nil` where the words are not those of the profile.
  public func announcements(topic: String, payload: [UInt8]) -> [(source: Int, isOnline: Bool?)] {
    var found: [(source: Int, isOnline: Bool?)] = []
    for (index, stated) in layout.availability.enumerated()
    where TopicFilter.matches(topic, filter: stated.topic) && payload.count <= Self.maxPlainBytes {
      found.append((index, isOnline(stated, payload)))
    }
    if isSparkplugAnnouncement(topic), let place = SparkplugNodes.Place(topic) {
      switch place.kind {
      case .nodeDeath:
        let isPresent = sparkplug?.isPresent(try? SparkplugPayload(parsing: payload), at: place) ?? true
        found.append((-1, !isPresent))
      case .deviceDeath: found.append((-1, false))
      default: found.append((-1, true))
      }
    }
    return found
  }

  private func isOnline(_ stated: MQTTSettings.Availability, _ payload: [UInt8]) -> Bool? {
    let word: String
    if stated.path.steps.isEmpty {
      word = String(decoding: payload, as: UTF8.self).trimmingBlanks
    } else {
      guard let value = try? json.values(at: [stated.path], in: payload).first, let value else { return nil }
      word = value.description
    }
    if stated.online.contains(word) { return true }
    return stated.offline.contains(word) ? false : nil
  }
}

extension PointSource {
  /// The path into a document where it has one.
  var path: DocumentPath? {
    switch self {
    case .message(let message): message.path
    case .response(let response): response.path
    case .register, .sunSpec, .computed, .constant: nil
    }
  }

  /// Whether more than one topic belongs to it.
  var hasWildcard: Bool { if case .message(let message) = self { message.hasWildcard } else { false } }

  /// Whether messages that the broker kept are passed over.
  var ignoresRetained: Bool { if case .message(let message) = self { message.ignoresRetained } else { false } }
}

extension ScalarValue {
  /// As a document gave it.
  var raw: RawScalar {
    switch self {
    case .number(let value): .double(value)
    case .text(let text): .text(text)
    case .flag(let flag): .flag(flag)
    case .null: .null
    }
  }
}
