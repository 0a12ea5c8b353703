public import EnergyModel
import LocatedYAML

/// A profile with what an installation says about it: every parameter has a value.
public struct BoundProfile: Sendable {
  /// A device that only reports by itself, at its own rhythm, is stale after this time unless the profile says more.
  public static let defaultMessageAge: Duration = .seconds(3600)

  /// The profile as it was read, with its variants.
  public let definition: DeviceProfile
  /// The profile in force: with its variant laid over it and its byte orders known.
  public let profile: DeviceProfile
  /// The name of the variant in force; `nil` = none, the profile as it is.
  public let variant: String?
  /// What the installation says.
  public let given: [String: ScalarValue]
  /// What was read from the device.
  public let found: [String: ScalarValue]
  /// All parameters by name, with what was read and defaults filled in.
  public let parameters: [String: ScalarValue]
  /// The unit identifier on the bus; 1 for other transports.
  public let modbusUnit: UInt8
  /// MQTT topic filters, each once, with parameters filled in, availability included.
  public let subscriptions: [String]
  /// The HTTP requests that are polled.
  public let polledRequests: [(name: String, request: HTTPRequestData, pollClass: PollClass)]
  /// The MQTT messages that ask for state at start and at each interval.
  public let polledPublishes: [(operation: WireOperation, every: Duration)]
  /// Those of `polledPublishes`, by index, that need a captured level of a topic; `EndpointDecoder.stateRequest` has them
  /// when it is known.
  let openRequests: Set<Int>
  /// Captured levels of topics that the installation fixes.
  let captures: [String: String]
  /// Headers of every HTTP request. May contain secrets.
  public let httpHeaders: [(name: String, value: String)]
  /// How a session is opened; may contain secrets.
  public let httpLogin: HTTPLogin<HTTPRequestData>?
  /// How much longer poll intervals are than the profile says, so that the vendor's quota lasts; 1 without one.
  public let quotaStretch: Double
  /// User and password where the profile asks for authentication and the installation gives both.
  public let httpCredentials: (user: String, password: String)?

  /// Fills in the parameters; throws for unknown, missing and wrong ones.
  public init(profile: DeviceProfile, parameters: [String: ScalarValue]) throws(ProfileBindingError) {
    try self.init(profile, given: parameters, found: [:])
  }

  /// The same installation after parameters were read from the device. What does not fit a parameter, and what the
  /// installation says itself, does not count.
  public func reading(_ found: [String: ScalarValue]) throws(ProfileBindingError) -> BoundProfile {
    try BoundProfile(definition, given: given, found: found)
  }

