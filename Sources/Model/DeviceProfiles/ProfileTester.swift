import EnergyModel

/// How one test of a profile went.
public struct ProfileTestResult: Sendable, Hashable {
  /// The test's name.
  public var name: String
  /// Its line in the profile.
  public var line: Int
  /// What was different: `battery.socPercent: expected 87.3, got 8.73`. Empty = passed.
  public var failures: [String]
  /// What the decoder could not understand; a test may want that.
  public var problems: [String]
  /// The variant that was in force; `nil` = the profile as it is.
  public var variant: String?
}

/// Runs the tests that profiles bring: what the device says goes through the same decoder as in the daemon, commands
/// through the same encoder.
public enum ProfileTester {
  /// All tests of a profile, in its order.
  public static func run(_ profile: DeviceProfile) -> [ProfileTestResult] { profile.tests.map { run($0, profile) } }

  /// A set-up that asks for more reads is endless.
  static let maxSetupReads = 1000
  private static let time = Timestamp(milliseconds: 1_777_629_600_000)

  private static func run(_ test: ProfileTest, _ profile: DeviceProfile) -> ProfileTestResult {
    var result = ProfileTestResult(name: test.name, line: test.line, failures: [], problems: [])
    let bound: BoundProfile
    do throws(ProfileBindingError) {
      bound = try BoundProfile(profile: profile, parameters: test.parameters)
    } catch {
      result.failures.append("parameters: \(error)")
      return result
    }
    var decoder = EndpointDecoder(bound)
    var batch = ReadingBatch()
    feed(test, bound, &decoder, &batch)
    result.variant = decoder.bound.variant
    if let problem = decoder.setupProblem { result.failures.append(problem) }
    result.problems = batch.problems
    compare(test, decoder.snapshot(), &result)
    if let command = test.command { check(command, test, decoder.snapshot(), &result) }
    if !result.failures.isEmpty { result.failures += batch.problems.map { "the decoder says: \($0)" } }
    return result
  }

  // MARK: The device

  private static func feed(
    _ test: ProfileTest, _ bound: BoundProfile, _ decoder: inout EndpointDecoder, _ batch: inout ReadingBatch
  ) {
    func frame(_ body: RawFrame.Body) { decoder.decode(RawFrame(body: body, receivedAt: time), into: &batch) }
    switch bound.profile.transport {
    case .modbus:
      setUp(test, bound, &decoder)
      for read in decoder.readPlan { for body in frames(read.range, test, bound) { frame(body) } }
      // The second round sees everything of the first: values before their scale factors, sums with an absent part.
      decoder.hasReadEverything = true
      batch.removeAll()
      for read in decoder.readPlan { for body in frames(read.range, test, bound) { frame(body) } }
      if decoder.readPlan.isEmpty { frame(.registers(table: .holding, address: 0, values: [])) }
    case .mqtt:
      if test.messages.isEmpty { frame(.message(topic: "", payload: [], isRetained: false)) }
      for message in test.messages {
        frame(.message(topic: message.topic, payload: message.payload, isRetained: message.isRetained))
      }
    case .http:
      decoder.hasReadEverything = true
      for request in bound.polledRequests {
        guard let body = test.responses[request.name] else { continue }
        frame(.response(request: request.name, body: Array(body.utf8)))
      }
      if test.responses.isEmpty { frame(.response(request: "", body: [])) }
    }
  }

  /// Registers that the test does not name answer with exception 2. A test without registers of the identity is about
  /// something else, so the device is taken for the right one.
  private static func setUp(_ test: ProfileTest, _ bound: BoundProfile, _ decoder: inout EndpointDecoder) {
    for _ in 0..<maxSetupReads {
      guard let range = decoder.nextSetupRead() else { return }
      let addresses = (0..<Int(range.count)).compactMap { UInt16(exactly: Int(range.address) + $0) }
      let memory = test.memory(range.space, bound)
      let values = addresses.compactMap { memory[$0] }
      if values.count == Int(range.count) {
        decoder.acceptSetup(.registers(values))
      } else if decoder.isIdentifying, values.isEmpty {
        decoder.skipIdentity()
      } else {
        decoder.acceptSetup(.exception(memory.isEmpty && range.unit != nil ? 11 : 2))
      }
    }
  }

  /// The parts of a read that the test names, so that what it does not name has no value instead of 0.
  private static func frames(_ range: RegisterRange, _ test: ProfileTest, _ bound: BoundProfile) -> [RawFrame.Body] {
    let memory = test.memory(range.space, bound)
    guard !memory.isEmpty else { return [] }
    var frames: [RawFrame.Body] = []
    var run: [UInt16] = []
    var start = 0
    func close() {
      guard !run.isEmpty, let address = UInt16(exactly: start) else { return }
      frames.append(
        range.table.isBits
          ? .bits(unit: range.unit, table: range.table, address: address, values: run.map { $0 != 0 })
          : .registers(unit: range.unit, table: range.table, address: address, values: run))
      run = []
    }
    for offset in 0..<Int(range.count) {
      let address = Int(range.address) + offset
      guard let value = UInt16(exactly: address).flatMap({ memory[$0] }) else {
        close()
        continue
      }
      if run.isEmpty { start = address }
      run.append(value)
    }
    close()
    return frames
  }

