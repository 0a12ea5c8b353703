import EnergyModel

/// A bound profile, prepared for decoding: names are places in arrays, topics and paths are filled in, conversions are
/// computed. Never changes, so that decoder and snapshots share it.
final class EndpointLayout: Sendable {
  /// One value that the endpoint can have. Its place in `points` is its place in the decoder's memory.
  struct Point: Sendable {
    var name: String
    var part: Int
    /// `nil` for locals and controls.
    var field: Field?
    var source: PointSource
    var converter: ValueConverter
    /// What is plausible for a value that is made of several; else the converter knows it.
    var valid: ClosedRange<Double>?
    var pollClass: PollClass
    var isOptional: Bool
    /// The place of the local that holds the power of ten.
    var scaleFactor: Int?
    /// Whether other points need this one first, for their power of ten.
    var isScaleFactor = false
    var isControl = false
    var combine: Combine?
    /// Steps of the path that pick an element by another value of the device.
    var joins: [Join] = []
  }

  /// `[eid=${meterEid}]`: the text around the name, and the place of its value.
  struct Join: Sendable {
    var step: Int
    var before: String
    var place: Int
    var after: String
  }

  struct Control: Sendable {
    var control: ProfileControl
    var converter: ValueConverter
    /// The place of the local that holds the power of ten.
    var scaleFactor: Int?
  }

  /// Where a name of an expression gets its value.
  enum Binding: Sendable {
    case point(Int)
    case constant(ScalarValue)
  }

  final class Computed: Sendable {
    let point: Int
    let expression: Expression
    /// By the expression's index of names.
    let bindings: [Binding]
    /// The places that it reads.
    let inputs: [Int]
    /// Places that must have been seen before it has a meaning: what is read by asking and may not be missing.
    let required: [Int]

    init(point: Int, expression: Expression, bindings: [Binding], inputs: [Int], required: [Int]) {
      self.point = point
      self.expression = expression
      self.bindings = bindings
      self.inputs = inputs
      self.required = required
    }
  }

  struct Part: Sendable {
    /// Points, locals and controls that are read.
    var places: [String: Int] = [:]
    /// Everything that may be written.
    var controls: [String: Int] = [:]
  }

  struct Filter: Sendable {
    var filter: String
    /// Levels that have a name, with the place of its value.
    var captures: [(level: Int, place: Int)]
    var route: DocumentRoute
  }

  let bound: BoundProfile
  let parts: [Part]
  let points: [Point]
  /// Place for place the same, for the points whose numbers need nothing but scaling and checks.
  let plain: [PlainPoint?]
  let controls: [Control]
  /// In an order in which each comes after what it reads.
  let computed: [Computed]
  let constants: [Int]
  /// Points by the exact topic.
  let topics: [String: DocumentRoute]
  /// Points by topic filters with wildcards.
  let filters: [Filter]
  /// Points by the name of the HTTP request.
  let requests: [String: DocumentRoute]
  /// What is polled, by name: how answers are built and what they have to say.
  let answers: [String: HTTPRequestData]
  /// The places of captured levels by name.
  let captures: [String: Int]
  /// The hidden point that tells whether the device is this product, where it comes in a message or an answer.
  let identity: Int?
  let availability: [MQTTSettings.Availability]

  /// - Parameter isGeneral: nothing takes a short way, for tests that compare.
  init(_ bound: BoundProfile, isGeneral: Bool = false) {
    var builder = EndpointLayoutBuilder(bound)
    builder.build()
    self.bound = bound
    parts = builder.parts
    points = builder.points
    let identity = builder.identity
    plain = builder.points.enumerated().map { isGeneral || $0.offset == identity ? nil : PlainPoint($0.element) }
    controls = builder.controls
    computed = builder.orderedComputed()
    let learned = Set(builder.captures.values)
    constants = builder.points.indices.filter { index in
      if case .constant = builder.points[index].source { !learned.contains(index) } else { false }
    }
    topics = builder.topics.mapValues { DocumentRoute($0, builder.points, isGeneral: isGeneral) }
    filters = builder.filters.map { filter in
      let names = TopicCaptures.names(in: filter.topic)
      return Filter(
        filter: TopicCaptures.replace(in: filter.topic) { _ in "+" },
        captures: names.compactMap { name in builder.captures[name.name].map { (name.level, $0) } },
        route: DocumentRoute(filter.points, builder.points, isGeneral: isGeneral))
    }
    let answers = Dictionary(bound.polledRequests.map { ($0.name, $0.request) }) { first, _ in first }
    self.answers = answers
    requests = Dictionary(
      uniqueKeysWithValues: builder.requests.map { name, points in
        let format = answers[name]?.format ?? .json
        return (name, DocumentRoute(points, builder.points, format: format, isGeneral: isGeneral))
      })
    captures = builder.captures
    self.identity = identity
    availability = builder.availability
  }

