import DeviceProfiles
import EnergyModel

extension SimulatedEndpoint {
  /// Answers a read from memory.
  func read(_ range: RegisterRange) -> ModbusReply {
    guard range.count > 0, Int(range.count) <= ModbusRequest.maxCount(of: range.table) else { return .illegalValue }
    guard let words = registers?.read(range) else { return .illegalAddress }
    return range.table.isBits ? .bits(words.map { $0 != 0 }) : .registers(words)
  }

  /// A request in the words of the profile: the own unit, whatever its number on the wire, has none.
  func unit(_ number: UInt8) -> UInt8? { bound.otherUnits.contains(number) ? number : nil }

  /// Changes some bits of a register, as FC 22 says.
  mutating func mask(
    unit: UInt8?, address: UInt16, and: UInt16, or: UInt16, home: inout SimulatedHome, monotonic: Duration,
    now: Timestamp
  ) -> ModbusReply {
    let space = RegisterSpace(unit: unit, table: .holding)
    let range = RegisterRange(unit: unit, table: .holding, address: address, count: 1)
    guard let present = registers?.read(range)?.first else { return .illegalAddress }
    return write(
      [present & and | or & ~and], space: space, address: address, function: .maskWrite, home: &home,
      monotonic: monotonic, now: now)
  }

  /// Takes a write: whole controls only, within their ranges. What it means is carried out at once.
  mutating func write(
    _ words: [UInt16], space: RegisterSpace, address: UInt16, function: WriteFunction?, home: inout SimulatedHome,
    monotonic: Duration, now: Timestamp
  ) -> ModbusReply {
    guard !words.isEmpty else { return .illegalValue }
    guard var memory = registers,
      let touched = memory.controls(space: space, address: address, count: words.count, function: function)
    else { return .illegalAddress }
    memory.put(words, space: space, address: address)
    let after = observed(memory, now).snapshot()
    for place in touched {
      guard let range = place.range else { continue }
      guard let value = after.value(place.name, part: place.part)?.value.finiteNumber, range.contains(value) else {
        return .illegalValue
      }
    }
    if faults.ignoresWrites { return .written }
    observe(now)
    let before = bound.profile.parts.indices.map { decoder.snapshot().values(part: $0) }
    registers = memory
    observe(now)
    for part in Set(touched.map(\.part)).sorted() {
      let names = Set(touched.filter { $0.part == part }.map(\.name))
      guard let recognised = recogniseWrite(of: names, part: part, before: before[part]) else { continue }
      perform(recognised, home: &home, monotonic: monotonic)
    }
    return .written
  }

  /// One meaning that a write could have.
  private struct Reading {
    var writes: [(control: String, value: Expression)]
    var command: ProfileCommand?
    var unknowns = CommandMatcher.Unknowns.inputs
    var meaning: ([String: ScalarValue]) -> RecognisedCommand.Meaning
  }

  /// The command whose steps the controls now agree with and whose last control was just written; of several, the one
  /// that says most.
  func recogniseWrite(
    of touched: Set<String>, part: Int, before: [String: ScalarValue]
  ) -> RecognisedCommand? {
    let snapshot = decoder.snapshot()
    var best: (meaning: RecognisedCommand.Meaning, score: Int)?
    for reading in readings(part: part, touched: touched) {
      let matcher = CommandMatcher(
        snapshot: snapshot, before: before, part: part, command: reading.command, unknowns: reading.unknowns)
      let pairs = reading.writes.map { write in
        CommandMatcher.Pair(
          expression: write.value, observed: values.controls[part][write.control] ?? .null,
          tolerance: tolerance(of: write.control, part: part))
      }
      guard reading.writes.count > best?.score ?? 0, let input = matcher.inputs(for: pairs) else { continue }
      best = (reading.meaning(input), reading.writes.count)
    }
    if let best { return RecognisedCommand(part: part, meaning: best.meaning) }
    return endOfCommandInForce(touched, part: part, snapshot, before)
  }

  /// The input with which a command would have written what its controls hold now; `nil` if none would.
  func input(of command: ProfileCommand, part: Int) -> [String: ScalarValue]? {
    let pairs = Self.writes(of: command.steps).map { write in
      CommandMatcher.Pair(
        expression: write.value, observed: values.controls[part][write.control] ?? .null,
        tolerance: tolerance(of: write.control, part: part))
    }
    let snapshot = decoder.snapshot()
    return CommandMatcher(snapshot: snapshot, before: snapshot.values(part: part), part: part, command: command)
      .inputs(for: pairs)
  }

  /// A write that contradicts the command in force ends it, even if it starts nothing that has a name.
  private func endOfCommandInForce(
    _ touched: Set<String>, part: Int, _ snapshot: EndpointSnapshot, _ before: [String: ScalarValue]
  ) -> RecognisedCommand? {
    guard let inForce = commandsInForce[part], let command = bound.profile.parts[part].command(inForce.verb) else {
      return nil
    }
    let pairs = Self.writes(of: command.steps).filter { touched.contains($0.control) }.map { write in
      CommandMatcher.Pair(
        expression: write.value, observed: values.controls[part][write.control] ?? .null,
        tolerance: tolerance(of: write.control, part: part))
    }
    let matcher = CommandMatcher(snapshot: snapshot, before: before, part: part, command: command)
    guard !pairs.isEmpty, matcher.inputs(for: pairs) == nil else { return nil }
    return RecognisedCommand(part: part, meaning: .undo(inForce.verb))
  }

  private func readings(part index: Int, touched: Set<String>) -> [Reading] {
    let part = bound.profile.parts[index]
    let inForce = commandsInForce[index]
    var result: [Reading] = []
    for verb in part.verbs {
      guard let command = part.command(verb) else { continue }
      let writes = Self.writes(of: command.steps)
      // A command in force follows changes of any of its controls; another one begins with its last control.
      if touched.contains(writes.last?.control ?? "")
        || (verb == inForce?.verb && writes.contains { touched.contains($0.control) })
      {
        let timeout = command.keepAlive?.timeout
        result.append(
          Reading(writes: writes, command: command) { .command(verb, input: $0, timeout: timeout) })
      }
      if case .steps(let steps, _) = command.revert {
        let writes = Self.writes(of: steps)
        if touched.contains(writes.last?.control ?? "") {
          result.append(
            Reading(writes: writes, command: command, unknowns: .before) {
              CommandMatcher.meaning(ofRevert: verb, $0)
            })
        }
      }
    }
    if let inForce, let command = part.command(inForce.verb), let keepAlive = command.keepAlive {
      let writes = Self.writes(of: keepAlive.steps)
      if touched.contains(writes.last?.control ?? "") {
        result.append(Reading(writes: writes, command: command) { _ in .renewal(keepAlive.timeout) })
      }
    }
    return result
  }

  /// All writes of some steps in order; of several to one control, only the last counts.
  private static func writes(of steps: [CommandStep]) -> [(control: String, value: Expression)] {
    var result: [(control: String, value: Expression)] = []
    for case .write(let writes) in steps {
      for write in writes {
        result.removeAll { $0.control == write.control }
        result.append((write.control, write.value))
      }
    }
    return result
  }

  /// Half of what one step of the register means, plus what rounding on the way may add.
  private func tolerance(of control: String, part: Int) -> Double {
    let value = values.controls[part][control]?.finiteNumber ?? 0
    let scale = bound.profile.parts[part].controls.first { $0.name == control }?.conversion.scale ?? 1
    return abs(scale) * 0.51 + abs(value) * 0.002
  }
}
