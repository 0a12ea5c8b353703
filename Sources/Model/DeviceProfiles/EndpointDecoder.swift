import EnergyModel

/// Turns what one endpoint says into readings: one per endpoint, owned by the serial context of its adapter.
///
/// Decoding never traps, whatever the bytes are. Values that come only when they change (MQTT) each keep their own
/// time; computed points follow their inputs.
public struct EndpointDecoder: Sendable {
  /// What is known about one point.
  struct Slot: Sendable {
    var value: ScalarValue = .null
    var quality: Quality = .missing
    var observedAt = Timestamp(milliseconds: 0)
    var isSeen = false
  }

  /// The profile with the installation's parameters.
  public let bound: BoundProfile
  let layout: EndpointLayout
  var slots: [Slot]
  var map: RegisterMap
  /// SunSpec scale factors by the map's index; `nil` = not read yet.
  var powers: [ValueConverter.Power?] = []
  /// Computed points do not wait for inputs that were never read: all that there is was read.
  var hasReadEverything = false
  private var setup: EndpointSetup
  private var isDirty: [Bool]
  /// Constants and what the device does not have are told with the first frame.
  private var isFirstFrame = true
  private let json = SharedJSONReader()

  /// Prepares decoding.
  public init(_ bound: BoundProfile) {
    self.bound = bound
    let layout = EndpointLayout(bound)
    self.layout = layout
    slots = [Slot](repeating: Slot(), count: layout.points.count)
    isDirty = [Bool](repeating: false, count: layout.points.count)
    map = RegisterMap()
    setup = EndpointSetup(bound)
    finishSetupIfComplete()
  }

  // MARK: Set-up

  /// What the adapter has to read now to identify the device and to find its SunSpec models; `nil` when nothing is
  /// left to read, because set-up is complete or stopped with a problem.
  public mutating func nextSetupRead() -> RegisterRange? { setup.nextRead }

  /// Takes the answer to the last set-up read. After `failed` the same read is asked for again, at most three times in
  /// a row.
  public mutating func acceptSetup(_ answer: SetupAnswer) {
    setup.accept(answer)
    finishSetupIfComplete()
  }

  /// Why the device cannot be used, such as `identify: holding 30000 says 'SUN3000', expected SUN2000-*`. Stays until
  /// `resetSetup`.
  public var setupProblem: String? { setup.problem }

  /// Starts set-up again, after a reconnect. Known values stay.
  public mutating func resetSetup() {
    setup = EndpointSetup(bound)
    map = RegisterMap()
    powers = []
    isFirstFrame = true
    finishSetupIfComplete()
  }

  /// The requests to poll, merged per table and poll class; valid after set-up.
  public var readPlan: [PlannedRead] { setup.isComplete ? map.plan : [] }

  /// The SunSpec models that set-up found: id, address of the ID register, length.
  public var sunSpecModels: [(id: UInt16, address: Int, length: Int)] {
    setup.discovery?.models.map { ($0.id, $0.address, $0.length) } ?? []
  }

  /// Whether the next set-up read is about the product, not about SunSpec.
  var isIdentifying: Bool { setup.isIdentifying }

  /// Takes the device for the right one, for tests of a profile that do not say what it calls itself.
  mutating func skipIdentity() {
    setup.skipIdentity()
    finishSetupIfComplete()
  }

  private mutating func finishSetupIfComplete() {
    guard setup.isComplete else { return }
    map = RegisterMap(layout, setup.discovery)
    powers = [ValueConverter.Power?](repeating: nil, count: map.scaleFactors.count)
    guard map.hasSunSpecPoints else {
      let found = setup.discovery?.models.map { String($0.id) }.joined(separator: ", ") ?? ""
      setup.stop("SunSpec: the device has the models \(found), none of them has a point of this profile")
      return
    }
  }

  // MARK: Decoding

  /// Understands a frame. What came out and what was wrong is appended to the batch.
  public mutating func decode(_ frame: RawFrame, into batch: inout ReadingBatch) {
    if let problem = setup.problem {
      batch.report(problem)
      return
    }
    let time = frame.receivedAt
    if isFirstFrame { begin(time, &batch) }
    switch frame.body {
    case .registers(let table, let address, let values): decode(values, table, Int(address), time, &batch)
    case .bits(let table, let address, let values): decode(values, table, Int(address), time, &batch)
    case .message(let topic, let payload, _): decodeMessage(topic, payload, time, &batch)
    case .response(let request, let body): decodeResponse(request, body, time, &batch)
    }
    recompute(time, &batch)
  }