  /// The number of a point that does not come from the device: a constant, or what follows from parameters alone.
  func fixedNumber(_ place: Int) -> Double? {
    if case .constant(let value) = points[place].source { return value.number }
    guard let found = computed.first(where: { $0.point == place }), found.inputs.isEmpty else { return nil }
    return found.expression.evaluate(byIndex: { index in
      if case .constant(let value) = found.bindings[index] { value } else { .null }
    }).number
  }

  /// The place of a name as an expression of a part writes it.
  func place(_ name: String, part: Int) -> Int? { Self.place(name, part: part, parts, bound.profile) }

  static func place(_ name: String, part: Int, _ parts: [Part], _ profile: DeviceProfile) -> Int? {
    guard parts.indices.contains(part) else { return nil }
    if let own = parts[part].places[name] { return own }
    guard let dot = name.firstIndex(of: ".") else { return nil }
    guard let other = profile.parts.firstIndex(where: { $0.name == name[..<dot] }) else { return nil }
    return parts[other].places[String(name[name.index(after: dot)...])]
  }
}

/// Builds an `EndpointLayout`.
struct EndpointLayoutBuilder {
  private let bound: BoundProfile
  private(set) var parts: [EndpointLayout.Part] = []
  private(set) var points: [EndpointLayout.Point] = []
  private(set) var controls: [EndpointLayout.Control] = []
  private(set) var topics: [String: [Int]] = [:]
  /// By topics with wildcards or captured levels.
  private(set) var filters: [(topic: String, points: [Int])] = []
  private(set) var captures: [String: Int] = [:]
  private(set) var requests: [String: [Int]] = [:]
  private(set) var identity: Int?
  private(set) var availability: [MQTTSettings.Availability] = []

  init(_ bound: BoundProfile) { self.bound = bound }

  mutating func build() {
    addIdentity()
    for (index, part) in bound.profile.parts.enumerated() { add(part, index) }
    addCaptures()
    linkScaleFactors()
    linkJoins()
    route()
    guard case .mqtt(let settings) = bound.profile.transport else { return }
    availability = settings.availability.map { stated in
      var filled = stated
      filled.topic = TopicCaptures.replace(in: bound.fillTopic(stated.topic)) { _ in "+" }
      filled.path = stated.path.mapText(bound.fill)
      return filled
    }
  }

  /// A captured level is a text that all parts see.
  private mutating func addCaptures() {
    guard case .mqtt(let settings) = bound.profile.transport else { return }
    for capture in settings.captures {
      captures[capture.name] = points.count
      for part in parts.indices where parts[part].places[capture.name] == nil {
        parts[part].places[capture.name] = points.count
      }
      points.append(
        EndpointLayout.Point(
          name: capture.name, part: 0, source: .constant(.null),
          converter: ValueConverter(PointConversion(), type: nil, output: .text, valid: nil), pollClass: .once,
          isOptional: true))
    }
  }

  private mutating func linkJoins() {
    for index in points.indices {
      guard let path = points[index].source.path else { continue }
      for (step, content) in path.steps.enumerated() {
        guard case .element(_, let value) = content, let start = value.firstRange(of: "${"),
          let end = value[start.upperBound...].firstIndex(of: "}"),
          let place = parts[points[index].part].places[String(value[start.upperBound..<end])]
        else { continue }
        points[index].joins.append(
          EndpointLayout.Join(
            step: step, before: String(value[..<start.lowerBound]), place: place,
            after: String(value[value.index(after: end)...])))
      }
    }
  }

  /// First of all points, so that a frame is refused before anything of it is believed.
  private mutating func addIdentity() {
    guard let identify = bound.profile.identify else { return }
    switch identify.source {
    case .message, .response: break
    case .register, .sunSpec, .computed, .constant: return
    }
    identity = points.count
    points.append(
      EndpointLayout.Point(
        name: "", part: 0, source: filled(identify.source),
        converter: ValueConverter(PointConversion(), type: nil, output: .text, valid: nil), pollClass: .normal,
        isOptional: true))
  }