  // MARK: What came out

  private static func compare(_ test: ProfileTest, _ snapshot: EndpointSnapshot, _ result: inout ProfileTestResult) {
    for (index, part) in snapshot.bound.profile.parts.enumerated() {
      for (name, expected) in (test.expect[part.name] ?? [:]).sorted(by: { $0.key < $1.key }) {
        let found = snapshot.value(name, part: index)?.value ?? .null
        guard !isSame(expected, found) else { continue }
        result.failures.append("\(part.name).\(name): expected \(expected), got \(found)")
      }
    }
  }

  /// Numbers up to rounding to six digits; texts that look like numbers count as text.
  static func isSame(_ expected: ScalarValue, _ found: ScalarValue) -> Bool {
    if let a = expected.number, let b = found.number {
      return (a - b).magnitude <= 1e-6 * max(1, a.magnitude)
    }
    if expected == .null || found == .null { return expected == found }
    return expected.description == found.description
  }

  // MARK: Commands

  private static func check(
    _ invocation: ProfileTest.Invocation, _ test: ProfileTest, _ snapshot: EndpointSnapshot,
    _ result: inout ProfileTestResult
  ) {
    guard let index = snapshot.bound.profile.parts.firstIndex(where: { $0.name == invocation.part }) else { return }
    let part = snapshot.bound.profile.parts[index]
    var input = invocation.input
    let steps: [CommandStep]
    if invocation.verb == "auto", let normal = part.defaultState {
      steps = normal.steps
    } else {
      guard let command = part.commands.first(where: { $0.verb == invocation.verb }) else {
        let form = snapshot.bound.variant.map { "the variant '\($0)'" } ?? "the profile without a variant"
        result.failures.append("\(form) has no command '\(invocation.verb)'")
        return
      }
      steps = command.steps
      result.failures += complete(&input, command, snapshot, index)
      for precondition in command.preconditions
      where snapshot.evaluate(precondition.expect, part: index, input: input) != .flag(true) {
        result.failures.append("\(command.verb) is refused: \(precondition.message)")
      }
    }
    do throws(EncodingError) {
      let operations = try snapshot.operations(
        for: steps, part: index, input: input, before: snapshot.values(part: index))
      compare(test.writes, operations.map(\.description), &result)
    } catch {
      result.failures.append("\(invocation.verb): \(error.message)")
    }
  }

  /// Defaults filled in, limits checked; what is wrong is returned.
  private static func complete(
    _ input: inout [String: ScalarValue], _ command: ProfileCommand, _ snapshot: EndpointSnapshot, _ part: Int
  ) -> [String] {
    var failures: [String] = []
    for definition in command.inputs {
      guard let value = input[definition.name] else {
        if let standard = definition.defaultValue {
          input[definition.name] = snapshot.evaluate(standard, part: part, input: input)
        }
        if !definition.isOptional, input[definition.name] ?? .null == .null {
          failures.append("\(command.verb) needs '\(definition.name)'")
        }
        continue
      }
      if case .choice(let words) = definition.kind, !words.contains(value.description) {
        failures.append("'\(definition.name)' cannot be '\(value)'")
      }
      for (expression, isUpper) in [(definition.min, false), (definition.max, true)] {
        guard let expression, let number = value.number else { continue }
        guard let limit = snapshot.evaluate(expression, part: part, input: input).number else {
          failures.append("the limit '\(expression.text)' of '\(definition.name)' has no value")
          continue
        }
        if isUpper ? number > limit : number < limit {
          failures.append("'\(definition.name)' \(value) is beyond its limit \(ScalarValue.number(limit))")
        }
      }
    }
    return failures
  }

  private static func compare(_ expected: [String], _ found: [String], _ result: inout ProfileTestResult) {
    for index in 0..<max(expected.count, found.count) {
      let wanted = expected.indices.contains(index) ? expected[index] : "nothing"
      let got = found.indices.contains(index) ? found[index] : "nothing"
      if wanted != got { result.failures.append("write \(index + 1): expected \(wanted), got \(got)") }
    }
  }
}

extension ProfileTest {
  /// One table of one unit, with the own unit written without or with its number.
  func memory(_ space: RegisterSpace, _ bound: BoundProfile) -> [UInt16: UInt16] {
    let memory = registers[space] ?? [:]
    guard space.unit == nil, let numbered = registers[RegisterSpace(unit: bound.modbusUnit, table: space.table)]
    else { return memory }
    return memory.merging(numbered) { own, _ in own }
  }
}