  /// Constants, and the fields that this device does not have.
  private mutating func begin(_ time: Timestamp, _ batch: inout ReadingBatch) {
    isFirstFrame = false
    for index in layout.constants {
      guard case .constant(let value) = layout.points[index].source else { continue }
      store(layout.points[index].converter.convertComputed(value), index, time, time, &batch)
    }
    for index in map.absent where !layout.points[index].isOptional {
      store(ValueConverter.Outcome(value: .null, quality: .missing), index, time, time, &batch)
    }
    for computed in layout.computed where computed.inputs.isEmpty {
      store(evaluate(computed).outcome, computed.point, time, time, &batch)
    }
  }

  /// Keeps a value and tells it where it is a field.
  private mutating func store(
    _ outcome: ValueConverter.Outcome, _ index: Int, _ observedAt: Timestamp, _ receivedAt: Timestamp,
    _ batch: inout ReadingBatch
  ) {
    slots[index] = Slot(value: outcome.value, quality: outcome.quality, observedAt: observedAt, isSeen: true)
    isDirty[index] = true
    guard let field = layout.points[index].field else { return }
    batch.entries.append(
      ReadingBatch.Entry(
        part: layout.points[index].part,
        reading: Reading(
          field: field, value: ReadingValue(outcome.value, field), quality: outcome.quality, observedAt: observedAt,
          receivedAt: receivedAt)))
  }

  /// One value as it came, at a place that is named in problems.
  private mutating func apply(
    _ raw: RawScalar, _ index: Int, power: ValueConverter.Power, _ time: Timestamp, _ batch: inout ReadingBatch,
    place: () -> String
  ) {
    let outcome = layout.points[index].converter.convert(raw, power: power)
    if let problem = outcome.problem { batch.report("\(place()): \(problem)") }
    store(outcome, index, time, time, &batch)
  }

  /// The power of ten from a local of the profile; `nil` while the local was never seen.
  private func power(of index: Int) -> ValueConverter.Power? {
    guard let place = layout.points[index].scaleFactor else { return ValueConverter.Power.none }
    guard slots[place].isSeen else { return nil }
    return slots[place].value.number.flatMap { Int(exactly: $0) }.map { .of($0) } ?? .absent
  }
}

// MARK: Modbus

extension EndpointDecoder {
  private mutating func decode(
    _ values: [UInt16], _ table: RegisterTable, _ start: Int, _ time: Timestamp, _ batch: inout ReadingBatch
  ) {
    let end = start + values.count
    reportIfShort(table, start, values.count, &batch)
    if table == .holding {
      for (index, address) in map.scaleFactors.enumerated() where address >= start && address < end {
        powers[index] = Self.power(values[address - start])
      }
    }
    forEachPlace(table, start, end) { decoder, place in
      guard var raw = place.type.decode(values, at: place.address - start, order: place.order) else { return }
      if let standard = place.standard, standard.isMissing(raw) { raw = .null }
      let known = place.scaleFactor.map { decoder.powers[$0] } ?? decoder.power(of: place.point)
      guard let power = known else { return }
      decoder.apply(raw, place.point, power: power, time, &batch) {
        "registers \(place.address)–\(place.address + place.count - 1)"
      }
    }
  }

  private mutating func decode(
    _ values: [Bool], _ table: RegisterTable, _ start: Int, _ time: Timestamp, _ batch: inout ReadingBatch
  ) {
    reportIfShort(table, start, values.count, &batch)
    forEachPlace(table, start, start + values.count) { decoder, place in
      let offset = place.address - start
      guard values.indices.contains(offset) else { return }
      decoder.apply(.flag(values[offset]), place.point, power: .none, time, &batch) {
        "\(table.rawValue) \(place.address)"
      }
    }
  }

  /// The points that lie within a frame, those that scale others first.
  private mutating func forEachPlace(
    _ table: RegisterTable, _ start: Int, _ end: Int, _ body: (inout EndpointDecoder, RegisterMap.Place) -> Void
  ) {
    let places = map.places(table)
    let first = RegisterMap.lowerBound(places, start)
    for isScaleFactor in [true, false] {
      var index = first
      while index < places.count, places[index].address < end {
        let place = places[index]
        index += 1
        guard place.isScaleFactor == isScaleFactor, place.address + place.count <= end else { continue }
        body(&self, place)
      }
    }
  }