  private init(
    _ definition: DeviceProfile, given: [String: ScalarValue], found: [String: ScalarValue]
  ) throws(ProfileBindingError) {
    let usable = Self.usable(found, definition, given)
    let complete = try Self.complete(definition, given.merging(usable) { stated, _ in stated })
    let variant = definition.variant(for: complete)
    let profile = (variant?.profile ?? definition).ordered(by: complete)
    let fixed = Self.captures(profile, complete)
    let renderer = TemplateRenderer(parameters: complete) { name in
      .text(fixed[name] ?? "{\(name)}")
    }
    self.definition = definition
    self.profile = profile
    self.variant = variant?.name
    self.given = given
    self.found = usable
    self.parameters = complete
    var unit: UInt8 = 1
    var requests: [(name: String, request: HTTPRequestData, pollClass: PollClass)] = []
    var publishes: [(operation: WireOperation, every: Duration)] = []
    var headers: [(name: String, value: String)] = []
    var credentials: (user: String, password: String)?
    var login: HTTPLogin<HTTPRequestData>?
    var unresolved: Set<Int> = []
    do throws(EncodingError) {
      switch profile.transport {
      case .modbus(let settings):
        unit = try Self.unit(settings, renderer)
        for name in profile.unitParameters where complete[name]?.number.flatMap({ UInt8(exactly: $0) }) == nil {
          throw EncodingError(message: "the unit '$\(name)' is not a number from 0 to 255")
        }
      case .mqtt(let settings):
        for request in settings.requests {
          if !request.message.names.isSubset(of: Set(fixed.keys)) { unresolved.insert(publishes.count) }
          publishes.append((try renderer.publish(request.message), request.every))
        }
      case .http(let settings):
        for named in settings.requests {
          requests.append((named.name, try renderer.request(named.request), named.pollClass))
        }
        for header in settings.headers { headers.append((header.name, try renderer.text(header.value))) }
        credentials = Self.credentials(settings, complete)
        login = try settings.login.map { (login) throws(EncodingError) in try Self.login(login, renderer) }
      }
    } catch {
      throw ProfileBindingError(parameter: "", message: "\(profile.id): \(error.message)")
    }
    modbusUnit = unit
    polledRequests = requests
    polledPublishes = publishes
    openRequests = unresolved
    captures = fixed
    httpHeaders = headers
    httpCredentials = credentials
    httpLogin = login
    quotaStretch = Self.quotaStretch(profile, requests.map(\.pollClass))
    subscriptions = Self.subscriptions(profile) { topic in
      TopicCaptures.replace(in: renderer.fill(topic)) { fixed[$0] ?? "+" }
    }
  }

  /// How often a class is read; zero for `once`.
  public func pollInterval(_ pollClass: PollClass) -> Duration {
    Self.stretched(Self.wantedInterval(pollClass, profile), quotaStretch)
  }

  /// Whole seconds read better, and nothing with a quota is faster.
  private static func stretched(_ interval: Duration, _ stretch: Double) -> Duration {
    stretch > 1 ? .seconds((interval.inSeconds * stretch).rounded(.up)) : interval
  }

  private static func wantedInterval(_ pollClass: PollClass, _ profile: DeviceProfile) -> Duration {
    if let interval = profile.pollIntervals[pollClass] { return interval }
    return switch pollClass {
    case .fast: .seconds(2)
    case .normal: .seconds(10)
    case .slow: .seconds(300)
    case .once: .zero
    }
  }

  private static func quotaStretch(_ profile: DeviceProfile, _ classes: [PollClass]) -> Double {
    guard case .http(let settings) = profile.transport, let quota = settings.quota else { return 1 }
    let demand = classes.reduce(0.0) { sum, pollClass in
      let interval = wantedInterval(pollClass, profile)
      return interval > .zero ? sum + 1 / interval.inSeconds : sum
    }
    return quota.stretch(demand: demand)
  }

  /// After which time a gauge of a part counts as old: what the profile says, or three times the rhythm of the part's
  /// fastest gauge. Devices that report by themselves have no rhythm: there it is the time until silence means
  /// offline, or `defaultMessageAge`.
  public func staleAfter(part index: Int) -> Duration { Self.staleAfter(index, profile, quotaStretch) }

  /// The same for the slowest of the forms that can be in force.
  public func longestStaleAfter(part index: Int) -> Duration {
    possibleForms.map { Self.staleAfter(index, $0, quotaStretch) }.max() ?? staleAfter(part: index)
  }

  private static func staleAfter(_ index: Int, _ profile: DeviceProfile, _ stretch: Double) -> Duration {
    guard profile.parts.indices.contains(index) else { return defaultMessageAge }
    let part = profile.parts[index]
    if let stated = part.staleAfter, stretch <= 1 { return stated }
    if case .mqtt(let settings) = profile.transport {
      let asked = settings.requests.map(\.every).min()
      return asked.map { $0 * 3 } ?? settings.silentAfter ?? defaultMessageAge
    }
    let gauges = part.points.filter { point in
      switch point.source {
      case .register, .sunSpec, .response: break
      case .message, .computed, .constant: return false
      }
      if case .field(let field) = point.target { return field.behavior == .gauge }
      return false
    }
    let classes = Set((gauges.isEmpty ? part.points : gauges).map(\.pollClass)).subtracting([.once])
    let fastest = classes.map { stretched(wantedInterval($0, profile), stretch) }.min()
    return max((fastest ?? stretched(wantedInterval(.normal, profile), stretch)) * 3, part.staleAfter ?? .zero)
  }

