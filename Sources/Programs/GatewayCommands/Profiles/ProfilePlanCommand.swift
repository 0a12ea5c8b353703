import ArgumentParser
import DeviceProfiles
import EnergyModel
import LocatedYAML
import ProfileExplanation

/// `heddle profile plan`: what reading a device costs.
struct ProfilePlanCommand: ProfileTool {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "The requests that a profile makes, beside the fewest possible, and their rate.",
    discussion: """
      FEWEST is a lower bound: it knows only how long a request may be, that a value is not split, and the blocks and \
      forbidden registers of the profile. The plan also keeps to the gaps that may be read along, and reads values that \
      may be missing apart from the others.
      """)

  @Argument(help: "Id, or the path of a file.")
  var profile: String
  @OptionGroup var parameters: ProfileParameters
  @OptionGroup var options: ProfileOptions

  func run(on bench: ProfileBench) throws -> ExitStatus {
    let plan = try ProfilePlan(try parameters.bind(try bench.profile(profile)))
    bench.show(plan) { plan.lines(color: bench.output.color) }
    return .fine
  }
}

/// What a profile asks a device for, and how often.
struct ProfilePlan: Encodable {
  struct PollingClass: Encodable {
    var name: String
    /// `nil` for what is read at connect only.
    var everySeconds: Double?
    var requests: [Request]
    /// The lower bound; `nil` where requests are as the profile says.
    var fewest: Int?
  }

  struct Request: Encodable {
    /// `holding 37760–37783`, `GET /status`, `publish cmnd/x/Status 8`.
    var text: String
    /// `nil` where it is no read of registers.
    var registers: Int?
    /// Registers that the profile has a use for.
    var used: Int?
    var isOptional = false
  }

  var profile: String
  var transport: String
  /// Without secrets.
  var parameters: [String: String]
  var classes: [PollingClass] = []
  /// MQTT topic filters.
  var subscriptions: [String] = []
  var requestsPerSecond = 0.0
  var registersPerSecond: Double?
  var remarks: [String] = []

  init(_ bound: BoundProfile) throws(CommandFailure) {
    profile = bound.profile.id
    transport = ProfileWords.transport(bound.profile.transport)
    parameters = [:]
    for parameter in bound.profile.parameters {
      parameters[parameter.name] = parameter.isSecret ? "(secret)" : bound.parameters[parameter.name]?.description
    }
    switch bound.profile.transport {
    case .modbus(let settings): try addReads(bound, settings)
    case .mqtt: addMessages(bound)
    case .http(let settings): addRequests(bound, settings)
    }
    for pollClass in classes {
      guard let seconds = pollClass.everySeconds, seconds > 0 else { continue }
      requestsPerSecond += Double(pollClass.requests.count) / seconds
      let registers = pollClass.requests.compactMap(\.registers)
      if !registers.isEmpty {
        registersPerSecond = (registersPerSecond ?? 0) + Double(registers.reduce(0, +)) / seconds
      }
    }
  }

  // MARK: Modbus

  private mutating func addReads(_ bound: BoundProfile, _ settings: ModbusSettings) throws(CommandFailure) {
    let (decoder, source) = try Self.prepare(bound)
    if let source { remarks.append("the SunSpec models are those of the test '\(source)'") }
    let plan = decoder.readPlan
    for pollClass in PollClass.allCases {
      let reads = plan.filter { $0.pollClass == pollClass }
      guard !reads.isEmpty else { continue }
      let values = decoder.valuesToRead
      // What a faster class reads anyway is not read again.
      let faster = plan.filter { Self.order($0.pollClass) < Self.order(pollClass) }
      let open = values.filter { value in
        value.pollClass == pollClass && !faster.contains { Self.covers($0.range, value.range) }
      }
      classes.append(
        PollingClass(
          name: pollClass.rawValue, everySeconds: pollClass == .once ? nil : bound.pollInterval(pollClass).seconds,
          requests: reads.map { Self.request($0, values) },
          fewest: ReadBound.fewest(open, bound, settings)))
    }
    if settings.minGap > .zero {
      let most = Phrasing.shortened(1 / settings.minGap.seconds, 1)
      remarks.append("the pause of \(DurationText.format(settings.minGap)) allows \(most) requests/s at most")
    }
  }

  private static func order(_ pollClass: PollClass) -> Int { PollClass.allCases.firstIndex(of: pollClass) ?? 0 }

  private static func covers(_ outer: RegisterRange, _ inner: RegisterRange) -> Bool {
    outer.space == inner.space && outer.address <= inner.address
      && Int(inner.address) + Int(inner.count) <= Int(outer.address) + Int(outer.count)
  }

  private static func request(_ read: PlannedRead, _ values: [PlannedValue]) -> Request {
    let used = Set(values.filter { covers(read.range, $0.range) }.flatMap(\.addresses))
    return Request(
      text: read.range.description, registers: Int(read.range.count), used: used.count, isOptional: read.isOptional)
  }

