import DeviceProfiles
import ModbusAdapter
import ModbusWire
import TimeSource

/// What is behind one unit of a bus.
struct BusFind: Sendable {
  var unit: UInt8
  var profile: String?
  var isCertain = false
  var evidence: String
  var manufacturer: String?
  var model: String?
  var serialNumber: String?
  var alternatives: [String] = []
  /// SunSpec models, where it has some.
  var models: [UInt16]?
}

/// Asks the units of one bus who they are. Reads only; whatever comes, the next question starts clean.
struct BusExamination {
  private enum Answer: Equatable {
    case registers([UInt16])
    case exception(UInt8)
    /// Nobody: silence, or a gateway that says so.
    case nobody
    /// What came is no answer.
    case broken
  }

  private struct Question: Hashable {
    var unit: UInt8
    var range: RegisterRange
  }

  private let reader: ModbusReader
  private let catalogue: ProductCatalogue
  private let framing: ModbusFraming
  private let timeout: Duration
  private let time: TimeSource
  private var answers: [Question: Answer] = [:]
  private var hasAsked = false
  private var brokenInRow = 0
  private var isDecoySilent = false
  /// Why nothing more is asked of this bus.
  private(set) var problem: String?
  /// Whether the bus could not even be opened.
  private(set) var isUnreachable = false

  init(
    _ reader: ModbusReader, framing: ModbusFraming, catalogue: ProductCatalogue, timeout: Duration, time: TimeSource
  ) {
    self.reader = reader
    self.framing = framing
    self.catalogue = catalogue
    self.timeout = timeout
    self.time = time
  }

  /// Asks all units, each in turn.
  ///
  /// - Parameter isNamed: somebody named the units, so that each may be any product.
  mutating func finds(units: [UInt8], isNamed: Bool) async throws -> [BusFind] {
    var finds: [BusFind] = []
    for unit in units where problem == nil {
      guard var find = try await find(unit, isNamed: isNamed) else { continue }
      switch try await likeness(of: unit, besides: units) {
      case .refusal where find.profile == nil:
        // A gateway that refuses every unit that is not there.
        continue
      case .data:
        // It listens to any unit: it is one device, whatever unit it is asked as.
        if !isNamed, let all = try await self.find(unit, isNamed: true) { find = all }
        if !isNamed, let usual = find.profile.flatMap({ catalogue.byID[$0] })?.usualUnit { find.unit = usual }
        return [find]
      case .refusal, nil: finds.append(find)
      }
    }
    return finds
  }

  // MARK: One unit

  private mutating func find(_ unit: UInt8, isNamed: Bool) async throws -> BusFind? {
    let signs = catalogue.signs(ofUnit: unit, isNamed: isNamed, framing: framing)
    var visit = Visit()
    let certain = try await matches(signs.filter(\.isCertain), unit, &visit)
    if let find = try await find(from: certain, unit, isCertain: true) { return find }
    if let find = try await sunSpec(unit, &visit) { return find }
    let likely = try await matches(signs.filter { !$0.isCertain }, unit, &visit)
    if let find = try await find(from: likely, unit, isCertain: false) { return find }
    return visit.hasAnswered ? BusFind(unit: unit, evidence: visit.evidence) : nil
  }

  /// How a unit behaves while it is asked.
  private struct Visit {
    var hasAnswered = false
    var evidence = ""
    var silent = 0
    /// Whether it is not worth asking any more.
    var isOver: Bool {
      silent >= (hasAnswered ? DiscoveryLimits.silentRequestsOfPresent : DiscoveryLimits.silentRequests)
    }
  }

  private typealias Match = (sign: RegisterSign, words: String)

  private mutating func matches(_ signs: [RegisterSign], _ unit: UInt8, _ visit: inout Visit) async throws -> [Match] {
    var found: [Match] = []
    for sign in signs where !visit.isOver && problem == nil {
      guard case .registers(let values) = try await ask(sign.range, unit, &visit) else { continue }
      if let words = sign.words(in: values) { found.append((sign, words)) }
    }
    return found
  }

  private mutating func find(from matches: [Match], _ unit: UInt8, isCertain: Bool) async throws -> BusFind? {
    guard let best = matches.first else { return nil }
    let others = matches.map(\.sign.profileID).filter { $0 != best.sign.profileID }
    let profile = catalogue.byID[best.sign.profileID]
    var find = BusFind(
      unit: unit, profile: best.sign.profileID, isCertain: isCertain,
      evidence: "\(best.sign.range) says '\(Self.bounded(best.words))'", manufacturer: profile?.manufacturer,
      model: Self.bounded(best.words))
    find.alternatives = others.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    if let serial = profile?.serialNumberSign {
      var visit = Visit()
      if case .registers(let values) = try await ask(serial.range, unit, &visit) {
        find.serialNumber = serial.words(in: values).map(Self.bounded)
      }
    }
    return find
  }