  /// Parameters that the device has to say.
  public var parametersToRead: [ProfileParameter] {
    profile.parameters.filter { $0.read != nil && given[$0.name] ?? .null == .null }
  }

  /// The forms that can be in force once the device has said its parameters: only `profile` where it says none.
  public var possibleForms: [DeviceProfile] { parametersToRead.isEmpty ? [profile] : definition.forms }

  /// What was read from the device and the variant in force, in words; `nil` where there is neither.
  public var form: String? {
    var words: [String] = []
    if !parametersToRead.isEmpty {
      let values = parametersToRead.map { parameter in
        let value = parameters[parameter.name] ?? .null
        return found[parameter.name] == nil ? "\(parameter.name) \(value) (not told)" : "\(parameter.name) \(value)"
      }
      words.append("the device says \(values.joined(separator: ", "))")
    }
    if let variant { words.append("variant \(variant)") }
    return words.isEmpty ? nil : words.joined(separator: ": ")
  }

  /// The units that are asked beside the endpoint's own one, ascending.
  public var otherUnits: [UInt8] {
    Array(Set(profile.unitReferences.compactMap { resolved($0).number })).sorted()
  }

  /// The unit that a source is asked from, where it is not the own one.
  public func otherUnit(_ source: PointSource) -> UInt8? { resolved(source.unit).number }

  /// A reference without parameters; the own unit is `own`, however it was written.
  func resolved(_ reference: UnitReference) -> UnitReference {
    var number: UInt8?
    switch reference {
    case .own: return .own
    case .number(let stated): number = stated
    case .parameter(let name): number = parameters[name]?.number.flatMap { UInt8(exactly: $0) }
    }
    return number.map { $0 == modbusUnit ? .own : .number($0) } ?? .own
  }

  /// The registers of a block of the profile.
  public func range(of block: RegisterBlock) -> RegisterRange {
    RegisterRange(
      unit: resolved(block.unit).number, table: block.table, address: block.addresses.lowerBound,
      count: UInt16(clamping: block.addresses.count))
  }

  /// `$name` replaced by the parameter's value.
  func fill(_ text: String) -> String { TemplateRenderer.fill(text, parameters) }

  /// The request that is polled under a name.
  public func request(named name: String) -> HTTPRequestData? {
    polledRequests.first { $0.name == name }?.request
  }

  /// The filter that a topic of the profile is subscribed with.
  public func topicFilter(_ topic: String) -> String { TopicCaptures.replace(in: fillTopic(topic)) { _ in "+" } }

  /// A topic with parameters and fixed captures filled in.
  func fillTopic(_ topic: String) -> String { TopicCaptures.replace(in: fill(topic)) { captures[$0] } }
}

/// Why parameters do not fit a profile.
public struct ProfileBindingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The parameter's name; empty where none is to blame alone.
  public var parameter: String
  /// What is wrong. Never contains the value of a secret.
  public var message: String
  /// What to do; may be absent.
  public var hint: String?
  /// Message and hint in one line.
  public var description: String { hint.map { "\(message); \($0)" } ?? message }
}

extension UnitReference {
  /// The number of another unit; `nil` for the own one, and for a parameter that was not filled in.
  var number: UInt8? { if case .number(let number) = self { number } else { nil } }
}

extension PointSource {
  /// The unit that it is asked from.
  var unit: UnitReference {
    switch self {
    case .register(let register): register.unit
    case .sunSpec(let point): point.unit
    case .message, .response, .computed, .constant: .own
    }
  }
}

