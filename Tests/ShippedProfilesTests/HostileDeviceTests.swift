import EnergyModel
import Foundation
import Testing

@testable import DeviceProfiles

/// A device that says anything at all: nothing traps, no number is infinite, nothing is written beyond its range.
@Suite("Shipped profiles against hostile devices")
struct HostileDeviceTests {
  /// `HEDDLE_TEST_SEED` repeats a failure or tries other numbers, `HEDDLE_TEST_ROUNDS` tries more of them.
  static let seed = ProcessInfo.processInfo.environment["HEDDLE_TEST_SEED"].flatMap { UInt64($0) } ?? 20_261_121
  static let rounds = ProcessInfo.processInfo.environment["HEDDLE_TEST_ROUNDS"].flatMap { Int($0) } ?? 3

  @Test("Whatever a device says, a shipped profile survives it", arguments: ProjectFiles.profilePaths)
  func hostile(path: String) throws {
    let url = ProjectFiles.profiles.appending(path: path)
    let bases = ProfileTexts(directories: [ProjectFiles.profiles.path])
    let profile = try #require(ProfileReader.read(text: try ProjectFiles.text(url), file: path, bases: bases).profile)
    // The same seed gives the same numbers, whatever the order of the tests.
    let own = path.utf8.reduce(Self.seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    var numbers = HostileNumbers(seed: own)
    for round in 0..<Self.rounds {
      var failures: [String] = []
      var device = try HostileDevice(profile, &numbers)
      device.speak(&numbers, &failures)
      device.command(&numbers, &failures)
      #expect(failures.isEmpty, "\(path), seed \(Self.seed), round \(round): \(failures.prefix(5))")
    }
  }
}

/// An endpoint of a profile that is fed with nonsense. What is decoded on the short way is decoded on the general way
/// too, and has to be the same.
struct HostileDevice {
  private static let maxSetupReads = 200

  private let profile: DeviceProfile
  private var decoder: EndpointDecoder
  private var general: EndpointDecoder
  private let image: [RegisterSpace: [UInt16: UInt16]]
  private var memory: [RegisterSpace: [UInt16: UInt16]] = [:]
  private var now = Timestamp(milliseconds: 1_700_000_000_000)

  init(_ profile: DeviceProfile, _ numbers: inout HostileNumbers) throws {
    self.profile = profile
    let test = numbers.pick(profile.tests)
    var parameters = test?.parameters ?? [:]
    for parameter in profile.parameters {
      // A test's own parameters go with its registers half of the time.
      if parameters[parameter.name] != nil || parameter.defaultValue != nil, numbers.chance(2) { continue }
      parameters[parameter.name] = Self.value(for: parameter, &numbers)
    }
    let bound = try BoundProfile(profile: profile, parameters: parameters)
    decoder = EndpointDecoder(bound)
    general = EndpointDecoder(bound, isGeneral: true)
    image = test?.registers ?? [:]
    setUp(&numbers)
  }

  private static func value(for parameter: ProfileParameter, _ numbers: inout HostileNumbers) -> ScalarValue {
    switch parameter.kind {
    case .integer(let range):
      let span = range.upperBound.subtractingReportingOverflow(range.lowerBound)
      return .number(Double(span.overflow ? 1 : range.lowerBound + numbers.below(min(span.partialValue, 1 << 40) + 1)))
    case .number(let range): return .number(numbers.chance(2) ? range.lowerBound : range.upperBound)
    case .text: return .text(numbers.chance(3) ? numbers.text() : "name")
    case .flag: return .flag(numbers.chance(2))
    case .choice(let words): return .text(numbers.pick(words) ?? "")
    }
  }

  /// Answers what the profile's own test knows; the identity is made to fit.
  private mutating func setUp(_ numbers: inout HostileNumbers) {
    for _ in 0..<Self.maxSetupReads {
      guard let range = decoder.nextSetupRead() else { return }
      let values = (0..<Int(range.count)).compactMap { offset in
        UInt16(exactly: Int(range.address) + offset).flatMap { image[range.space]?[$0] }
      }
      if values.count == Int(range.count) {
        acceptSetup(.registers(values))
      } else if decoder.isIdentifying, !numbers.chance(10) {
        decoder.skipIdentity()
        general.skipIdentity()
      } else {
        acceptSetup(numbers.chance(4) ? .registers((0..<range.count).map { _ in numbers.word() }) : .exception(2))
      }
    }
  }

  private mutating func acceptSetup(_ answer: SetupAnswer) {
    decoder.acceptSetup(answer)
    general.acceptSetup(answer)
  }

  // MARK: What the device says

  mutating func speak(_ numbers: inout HostileNumbers, _ failures: inout [String]) {
    switch profile.transport {
    case .modbus: speakModbus(&numbers, &failures)
    case .mqtt: speakMessages(&numbers, &failures)
    case .http: speakResponses(&numbers, &failures)
    }
    let snapshot = decoder.snapshot()
    for index in profile.parts.indices {
      for (name, value) in snapshot.values(part: index) where !Self.isFinite(value) {
        failures.append("\(profile.parts[index].name).\(name) is \(value)")
      }
    }
  }