  private mutating func add(_ part: ProfilePart, _ index: Int) {
    parts.append(EndpointLayout.Part())
    for point in part.points {
      let field: Field? = if case .field(let field) = point.target { field } else { nil }
      let output: ValueConverter.Output = field.map { .output(of: $0) } ?? .any
      append(
        EndpointLayout.Point(
          name: point.name, part: index, field: field, source: filled(point.source),
          converter: ValueConverter(
            point.conversion, type: point.source.registerType, output: output,
            valid: point.isCombined ? nil : point.valid),
          valid: point.valid, pollClass: point.pollClass, isOptional: point.isOptional, combine: point.combine))
    }
    for control in part.controls { add(control, index) }
    addDerived(part, index)
  }

  private mutating func add(_ control: ProfileControl, _ index: Int) {
    var control = control
    let source: PointSource
    switch control.destination {
    case .register(let register):
      source = filled(.register(register))
      if case .register(let register) = source { control.destination = .register(register) }
    case .sunSpec(let point):
      source = filled(.sunSpec(point))
      if case .sunSpec(let point) = source { control.destination = .sunSpec(point) }
    }
    let converter = ValueConverter(control.conversion, type: source.registerType, output: .any, valid: nil)
    parts[index].controls[control.name] = controls.count
    controls.append(EndpointLayout.Control(control: control, converter: converter))
    guard let pollClass = control.pollClass else { return }
    append(
      EndpointLayout.Point(
        name: control.name, part: index, source: source, converter: converter, pollClass: pollClass,
        isOptional: false, isControl: true))
  }

  /// Fields that follow from `powerW`, so that no profile can contradict its own sign.
  private mutating func addDerived(_ part: ProfilePart, _ index: Int) {
    let formulas: [(field: String, formula: String)] =
      switch part.kind {
      case .battery: [("chargePowerW", "max(0, 0 - powerW)"), ("dischargePowerW", "max(0, powerW)")]
      case .meter: [("importPowerW", "max(0, powerW)"), ("exportPowerW", "max(0, 0 - powerW)")]
      case .inverter, .thermostat, .charger: []
      }
    guard parts[index].places["powerW"] != nil else { return }
    for entry in formulas {
      guard let field = Field.named(entry.field), let expression = try? Expression(parsing: entry.formula)
      else { continue }
      append(
        EndpointLayout.Point(
          name: field.name, part: index, field: field, source: .computed(expression),
          converter: ValueConverter(PointConversion(), type: nil, output: .number, valid: nil), pollClass: .normal,
          isOptional: false))
    }
  }

  private mutating func append(_ point: EndpointLayout.Point) {
    if parts[point.part].places[point.name] == nil { parts[point.part].places[point.name] = points.count }
    points.append(point)
  }

  private func filled(_ source: PointSource) -> PointSource {
    switch source {
    case .message(let message):
      return .message(
        MessageSource(
          topic: bound.fillTopic(message.topic), path: message.path.mapText(bound.fill), format: message.format,
          ignoresRetained: message.ignoresRetained))
    case .response(let response):
      return .response(ResponseSource(request: response.request, path: response.path.mapText(bound.fill)))
    case .register(var register):
      register.unit = bound.resolved(register.unit)
      return .register(register)
    case .sunSpec(var point):
      point.unit = bound.resolved(point.unit)
      return .sunSpec(point)
    case .computed, .constant: return source
    }
  }

  private mutating func linkScaleFactors() {
    for (partIndex, part) in bound.profile.parts.enumerated() {
      for point in part.points {
        guard let name = point.conversion.scaleFactorName, let place = parts[partIndex].places[point.name],
          let factor = parts[partIndex].places[name]
        else { continue }
        points[place].scaleFactor = factor
        link(factor, from: points[place].pollClass)
      }
      for control in part.controls {
        guard let name = control.conversion.scaleFactorName, let index = parts[partIndex].controls[control.name],
          let factor = parts[partIndex].places[name]
        else { continue }
        controls[index].scaleFactor = factor
        link(factor, from: control.pollClass ?? .once)
        if let place = parts[partIndex].places[control.name] { points[place].scaleFactor = factor }
      }
    }
  }

  /// A scale factor is read at least as often as what it scales, so that both come from the same request.
  private mutating func link(_ factor: Int, from pollClass: PollClass) {
    points[factor].isScaleFactor = true
    let order: [PollClass] = [.fast, .normal, .slow, .once]
    guard let own = order.firstIndex(of: points[factor].pollClass), let user = order.firstIndex(of: pollClass),
      points[factor].pollClass != .once
    else { return }
    points[factor].pollClass = order[min(own, user)]
  }