  /// SunSpec addresses come from the device; offline from the first test that shows one.
  private static func prepare(
    _ bound: BoundProfile
  ) throws(CommandFailure) -> (decoder: EndpointDecoder, test: String?) {
    let profile = bound.definition.unidentified
    guard let plain = try? BoundProfile(profile: profile, parameters: bound.given) else {
      throw CommandFailure(message: "the parameters do not fit the profile \(profile.id)")
    }
    // A device that says none of its parameters is the plain one.
    let direct = RegisterImage().prepare(plain).decoder
    if direct.setupProblem == nil { return (direct, nil) }
    for test in profile.tests {
      let decoder = RegisterImage(test.registers, own: bound.modbusUnit).prepare(plain).decoder
      if !decoder.readPlan.isEmpty { return (decoder, test.name) }
    }
    throw CommandFailure(
      message: "the addresses of \(profile.id) come from the device, and no test shows its SunSpec models",
      hint: "add a test with the registers of a device")
  }

  // MARK: MQTT and HTTP

  private mutating func addMessages(_ bound: BoundProfile) {
    subscriptions = bound.subscriptions
    for (operation, every) in bound.polledPublishes {
      let name = "every \(DurationText.format(every))"
      let request = Request(text: operation.description)
      if let known = classes.firstIndex(where: { $0.name == name }) {
        classes[known].requests.append(request)
      } else {
        classes.append(PollingClass(name: name, everySeconds: every.seconds, requests: [request]))
      }
    }
  }

  private mutating func addRequests(_ bound: BoundProfile, _ settings: HTTPSettings) {
    let redact = SecretRedaction(bound)
    for pollClass in PollClass.allCases {
      let requests = bound.polledRequests.filter { $0.pollClass == pollClass }
      guard !requests.isEmpty else { continue }
      classes.append(
        PollingClass(
          name: pollClass.rawValue, everySeconds: pollClass == .once ? nil : bound.pollInterval(pollClass).seconds,
          requests: requests.map { Request(text: redact("\($0.name): \(WireOperation.request($0.request))")) }))
    }
    if settings.minGap > .zero {
      let most = Phrasing.shortened(1 / settings.minGap.seconds, 1)
      remarks.append("the pause of \(DurationText.format(settings.minGap)) allows \(most) requests/s at most")
    }
    addQuota(bound, settings)
    if let login = bound.httpLogin {
      let requests = login.steps.map { "\($0.request.method) \(redact($0.request.path))" }
      remarks.append("logs in with \(requests.joined(separator: ", "))")
    }
  }

  private mutating func addQuota(_ bound: BoundProfile, _ settings: HTTPSettings) {
    guard let quota = settings.quota else { return }
    let limit = "the quota is \(quota.requests) requests in \(DurationText.format(quota.per))"
    let spread = "requests are at least \(Phrasing.shortened(quota.spacing.seconds, 1)) s apart"
    let stretch =
      bound.quotaStretch > 1
      ? "the intervals are \(Phrasing.shortened(bound.quotaStretch, 1)) times what the profile asks for"
      : "the intervals fit into it"
    remarks.append("\(limit): \(spread), \(stretch)")
  }

  // MARK: In words

  func lines(color: Bool) -> [String] {
    let given = parameters.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    var lines = ["\(profile) over \(transport)\(given.isEmpty ? "" : ", with\(given)")", ""]
    if transport == "mqtt" {
      lines += ["subscribes to"] + subscriptions.map { "  \($0)" } + [""]
      if classes.isEmpty { return lines + ["asks for nothing, the device reports by itself"] }
      lines.append("asks for the state, at start and then")
    }
    if transport == "modbus" { lines += classTable(color: color) + [""] }
    for pollClass in classes {
      lines.append(pollClass.title)
      let width = pollClass.requests.map(\.text.count).max() ?? 0
      lines += pollClass.requests.map { "  \($0.line(width: width))" }
    }
    let registers = registersPerSecond.map { ", \(Phrasing.shortened($0, 1)) registers/s" } ?? ""
    lines += ["", "together \(Phrasing.shortened(requestsPerSecond, 3)) requests/s\(registers)"]
    return lines + remarks
  }

  private func classTable(color: Bool) -> [String] {
    var table = TextTable("CLASS", "EVERY", ">REQUESTS", ">FEWEST", ">REGISTERS", ">USED")
    for pollClass in classes {
      let registers = pollClass.requests.compactMap(\.registers).reduce(0, +)
      let used = pollClass.requests.compactMap(\.used).reduce(0, +)
      table.add(
        pollClass.name, pollClass.every, String(pollClass.requests.count),
        pollClass.fewest.map { String($0) } ?? Phrasing.unknown, String(registers), String(used))
    }
    return table.lines(color: color)
  }
}

extension ProfilePlan.PollingClass {
  var every: String { everySeconds.map { DurationText.format(.milliseconds(Int64($0 * 1000))) } ?? "at connect" }
  fileprivate var title: String {
    name.hasPrefix("every") ? name : everySeconds == nil ? "\(name), \(every)" : "\(name), every \(every)"
  }
}

extension ProfilePlan.Request {
  fileprivate func line(width: Int) -> String {
    guard let registers else { return text }
    let padding = String(repeating: " ", count: width - text.count)
    let unused = registers - (used ?? registers)
    let waste = unused > 0 ? ", \(unused) of them unused" : ""
    return "\(text)\(padding)  \(registers)\(waste)\(isOptional ? ", may be missing" : "")"
  }
}

extension Duration {
  /// In seconds, with a fraction.
  fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
