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

  /// The profile with the installation's parameters; after set-up also with those that the device said, which may
  /// bring another variant into force.
  public private(set) var bound: BoundProfile
  private(set) var layout: EndpointLayout
  var slots: [Slot]
  var map: RegisterMap
  /// SunSpec scale factors by the map's index; `nil` = not read yet.
  var powers: [ValueConverter.Power?] = []
  /// What is known of the members of each of the map's groups; `nil` = not read yet.
  var members: [[ValueConverter.Outcome?]] = []
  /// Computed points do not wait for inputs that were never read: all that there is was read.
  var hasReadEverything = false
  var setup: EndpointSetup
  var isDirty: [Bool]
  /// Constants and what the device does not have are told with the first frame.
  private var isFirstFrame = true
  let json = SharedJSONReader()
  /// The points of topics that were heard.
  var routes: [String: DocumentRoute] = [:]
  /// The last of them: most devices have one.
  var lastRoute: (topic: String, route: DocumentRoute)?
  /// The values of combined points by topic.
  var groups: [Int: [String: TopicGroup]] = [:]
  var sparkplug: SparkplugNodes?

  /// What one topic gives to a combined point.
  struct TopicGroup: Sendable {
    var numbers: [Double]
    var quality: Quality
  }

  /// Whether nothing takes a short way, for tests that compare.
  private let isGeneral: Bool

  /// Prepares decoding.
  public init(_ bound: BoundProfile) { self.init(bound, isGeneral: false) }

  init(_ bound: BoundProfile, isGeneral: Bool) {
    self.bound = bound
    self.isGeneral = isGeneral
    let layout = EndpointLayout(bound, isGeneral: isGeneral)
    self.layout = layout
    slots = [Slot](repeating: Slot(), count: layout.points.count)
    isDirty = [Bool](repeating: false, count: layout.points.count)
    map = RegisterMap()
    setup = EndpointSetup(bound)
    for capture in layout.captures {
      guard let known = bound.captures[capture.key] else { continue }
      slots[capture.value] = Slot(value: .text(known), quality: .good, isSeen: true)
    }
    if layout.usesSparkplug { sparkplug = SparkplugNodes(known: layout.sparkplugNodes) }
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
    members = []
    isFirstFrame = true
    if layout.usesSparkplug { sparkplug = SparkplugNodes(known: layout.sparkplugNodes) }
    finishSetupIfComplete()
  }

  /// The requests to poll, merged per table and poll class; valid after set-up.
  public var readPlan: [PlannedRead] { setup.isComplete ? map.plan : [] }

  /// The SunSpec models that set-up found: id, address of the ID register, length.
  public var sunSpecModels: [(id: UInt16, address: Int, length: Int)] {
    setup.models[nil]?.models.map { ($0.id, $0.address, $0.length) } ?? []
  }

  /// Units beside the own one whose SunSpec models could not be read, because nothing answers there.
  public var absentUnits: [UInt8] { setup.absentUnits }

  /// Whether the next set-up read is about the product, not about SunSpec.
  var isIdentifying: Bool { setup.isIdentifying }

  /// Takes the device for the right one, for tests of a profile that do not say what it calls itself.
  mutating func skipIdentity() {
    setup.skipIdentity()
    finishSetupIfComplete()
  }

  private mutating func finishSetupIfComplete() {
    guard setup.isComplete, adoptFound() else { return }
    map = RegisterMap(layout, setup.models)
    powers = [ValueConverter.Power?](repeating: nil, count: map.scaleFactors.count)
    members = map.groups.map { [ValueConverter.Outcome?](repeating: nil, count: $0.size) }
    guard map.hasSunSpecPoints else {
      let found = setup.models[nil]?.models.map { String($0.id) }.joined(separator: ", ") ?? ""
      setup.stop("SunSpec: the device has the models \(found), none of them has a point of this profile")
      return
    }
  }

  /// Brings what the device said about itself into force. Where it is the same as before, known values stay.
  private mutating func adoptFound() -> Bool {
    do throws(ProfileBindingError) {
      let next = try bound.reading(setup.found)
      guard next.found != bound.found else { return true }
      bound = next
    } catch {
      setup.stop("parameters: \(error)")
      return false
    }
    layout = EndpointLayout(bound, isGeneral: isGeneral)
    routes = [:]
    lastRoute = nil
    slots = [Slot](repeating: Slot(), count: layout.points.count)
    isDirty = [Bool](repeating: false, count: layout.points.count)
    return true
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
    case .registers(let unit, let table, let address, let values):
      decode(values, RegisterSpace(unit: unit, table: table), Int(address), time, &batch)
    case .bits(let unit, let table, let address, let values):
      decode(values, RegisterSpace(unit: unit, table: table), Int(address), time, &batch)
    case .message(let topic, let payload, let isRetained): decodeMessage(topic, payload, isRetained, time, &batch)
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
  mutating func store(
    _ outcome: ValueConverter.Outcome, _ index: Int, _ observedAt: Timestamp, _ receivedAt: Timestamp,
    _ batch: inout ReadingBatch
  ) {
    slots[index] = Slot(value: outcome.value, quality: outcome.quality, observedAt: observedAt, isSeen: true)
    isDirty[index] = true
    guard let field = layout.points[index].field else { return }
    var reading = NumericReading(
      field: field, value: .nan, quality: outcome.quality, observedAt: observedAt, receivedAt: receivedAt)
    switch ReadingValue(outcome.value, field) {
    case .number(let number):
      reading.value = number
      batch.append(reading, part: layout.points[index].part)
    case .null: batch.append(reading, part: layout.points[index].part)
    case let word: batch.append(word, as: reading, part: layout.points[index].part)
    }
  }

  /// The same for a plain number.
  mutating func store(
    _ outcome: PlainPoint.Outcome, _ point: PlainPoint, _ index: Int, _ time: Timestamp, _ batch: inout ReadingBatch
  ) {
    let value: ScalarValue = outcome.number.isNaN ? .null : .number(outcome.number)
    slots[index] = Slot(value: value, quality: outcome.quality, observedAt: time, isSeen: true)
    isDirty[index] = true
    guard let field = point.field else { return }
    batch.append(
      NumericReading(
        field: field, value: outcome.number, quality: outcome.quality, observedAt: time, receivedAt: time),
      part: point.part)
  }

  /// One value as it came, at a place that is named in problems.
  mutating func apply(
    _ raw: RawScalar, _ index: Int, power: ValueConverter.Power, _ time: Timestamp, _ batch: inout ReadingBatch,
    place: () -> String
  ) {
    let outcome = layout.points[index].converter.convert(raw, power: power)
    if let problem = outcome.problem { batch.report("\(place()): \(problem)") }
    store(outcome, index, time, time, &batch)
  }

  /// The power of ten from a local of the profile; `nil` while the local was never seen.
  func power(of index: Int) -> ValueConverter.Power? {
    guard let place = layout.points[index].scaleFactor else { return ValueConverter.Power.none }
    guard slots[place].isSeen else { return nil }
    return slots[place].value.number.flatMap { Int(exactly: $0) }.map { .of($0) } ?? .absent
  }

  /// A copy of everything that is known now.
  public func snapshot() -> EndpointSnapshot {
    EndpointSnapshot(bound: bound, layout: layout, slots: slots, map: map, powers: powers, sparkplug: sparkplug)
  }
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