  private mutating func route() {
    // What scales other values of the same frame comes first.
    for index in points.indices.sorted(by: { points[$0].isScaleFactor && !points[$1].isScaleFactor }) {
      switch points[index].source {
      case .message(let message):
        if !message.hasWildcard {
          topics[message.topic, default: []].append(index)
        } else if let known = filters.firstIndex(where: { $0.topic == message.topic }) {
          filters[known].points.append(index)
        } else {
          filters.append((message.topic, [index]))
        }
      case .response(let response): requests[response.request, default: []].append(index)
      case .register, .sunSpec, .computed, .constant: break
      }
    }
    guard let identity else { return }
    for topic in topics.keys { topics[topic]?.move(identity) }
    for index in filters.indices { filters[index].points.move(identity) }
    for request in requests.keys { requests[request]?.move(identity) }
  }

  // MARK: Computed points

  /// Each after what it reads. The reader has refused cycles; one that came in another way would be cut.
  func orderedComputed() -> [EndpointLayout.Computed] {
    var ordered: [EndpointLayout.Computed] = []
    var state = [Bool](repeating: false, count: points.count)
    func visit(_ index: Int) {
      guard !state[index], case .computed(let expression) = points[index].source else { return }
      state[index] = true
      let bindings = expression.nameList.map { binding($0, part: points[index].part) }
      var inputs: [Int] = []
      for case .point(let place) in bindings {
        visit(place)
        inputs.append(place)
      }
      let required = inputs.flatMap { input in
        ordered.first { $0.point == input }?.required ?? (points[input].isAwaited ? [input] : [])
      }
      ordered.append(
        EndpointLayout.Computed(
          point: index, expression: expression, bindings: bindings, inputs: inputs, required: required))
    }
    for index in points.indices { visit(index) }
    return ordered
  }

  private func binding(_ name: String, part: Int) -> EndpointLayout.Binding {
    if name.hasPrefix("parameter.") {
      return .constant(bound.parameters[String(name.dropFirst("parameter.".count))] ?? .null)
    }
    return EndpointLayout.place(name, part: part, parts, bound.profile).map { .point($0) } ?? .constant(.null)
  }
}

extension MessageSource {
  /// Whether more than one topic can belong to it.
  var hasWildcard: Bool { topic.contains("+") || topic.contains("#") || !TopicCaptures.names(in: topic).isEmpty }
}

extension EndpointLayout {
  /// Whether payloads are Sparkplug B.
  var usesSparkplug: Bool {
    topics.values.contains { $0.format == .sparkplug } || filters.contains { $0.route.format == .sparkplug }
  }

  /// The topics on which nodes can be asked for their birth before anything was heard of them.
  var sparkplugNodes: [String] {
    var topics: [String] = []
    for filter in filters where filter.route.format == .sparkplug {
      let levels = filter.filter.split(separator: "/", omittingEmptySubsequences: false)
      guard levels.count >= 4, ![levels[0], levels[1], levels[3]].contains(where: { $0 == "+" || $0 == "#" })
      else { continue }
      let topic = "\(levels[0])/\(levels[1])/NCMD/\(levels[3])"
      if !topics.contains(topic) { topics.append(topic) }
    }
    return topics
  }
}

extension EndpointLayout.Point {
  /// Whether asking the device always gives this value, so that what is computed from it can wait for it.
  var isAwaited: Bool {
    switch source {
    case .register, .sunSpec, .response: !isOptional
    case .message, .computed, .constant: false
    }
  }

  /// Whether it comes from the device itself.
  var isFromWire: Bool {
    switch source {
    case .register, .sunSpec, .response, .message: true
    case .computed, .constant: false
    }
  }
}

extension ProfilePoint {
  /// Whether it is made of several values of the wire.
  var isCombined: Bool { combine != nil || source.isCombined }
}

extension PointSource {
  /// Whether it is made of several registers.
  var isCombined: Bool {
    switch self {
    case .register(let register): register.repetition != nil
    case .sunSpec(let point): point.combine != nil
    case .message, .response, .computed, .constant: false
    }
  }

  /// The register type where it has one.
  var registerType: RegisterType? {
    switch self {
    case .register(let register): register.type
    case .sunSpec(let point): point.type
    case .message, .response, .computed, .constant: nil
    }
  }
}

extension [Int] {
  /// Moves an element to the front.
  fileprivate mutating func move(_ element: Int) {
    guard let index = firstIndex(of: element) else { return }
    remove(at: index)
    insert(element, at: 0)
  }
}