  private mutating func speakModbus(_ numbers: inout HostileNumbers, _ failures: inout [String]) {
    for read in decoder.readPlan.shuffled(using: &numbers) {
      let isReal = numbers.chance(2)
      var values = (0..<Int(read.range.count)).map { offset -> UInt16 in
        let known = UInt16(exactly: Int(read.range.address) + offset).flatMap { image[read.range.space]?[$0] }
        return isReal && !numbers.chance(10) ? known ?? numbers.word() : numbers.word()
      }
      if numbers.chance(10) { values.removeLast(numbers.below(values.count + 1)) }
      take(read.range.space, read.range.address, values, &failures)
    }
    // Frames that nobody asked for.
    for _ in 0..<2 {
      let unit = numbers.chance(4) ? UInt8(truncatingIfNeeded: numbers.word()) : nil
      let space = RegisterSpace(unit: unit, table: RegisterTable.allCases[numbers.below(4)])
      let values = (0..<numbers.below(130)).map { _ in numbers.word() }
      let address = numbers.chance(2) ? numbers.word() : decoder.readPlan.first?.range.address ?? 0
      take(space, address, values, &failures)
    }
  }

  private mutating func take(
    _ space: RegisterSpace, _ address: UInt16, _ values: [UInt16], _ failures: inout [String]
  ) {
    for (offset, value) in values.enumerated() {
      if let place = UInt16(exactly: Int(address) + offset) { memory[space, default: [:]][place] = value }
    }
    take(
      space.table.isBits
        ? .bits(unit: space.unit, table: space.table, address: address, values: values.map { $0 & 1 != 0 })
        : .registers(unit: space.unit, table: space.table, address: address, values: values), &failures)
  }

  private mutating func speakMessages(_ numbers: inout HostileNumbers, _ failures: inout [String]) {
    let real = profile.tests.flatMap(\.messages)
    for message in real.shuffled(using: &numbers).prefix(12) {
      let topic = numbers.chance(10) ? numbers.text() : message.topic
      take(
        .message(topic: topic, payload: numbers.mutated(message.payload), isRetained: numbers.chance(2)), &failures)
    }
    for filter in decoder.bound.subscriptions.shuffled(using: &numbers).prefix(8) {
      let topic = filter.split(separator: "/", omittingEmptySubsequences: false)
        .map { $0 == "+" || $0 == "#" ? "x" : String($0) }.joined(separator: "/")
      take(.message(topic: topic, payload: Array(numbers.json().utf8), isRetained: false), &failures)
    }
  }

  private mutating func speakResponses(_ numbers: inout HostileNumbers, _ failures: inout [String]) {
    let real = profile.tests.flatMap { $0.responses.map { ($0.key, $0.value) } }.sorted { $0 < $1 }
    for (request, body) in real.shuffled(using: &numbers).prefix(8) {
      take(.response(request: request, body: numbers.mutated(body.utf8)), &failures)
    }
    take(.response(request: numbers.text(), body: Array(numbers.json().utf8)), &failures)
  }

  private mutating func take(_ body: RawFrame.Body, _ failures: inout [String]) {
    var batch = ReadingBatch()
    now = Timestamp(milliseconds: now.milliseconds &+ 1000)
    decoder.decode(RawFrame(body: body, receivedAt: now), into: &batch)
    var expected = ReadingBatch()
    general.decode(RawFrame(body: body, receivedAt: now), into: &expected)
    if batch.entries != expected.entries || batch.problems != expected.problems {
      let other = zip(batch.entries, expected.entries).first { $0 != $1 }.map { "\($0) is not \($1)" }
      failures.append("two ways, two results: \(other ?? "\(batch.problems) is not \(expected.problems)")")
    }
    for entry in batch.entries {
      guard profile.parts.indices.contains(entry.part) else {
        failures.append("a reading of part \(entry.part)")
        continue
      }
      if case .number(let number) = entry.reading.value, !number.isFinite {
        failures.append("\(profile.parts[entry.part].name).\(entry.reading.field) is \(number)")
      }
    }
  }

  private static func isFinite(_ value: ScalarValue) -> Bool {
    if case .number(let number) = value { number.isFinite } else { true }
  }

  // MARK: What is written to it