  private func reportIfShort(_ table: RegisterTable, _ start: Int, _ count: Int, _ batch: inout ReadingBatch) {
    var shortest: RegisterRange?
    for read in map.plan where read.range.table == table && Int(read.range.address) == start {
      if Int(read.range.count) <= count { return }
      shortest = read.range
    }
    guard let shortest else { return }
    let last = start + Int(shortest.count) - 1
    let unit = table.isBits ? "bits" : "registers"
    batch.report("\(unit) \(start)–\(last): short frame, \(count) of \(shortest.count)")
  }

  /// The standard allows −10 to +10; everything else has no meaning.
  private static func power(_ register: UInt16) -> ValueConverter.Power {
    let exponent = Int(Int16(bitPattern: register))
    return (-10...10).contains(exponent) ? .of(exponent) : .absent
  }
}

// MARK: MQTT and HTTP

extension EndpointDecoder {
  /// A longer payload is no single value.
  static let maxPlainBytes = 4096

  private mutating func decodeMessage(
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

  private mutating func decodeResponse(
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

extension HTTPRequestData {
  /// What in an answer is not as the profile expects, with the device's own reason; `nil` if all is as it should be.
  public func failedExpectation(in body: [UInt8]) -> String? {
    guard !expect.isEmpty else { return nil }
    let document: JSONDocument
    do throws(JSONDocumentError) {
      document = try JSONDocument(parsing: body)
    } catch {
      return error.message
    }
    for expectation in expect {
      let value = document.value(at: expectation.path)
      guard value != expectation.equals else { continue }
      let found = value.map { "is \($0)" } ?? "is not there"
      let reason = reasonPath.flatMap { document.value(at: $0) }.map { ": \($0)" } ?? ""
      return "\(expectation.path.dotted) \(found)\(reason)"
    }
    return nil
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

// MARK: Computed points

extension EndpointDecoder {
  /// Follows what changed. Quality is that of the worst input, the time that of the oldest, among those that the
  /// evaluation used and that have a value: `first(asked, told)` is as old as the one that was taken.
  private mutating func recompute(_ time: Timestamp, _ batch: inout ReadingBatch) {
    for computed in layout.computed {
      guard computed.inputs.contains(where: { isDirty[$0] }) else { continue }
      // A sum of two values of which one was not read yet would look like a measurement.
      guard hasReadEverything || computed.required.allSatisfy({ slots[$0].isSeen }) else { continue }
      let (outcome, observedAt) = evaluate(computed)
      store(outcome, computed.point, observedAt ?? time, time, &batch)
    }
    for index in isDirty.indices { isDirty[index] = false }
  }

  private func evaluate(
    _ computed: EndpointLayout.Computed
  ) -> (outcome: ValueConverter.Outcome, observedAt: Timestamp?) {
    var quality = Quality.good
    var observedAt: Timestamp?
    let value = computed.expression.evaluate(byIndex: { index in
      switch computed.bindings[index] {
      case .point(let place):
        let slot = slots[place]
        guard slot.value != .null else { return .null }
        quality = max(quality, slot.quality)
        if !layout.points[place].isConstant { observedAt = min(observedAt ?? slot.observedAt, slot.observedAt) }
        return slot.value
      case .constant(let value): return value
      }
    })
    var outcome = layout.points[computed.point].converter.convertComputed(value)
    if outcome.value != .null { outcome.quality = max(outcome.quality, quality) }
    return (outcome, observedAt)
  }

  /// A copy of everything that is known now.
  public func snapshot() -> EndpointSnapshot {
    EndpointSnapshot(bound: bound, layout: layout, slots: slots, map: map, powers: powers)
  }
}

extension EndpointLayout.Point {
  var isConstant: Bool { if case .constant = source { true } else { false } }
}

extension ReadingValue {
  /// A value in the type of its field.
  init(_ value: ScalarValue, _ field: Field) {
    switch value {
    case .number(let number): self = .number(number)
    case .flag(let flag): self = .flag(flag)
    case .text(let text): if case .label = field.type { self = .label(text) } else { self = .text(text) }
    case .null: self = .null
    }
  }
}