extension DeviceProfile {
  /// The units that it speaks to, as they are written.
  var unitReferences: [UnitReference] {
    var references = identify.map { [$0.source.unit] } ?? []
    for part in parts {
      references += part.points.map(\.source.unit)
      for control in part.controls {
        switch control.destination {
        case .register(let register): references.append(register.unit)
        case .sunSpec(let point): references.append(point.unit)
        }
      }
    }
    if case .modbus(let settings) = transport { references += (settings.blocks + settings.forbidden).map(\.unit) }
    return references
  }

  /// The parameters that name a unit.
  var unitParameters: Set<String> {
    Set(unitReferences.compactMap { if case .parameter(let name) = $0 { name } else { nil } })
  }
}

extension BoundProfile {
  private static func usable(
    _ found: [String: ScalarValue], _ profile: DeviceProfile, _ given: [String: ScalarValue]
  ) -> [String: ScalarValue] {
    var usable: [String: ScalarValue] = [:]
    for parameter in profile.parameters where parameter.read != nil && given[parameter.name] ?? .null == .null {
      guard let value = found[parameter.name] else { continue }
      usable[parameter.name] = try? parameter.check(value)
    }
    return usable
  }

  private static func complete(
    _ profile: DeviceProfile, _ given: [String: ScalarValue]
  ) throws(ProfileBindingError) -> [String: ScalarValue] {
    for name in given.keys.sorted() where !profile.parameters.contains(where: { $0.name == name }) {
      throw ProfileBindingError(
        parameter: name, message: "the profile \(profile.id) has no parameter '\(name)'",
        hint: Suggestion.hint(for: name, among: profile.parameters.map(\.name)))
    }
    var complete: [String: ScalarValue] = [:]
    for parameter in profile.parameters {
      if let value = given[parameter.name], value != .null {
        complete[parameter.name] = try parameter.check(value)
      } else if let standard = parameter.defaultValue {
        complete[parameter.name] = standard
      } else {
        throw ProfileBindingError(
          parameter: parameter.name, message: "the profile \(profile.id) needs the parameter '\(parameter.name)'",
          hint: parameter.help.isEmpty ? nil : parameter.help)
      }
    }
    return complete
  }

  private static func unit(_ settings: ModbusSettings, _ renderer: TemplateRenderer) throws(EncodingError) -> UInt8 {
    guard let number = try renderer.required(settings.unit).number, let unit = UInt8(exactly: number) else {
      throw EncodingError(message: "the unit '\(settings.unit.text)' is not a number from 0 to 255")
    }
    return unit
  }

  private static func login(
    _ login: HTTPLogin<HTTPRequestTemplate>, _ renderer: TemplateRenderer
  ) throws(EncodingError) -> HTTPLogin<HTTPRequestData> {
    var bound = try login.map { (request) throws(EncodingError) in try renderer.request(request) }
    bound.renewOn = login.renewOn.map { end in
      if case .answer(let expectation) = end { .answer(renderer.filled(expectation)) } else { end }
    }
    return bound
  }

  private static func credentials(
    _ settings: HTTPSettings, _ parameters: [String: ScalarValue]
  ) -> (user: String, password: String)? {
    guard settings.authentication != .none, let password = settings.passwordParameter.flatMap({ parameters[$0] })
    else { return nil }
    let user = settings.userParameter.flatMap { parameters[$0] } ?? .text("")
    return (user.description, password.description)
  }

  private static func captures(
    _ profile: DeviceProfile, _ parameters: [String: ScalarValue]
  ) -> [String: String] {
    guard case .mqtt(let settings) = profile.transport else { return [:] }
    let renderer = TemplateRenderer(parameters: parameters) { _ in .null }
    var fixed: [String: String] = [:]
    for capture in settings.captures {
      guard let text = try? capture.fixed.map({ try renderer.text($0) }), !text.isEmpty else { continue }
      fixed[capture.name] = text
    }
    return fixed
  }

