import EnergyModel

/// What the adapter got when it read what set-up asked for.
public enum SetupAnswer: Sendable, Hashable {
  case registers([UInt16])
  /// A Modbus exception code.
  case exception(UInt8)
  /// No answer, in words.
  case failed(String)
}

/// Checks that a Modbus device is the product of the profile, finds its SunSpec models, and reads the parameters that it
/// says itself. A plain state machine.
struct EndpointSetup: Sendable {
  private enum Phase: Sendable {
    case identify(RegisterRange, RegisterType, WordOrder)
    /// Of the own unit (`nil`), then of the others.
    case discovery(UInt8?)
    /// One of `wanted`.
    case parameter(Int, RegisterRange, RegisterType, WordOrder)
    case done
  }

  /// A read that failed as often ends the set-up until the next connection.
  static let maxFailures = 3

  private var phase: Phase = .done
  private var failures = 0
  /// A product that is told by its SunSpec models is looked at once.
  private var isIdentified = false
  private let identity: ProfileIdentity?
  private let wanted: [(parameter: ProfileParameter, source: ProfilePoint, unit: UInt8?)]
  private let needsSunSpec: Bool
  /// Parameters that the device said.
  private(set) var found: [String: ScalarValue] = [:]
  /// By unit; those that do not answer have no models.
  private(set) var models: SunSpecInventory = [:]
  private(set) var problem: String?
  /// Counts how often the phase ended, so that the owner rebuilds what depends on it once.
  private(set) var isComplete = false

  init(_ bound: BoundProfile) {
    identity = bound.profile.identify
    wanted = bound.parametersToRead.compactMap { parameter in
      parameter.read.map { (parameter, $0, bound.resolved($0.source.unitReference).number) }
    }
    needsSunSpec = bound.definition.usesSunSpec
    guard case .modbus = bound.profile.transport else {
      isComplete = true
      return
    }
    // Any form may turn out to be in force.
    let bases = bound.possibleForms.map(\.sunSpecBases).first { !$0.isEmpty } ?? []
    for unit in bound.sunSpecUnits { models[unit] = SunSpecDiscovery(bases: bases) }
    if case .register(let register) = identity?.source {
      let space = RegisterSpace(unit: bound.resolved(register.unit).number, table: register.table)
      phase = Self.identifyPhase(Int(register.address), space, register.type, register.order)
    } else {
      goOn()
    }
  }

  var nextRead: RegisterRange? {
    switch phase {
    case .identify(let range, _, _): range
    case .discovery(let unit):
      models[unit]?.nextRead.map { read in
        RegisterRange(unit: unit, table: read.table, address: read.address, count: read.count)
      }
    case .parameter(_, let range, _, _): range
    case .done: nil
    }
  }

  mutating func accept(_ answer: SetupAnswer) {
    if case .failed(let reason) = answer {
      failures += 1
      // Up to here nothing was learned about the device, so the same read comes again.
      guard failures >= Self.maxFailures, let range = nextRead else { return }
      failures = 0
      if case .discovery(.some(let unit)) = phase {
        leaveOut(unit, reason)
      } else {
        stop("set-up: \(range): \(reason)")
      }
      return
    }
    failures = 0
    switch phase {
    case .identify(let range, let type, let order): identify(answer, range, type, order)
    case .discovery(let unit):
      switch answer {
      case .registers(let registers): models[unit]?.accept(registers)
      case .exception(let code) where unit != nil && Self.absences.contains(code):
        if let unit { leaveOut(unit, "exception \(code)") }
        return
      case .exception, .failed: models[unit]?.accept(nil)
      }
      if models[unit]?.nextRead == nil { goOn() }
    case .parameter(let index, let range, let type, let order): parameter(index, answer, range, type, order)
    case .done: break
    }
  }

  /// What the device says about itself in a message or an answer.
  mutating func check(_ text: String, at place: String) {
    guard let identity, !identity.matches.contains(where: { Glob.matches(text, pattern: $0) }) else { return }
    stop(mismatch(text, at: place))
  }