  private mutating func sunSpec(_ unit: UInt8, _ visit: inout Visit) async throws -> BusFind? {
    var scan = SunSpecScan()
    while let range = scan.nextRead, !visit.isOver, problem == nil {
      if case .registers(let values) = try await ask(range, unit, &visit) {
        scan.accept(values)
      } else {
        scan.accept(nil)
      }
    }
    guard let device = scan.device else { return nil }
    let fitting = catalogue.profiles(for: device)
    let models = device.models.map(String.init).joined(separator: ", ")
    var find = BusFind(
      unit: unit, profile: fitting.first?.profile.id, isCertain: true, evidence: "SunSpec models \(models)",
      manufacturer: Self.text(device.manufacturer), model: Self.text(device.model),
      serialNumber: Self.text(device.serialNumber))
    find.alternatives = fitting.dropFirst().map(\.profile.id)
    find.models = device.models
    return find
  }

  // MARK: Questions

  private mutating func ask(_ range: RegisterRange, _ unit: UInt8, _ visit: inout Visit) async throws -> Answer {
    let answer = try await ask(range, unit)
    switch answer {
    case .registers, .exception:
      visit.silent = 0
      guard !visit.hasAnswered else { break }
      visit.hasAnswered = true
      if case .exception(let code) = answer {
        visit.evidence = "answers \(range) with exception \(code)"
      } else {
        visit.evidence = "answers \(range)"
      }
    case .nobody, .broken: visit.silent += 1
    }
    return answer
  }

  /// The same question is asked once.
  private mutating func ask(_ range: RegisterRange, _ unit: UInt8) async throws -> Answer {
    let question = Question(unit: range.unit ?? unit, range: range)
    if let known = answers[question] { return known }
    if hasAsked { try await time.sleep(for: DiscoveryLimits.gap) }
    try Task.checkCancellation()
    hasAsked = true
    let answer = await send(question)
    answers[question] = answer
    return answer
  }

  private mutating func send(_ question: Question) async -> Answer {
    do throws(ModbusReadFailure) {
      let values = try await reader.read(question.range, unit: question.unit, timeout: timeout)
      brokenInRow = 0
      return .registers(values)
    } catch {
      switch error {
      case .exception(10, _), .exception(11, _):
        brokenInRow = 0
        return .nobody
      case .exception(let code, _):
        brokenInRow = 0
        return .exception(code)
      case .silent: return .nobody
      case .unreachable(let words):
        isUnreachable = answers.isEmpty
        problem = words
        return .nobody
      case .failed(let words):
        brokenInRow += 1
        if brokenInRow >= DiscoveryLimits.brokenAnswers { problem = "\(words), \(brokenInRow) times in a row" }
        return .broken
      }
    }
  }

  // MARK: Devices that listen to any unit

  /// In what a unit that is not there answers like one that is.
  private enum Likeness { case data, refusal }

  /// Asks a unit that nobody has by design what another one answered. On a line nobody answers for others.
  private mutating func likeness(of unit: UInt8, besides units: [UInt8]) async throws -> Likeness? {
    let decoy = (200...239).reversed().map { UInt8($0) }.first { !units.contains($0) }
    guard framing == .tcp, !isDecoySilent, let decoy else { return nil }
    let own = answers.filter { $0.key.unit == unit && $0.key.range.unit == nil }
      .sorted { $0.key.range.address < $1.key.range.address }
    func first(_ kind: (Answer) -> Bool) -> (key: Question, value: Answer)? { own.first { kind($0.value) } }
    let data = first { if case .registers = $0 { true } else { false } }
    let refusal = first { if case .exception = $0 { true } else { false } }
    guard let known = data ?? refusal else { return nil }
    let answer = try await ask(known.key.range, decoy)
    if answer == .nobody { isDecoySilent = true }
    return answer == known.value ? (data == nil ? .refusal : .data) : nil
  }

  private static func text(_ text: String) -> String? { text.isEmpty ? nil : bounded(text) }

  /// What a device says goes to terminals: printable and short.
  static func bounded(_ text: String) -> String {
    let clean = text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F && !(0x80...0x9F).contains($0.value) }
    return String(String(String.UnicodeScalarView(clean)).prefix(DiscoveryLimits.maxText))
  }
}