  /// Each filter once.
  private static func subscriptions(_ profile: DeviceProfile, _ fill: (String) -> String) -> [String] {
    guard case .mqtt(let settings) = profile.transport else { return [] }
    var topics: [String] = []
    var sources = profile.parts.flatMap(\.points).map(\.source)
    if let identify = profile.identify { sources.append(identify.source) }
    for case .message(let source) in sources {
      let topic = fill(source.topic)
      topics.append(source.format == .sparkplug ? Self.wholeNode(topic) : topic)
    }
    for availability in settings.availability { topics.append(fill(availability.topic)) }
    for step in profile.parts.flatMap(\.allSteps) {
      if case .publish(let message) = step, let reply = message.reply { topics.append(fill(reply.topic)) }
    }
    var seen: Set<String> = []
    return topics.filter { seen.insert($0).inserted }
  }

  /// Sequence numbers, aliases and the death of a device are those of its edge node: everything that it says is heard.
  private static func wholeNode(_ topic: String) -> String {
    let levels = topic.split(separator: "/", omittingEmptySubsequences: false)
    return levels.count >= 4 ? "\(levels[0])/\(levels[1])/+/\(levels[3])/#" : topic
  }
}

extension PublishTemplate {
  /// Names of expressions that are no parameters.
  fileprivate var names: Set<String> {
    var names = topic.names
    switch content {
    case .payload(let payload): names.formUnion(payload.names)
    case .metrics(let metrics): for metric in metrics { names.formUnion(metric.value.names) }
    }
    return names.filter { !$0.hasPrefix("parameter.") }
  }
}

extension PayloadTemplate {
  fileprivate var names: Set<String> {
    switch self {
    case .object(let members): members.reduce(into: []) { $0.formUnion($1.value.names) }
    case .array(let elements): elements.reduce(into: []) { $0.formUnion($1.names) }
    case .scalar: []
    case .expression(let expression): expression.names
    case .text(let text): text.names
    }
  }
}

extension ProfilePart {
  /// The steps of all commands, of what renews and undoes them, and of the normal state.
  public var allSteps: [CommandStep] {
    var steps = defaultState?.steps ?? []
    for command in commands {
      steps += command.steps + (command.keepAlive?.steps ?? [])
      if case .steps(let undo, _) = command.revert { steps += undo }
    }
    return steps
  }
}

extension ProfileParameter {
  /// The value in this parameter's type.
  func check(_ value: ScalarValue) throws(ProfileBindingError) -> ScalarValue {
    let shown = isSecret ? "" : ", it is '\(value)'"
    func wrong(_ wanted: String, hint: String? = nil) -> ProfileBindingError {
      ProfileBindingError(
        parameter: name, message: "the parameter '\(name)' must be \(wanted)\(shown)",
        hint: hint ?? (help.isEmpty ? nil : help))
    }
    switch kind {
    case .integer(let range):
      guard let number = value.number, let whole = Int(exactly: number), range.contains(whole) else {
        throw wrong(
          range == Int.min...Int.max
            ? "a whole number" : "a whole number from \(range.lowerBound) to \(range.upperBound)")
      }
      return value
    case .number(let range):
      guard let number = value.number, range.contains(number) else {
        let isOpen = range.lowerBound <= -Double.greatestFiniteMagnitude
        throw wrong(isOpen ? "a number" : "a number from \(range.lowerBound) to \(range.upperBound)")
      }
      return value
    case .text: return .text(value.description)
    case .flag:
      guard case .flag = value else { throw wrong("true or false") }
      return value
    case .choice(let words):
      let word = value.description
      guard words.contains(word) else {
        throw wrong(
          "one of \(words.joined(separator: ", "))", hint: isSecret ? nil : Suggestion.hint(for: word, among: words))
      }
      return .text(word)
    }
  }
}