  private mutating func identify(
    _ answer: SetupAnswer, _ range: RegisterRange, _ type: RegisterType, _ order: WordOrder
  ) {
    switch answer {
    case .registers(let registers):
      let text = Self.text(registers, type, order)
      guard let identity, identity.matches.contains(where: { Glob.matches(text, pattern: $0) }) else {
        stop(mismatch(text, at: range.described))
        return
      }
      skipIdentity()
    case .exception(let code): stop("identify: \(range.described) answers exception \(code)")
    case .failed: break
    }
  }

  var isIdentifying: Bool { if case .identify = phase { true } else { false } }

  /// Goes on to what comes behind identification.
  mutating func skipIdentity() { goOn() }

  /// A unit that is not there: its values have none, the others are read.
  private mutating func leaveOut(_ unit: UInt8, _ reason: String) {
    models[unit]?.abandon("unit \(unit): \(reason)")
    goOn()
  }

  /// What a gateway says of a unit that is not there.
  static let absences: Set<UInt8> = [10, 11]

  /// The units, beside the own one, that did not answer.
  var absentUnits: [UInt8] { models.filter { $0.value.problem != nil }.keys.compactMap { $0 }.sorted() }

  private func mismatch(_ text: String, at place: String) -> String {
    "identify: \(place) says '\(text)', expected \(identity?.matches.joined(separator: " or ") ?? "")"
  }

  /// The next unit whose models are not known yet; the product itself is looked at when those of its own unit are.
  private mutating func goOn() {
    if needsSunSpec, let problem = models[nil]?.problem {
      stop(problem)
      return
    }
    if models[nil]?.nextRead != nil {
      phase = .discovery(nil)
    } else if case .sunSpec(let source) = identity?.source, !isIdentified {
      identifyModel(source)
    } else if let unit = models.filter({ $0.value.nextRead != nil }).keys.compactMap({ $0 }).min() {
      phase = .discovery(unit)
    } else {
      readParameters(from: 0)
    }
  }

  private mutating func identifyModel(_ source: SunSpecSource) {
    isIdentified = true
    guard let location = SunSpecLocation(source, models) else {
      stop("identify: the device has none of the SunSpec models \(source.models)")
      return
    }
    phase = Self.identifyPhase(
      location.address, RegisterSpace(unit: source.unit.number, table: .holding), location.type, .abcd)
  }

  // MARK: Parameters

  /// Asks for the next parameter whose place the device has.
  private mutating func readParameters(from start: Int) {
    for index in wanted.indices.dropFirst(start) {
      let place: (address: Int, table: RegisterTable, type: RegisterType, order: WordOrder)
      let unit = wanted[index].unit
      switch wanted[index].source.source {
      case .register(let register): place = (Int(register.address), register.table, register.type, register.order)
      case .sunSpec(let source):
        guard let location = SunSpecLocation(source, models) else { continue }
        place = (location.address, .holding, location.type, .abcd)
      case .message, .response, .computed, .constant: continue
      }
      let range = RegisterRange(
        unit: unit, table: place.table, address: UInt16(clamping: place.address),
        count: UInt16(clamping: place.type.registerCount))
      phase = .parameter(index, range, place.type, place.order)
      return
    }
    finish()
  }

  private mutating func parameter(
    _ index: Int, _ answer: SetupAnswer, _ range: RegisterRange, _ type: RegisterType, _ order: WordOrder
  ) {
    let parameter = wanted[index].parameter
    switch answer {
    case .registers(let registers):
      let raw = type == .bit ? registers.first.map { .flag($0 != 0) } : type.decode(registers, at: 0, order: order)
      let outcome = ValueConverter(
        wanted[index].source.conversion, type: type, output: parameter.output, valid: wanted[index].source.valid
      ).convert(raw ?? .null, power: .none)
      if outcome.quality == .good { found[parameter.name] = outcome.value }
    // The device does not have it, so the parameter keeps its default.
    case .exception(1), .exception(2), .exception(3): break
    // Guessing could choose the wrong registers; the set-up is tried again.
    case .exception(let code):
      stop("parameter \(parameter.name): \(range.described) answers exception \(code)")
      return
    case .failed: return
    }
    readParameters(from: index + 1)
  }