  mutating func command(_ numbers: inout HostileNumbers, _ failures: inout [String]) {
    let snapshot = decoder.snapshot()
    for (index, part) in profile.parts.enumerated() {
      let before = snapshot.values(part: index)
      for command in part.commands {
        var input: [String: ScalarValue] = [:]
        for definition in command.inputs where !numbers.chance(6) {
          switch definition.kind {
          // The dispatcher lets no other kind through.
          case .number: input[definition.name] = .number(numbers.number())
          case .choice(let words) where numbers.chance(2):
            input[definition.name] = numbers.pick(words).map { .text($0) }
          case .choice, .flag: input[definition.name] = numbers.scalar()
          }
        }
        for expression in Self.expressions(of: command) {
          let value = snapshot.evaluate(expression, part: index, input: input, before: before)
          if !Self.isFinite(value) { failures.append("'\(expression.text)' is \(value)") }
        }
        var lists = [command.steps, command.keepAlive?.steps ?? []]
        if case .steps(let steps, _) = command.revert { lists.append(steps) }
        for steps in lists { write(steps, index, input, before, snapshot, &failures) }
      }
      write(part.defaultState?.steps ?? [], index, [:], before, snapshot, &failures)
    }
  }

  private static func expressions(of command: ProfileCommand) -> [DeviceProfiles.Expression] {
    command.preconditions.map(\.expect)
      + command.inputs.flatMap { [$0.min, $0.max, $0.defaultValue].compactMap { $0 } }
      + (command.confirm.map { [$0.expect] } ?? [])
  }

  private func write(
    _ steps: [CommandStep], _ part: Int, _ input: [String: ScalarValue], _ before: [String: ScalarValue],
    _ snapshot: EndpointSnapshot, _ failures: inout [String]
  ) {
    guard let operations = try? snapshot.operations(for: steps, part: part, input: input, before: before) else {
      return
    }
    for operation in operations {
      switch operation {
      case .writeRegisters(let unit, let address, let values, _):
        check(unit, address, values, part, &failures)
      case .modifyRegister(let unit, let address, let mask, _, _):
        let isAllowed = decoder.bound.profile.parts[part].controls.contains { control in
          guard let place = place(of: control, part), let bits = control.conversion.bits else { return false }
          return place.unit == unit && place.address == Int(address)
            && mask == UInt16(truncatingIfNeeded: ((1 << bits.count) - 1) << bits.lowerBound)
        }
        if !isAllowed { failures.append("bits \(mask) of register \(address) are changed and no control has them") }
      case .publish(let message):
        switch message.content {
        case .text(let text): checkText(text, &failures)
        case .metrics(let metrics): for metric in metrics { checkText(JSONText.text(metric.value), &failures) }
        }
      case .request(let request): checkText(request.body ?? "", &failures)
      default: break
      }
    }
  }

  /// Every register belongs to a control, and the value in it is within the control's range.
  private func check(
    _ unit: UInt8?, _ address: UInt16, _ values: [UInt16], _ part: Int, _ failures: inout [String]
  ) {
    let end = Int(address) + values.count
    var known = Set<Int>()
    for control in decoder.bound.profile.parts[part].controls {
      guard let place = place(of: control, part), place.unit == unit else { continue }
      let span = place.address..<place.address + place.type.registerCount
      guard span.lowerBound >= Int(address), span.upperBound <= end else { continue }
      known.formUnion(span)
      guard let range = control.range, control.conversion.enumeration == nil,
        let raw = place.type.decode(values, at: span.lowerBound - Int(address), order: place.order)
      else { continue }
      let converter = ValueConverter(control.conversion, type: place.type, output: .any, valid: nil)
      guard let value = converter.convert(raw, power: place.power).value.number else { continue }
      // The nearest step of the register may lie half a step beyond.
      var step = control.conversion.scale.magnitude * (control.conversion.unit?.factor ?? 1)
      if case .of(let exponent) = place.power { step *= pow(10, Double(exponent)) }
      if value < range.lowerBound - step * 0.51 || value > range.upperBound + step * 0.51 {
        failures.append("\(control.name) = \(value) is outside \(range)")
      }
    }
    for register in Int(address)..<end where !known.contains(register) {
      failures.append("register \(register) is written and no control has it")
    }
  }

  private func place(
    of control: ProfileControl, _ part: Int
  ) -> (unit: UInt8?, address: Int, type: RegisterType, order: WordOrder, power: ValueConverter.Power)? {
    guard let index = decoder.layout.parts[part].controls[control.name],
      decoder.map.destinations.indices.contains(index), let place = decoder.map.destinations[index]
    else { return nil }
    let power = place.scaleFactor.flatMap { decoder.powers.indices.contains($0) ? decoder.powers[$0] : nil } ?? nil
    return (place.unit, place.address, place.type, place.order, power ?? .none)
  }

  private func checkText(_ text: String, _ failures: inout [String]) {
    guard let first = text.first else { return }
    if first == "{" || first == "[" {
      if (try? JSONSerialization.jsonObject(with: Data(text.utf8))) == nil { failures.append("not JSON: \(text)") }
    } else if ["nan", "-nan", "inf", "-inf"].contains(text.lowercased()) {
      failures.append("a payload is '\(text)'")
    }
  }
}
