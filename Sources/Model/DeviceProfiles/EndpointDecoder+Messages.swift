import EnergyModel

extension EndpointDecoder {
  /// A longer payload is no single value.
  static let maxPlainBytes = 4096

  mutating func decodeMessage(
    _ topic: String, _ payload: [UInt8], _ time: Timestamp, _ batch: inout ReadingBatch
  ) {
    // An empty retained message deletes a topic; it says nothing about the device.
    guard !payload.isEmpty else { return }
    var indices = layout.topics[topic] ?? []
    for filter in layout.filters where TopicFilter.matches(topic, filter: filter.filter) { indices += filter.points }
    guard !indices.isEmpty else { return }
    let place = "topic \(topic)"
    let values = read(indices, payload, place, &batch)
    for (index, value) in zip(indices, values) {
      // Messages bring what changed; what is not in them keeps its value.
      guard let value else { continue }
      apply(value, index, place, time, &batch)
      if setup.problem != nil { return }
    }
  }

  mutating func decodeResponse(
    _ request: String, _ body: [UInt8], _ time: Timestamp, _ batch: inout ReadingBatch
  ) {
    let place = "request \(request)"
    if let failure = failedExpectation(request, body) {
      batch.report("\(place): \(failure)")
      return
    }
    guard let indices = layout.requests[request] else { return }
    let values = read(indices, body, place, &batch)
    guard values.count == indices.count else { return }
    for (index, value) in zip(indices, values) {
      if value == nil, !layout.points[index].isOptional, let path = layout.points[index].source.path {
        batch.report("\(place): no value at \(path)")
      }
      apply(value ?? .null, index, place, time, &batch)
      if setup.problem != nil { return }
    }
  }

  private mutating func apply(
    _ value: ScalarValue, _ index: Int, _ place: String, _ time: Timestamp, _ batch: inout ReadingBatch
  ) {
    if index == layout.identity {
      setup.check(value == .null ? "" : value.description, at: place)
      if let problem = setup.problem { batch.report(problem) }
      return
    }
    guard let power = power(of: index) else { return }
    let path = layout.points[index].source.path
    apply(value.raw, index, power: power, time, &batch) { "\(place)\(path.map { " \($0)" } ?? "")" }
  }

  /// The values of some points in a payload, in their order; empty where the payload cannot be read at all.
  private func read(
    _ indices: [Int], _ payload: [UInt8], _ place: String, _ batch: inout ReadingBatch
  ) -> [ScalarValue?] {
    let paths = indices.map { layout.points[$0].source.path ?? DocumentPath(steps: []) }
    let isPlain = paths.map(\.steps.isEmpty)
    var values = [ScalarValue?](repeating: nil, count: paths.count)
    if isPlain.contains(false) {
      do throws(JSONDocumentError) {
        values = try json.values(at: paths, in: payload)
      } catch {
        batch.report("\(place): \(error.message)")
        if !isPlain.contains(true) { return [] }
      }
    }
    guard isPlain.contains(true) else { return values }
    guard payload.count <= Self.maxPlainBytes else {
      batch.report("\(place): \(payload.count) bytes are no single value")
      return values
    }
    let value = plainValue(payload)
    for index in values.indices where isPlain[index] { values[index] = value }
    return values
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

  private func failedExpectation(_ request: String, _ body: [UInt8]) -> String? {
    guard let data = bound.polledRequests.first(where: { $0.name == request })?.request else { return nil }
    return data.failedExpectation(in: body)
  }

  /// Whether a topic is the one where the device says that it is there.
  public func isAvailability(topic: String) -> Bool {
    layout.availability.map { TopicFilter.matches(topic, filter: $0.topic) } ?? false
  }

  /// What a message says about the device: `true` online, `false` offline, `nil` = not an availability message.
  public func availability(topic: String, payload: [UInt8]) -> Bool? {
    guard let stated = layout.availability, TopicFilter.matches(topic, filter: stated.topic),
      payload.count <= Self.maxPlainBytes
    else { return nil }
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