  private static func identifyPhase(
    _ address: Int, _ space: RegisterSpace, _ type: RegisterType, _ order: WordOrder
  ) -> Phase {
    let range = RegisterRange(
      unit: space.unit, table: space.table, address: UInt16(clamping: address),
      count: UInt16(clamping: type.registerCount))
    return .identify(range, type, order)
  }

  private static func text(_ registers: [UInt16], _ type: RegisterType, _ order: WordOrder) -> String {
    if type == .bit { return registers.first.map { $0 == 0 ? "false" : "true" } ?? "" }
    guard let raw = type.decode(registers, at: 0, order: order) else { return "" }
    let converter = ValueConverter(PointConversion(), type: type, output: .text, valid: nil)
    let value = converter.convert(raw, power: .none).value
    return value == .null ? "" : value.description
  }

  mutating func stop(_ reason: String) {
    problem = reason
    phase = .done
    isComplete = false
  }

  private mutating func finish() {
    phase = .done
    isComplete = true
  }
}

extension RegisterRange {
  /// `holding 30000`, whatever the count: the place of one value.
  fileprivate var described: String { "\(space) \(address)" }
}

extension ProfileParameter {
  /// The kind of value that it takes.
  fileprivate var output: ValueConverter.Output {
    switch kind {
    case .integer, .number: .number
    case .flag: .flag
    case .text, .choice: .text
    }
  }
}

extension PointSource {
  /// The unit that it is read from.
  fileprivate var unitReference: UnitReference {
    switch self {
    case .register(let register): register.unit
    case .sunSpec(let point): point.unit
    case .message, .response, .computed, .constant: .own
    }
  }
}

extension DeviceProfile {
  /// Where SunSpec models are looked for.
  fileprivate var sunSpecBases: [UInt16] {
    if case .modbus(let settings) = transport { settings.sunSpecBases } else { [] }
  }

  /// Whether any point, control, parameter or the identity is a SunSpec point.
  var usesSunSpec: Bool { !sunSpecSources.isEmpty }

  /// All SunSpec points, controls, parameters and the identity.
  var sunSpecSources: [SunSpecSource] {
    var sources: [SunSpecSource] = []
    if case .sunSpec(let source) = identify?.source { sources.append(source) }
    for case .sunSpec(let source)? in parameters.map({ $0.read?.source }) { sources.append(source) }
    for part in parts {
      for case .sunSpec(let source) in part.points.map(\.source) { sources.append(source) }
      for case .sunSpec(let source) in part.controls.map(\.destination) { sources.append(source) }
    }
    return sources
  }
}

extension BoundProfile {
  /// The units whose SunSpec models are asked for; `nil` is the own one.
  fileprivate var sunSpecUnits: Set<UInt8?> {
    Set(possibleForms.flatMap(\.sunSpecSources).map { resolved($0.unit).number })
  }
}

/// Patterns with `*` for any text.
enum Glob {
  static func matches(_ text: String, pattern: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count > 1 else { return text == pattern }
    var rest = text[...]
    for (index, part) in parts.enumerated() {
      if index == 0 {
        guard rest.hasPrefix(part) else { return false }
        rest = rest.dropFirst(part.count)
      } else if index == parts.count - 1 {
        return rest.hasSuffix(part)
      } else if !part.isEmpty {
        guard let end = find(part, in: rest) else { return false }
        rest = rest[end...]
      }
    }
    return true
  }

  private static func find(_ part: Substring, in text: Substring) -> Substring.Index? {
    var start = text.startIndex
    while start < text.endIndex {
      if text[start...].hasPrefix(part) { return text.index(start, offsetBy: part.count) }
      start = text.index(after: start)
    }
    return nil
  }
}

/// MQTT topic filters.
enum TopicFilter {
  /// Whether a topic belongs to a filter with `+` and `#` (MQTT 3.1.1, section 4.7).
  static func matches(_ topic: String, filter: String) -> Bool {
    let levels = topic.split(separator: "/", omittingEmptySubsequences: false)
    let wanted = filter.split(separator: "/", omittingEmptySubsequences: false)
    if topic.hasPrefix("$"), wanted.first == "+" || wanted.first == "#" { return false }
    for (index, level) in wanted.enumerated() {
      if level == "#" { return true }
      guard index < levels.count, level == "+" || level == levels[index] else { return false }
    }
    return levels.count == wanted.count
  }
}
