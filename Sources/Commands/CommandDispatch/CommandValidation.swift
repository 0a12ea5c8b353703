import DeviceProfiles
import EnergyModel

/// A command that passed every check, with everything that goes on the wire.
struct ValidatedCommand: Sendable {
  var command: ProfileCommand
  var input: [String: ScalarValue]
  var before: [String: ScalarValue]
  var operations: [WireOperation]
  /// How long it holds; `nil` for a lasting setting.
  var leaseSeconds: Double?

  /// Whether nothing has to be sent: the device has all values already.
  var isIdle: Bool { operations.allSatisfy { if case .wait = $0 { true } else { false } } }
}

/// Every check before anything is sent. Pure: the same arguments always give the same answer.
struct CommandValidation {
  let target: DispatchTarget
  let connectivity: Connectivity
  let snapshot: EndpointSnapshot
  let now: Timestamp

  /// An override of what the device does by itself that came without a duration holds for an hour: nothing is left on
  /// for ever. A setting that could be undone, such as a thermostat's setpoint, is lasting unless a duration is given.
  static let defaultLeaseSeconds: Double = 3600
  /// The longest lease that can be asked for.
  static let maxLeaseSeconds: Double = 86_400

  func validate(_ request: CommandRequest, _ made: ProfileCommand?) throws(CommandRefusal) -> ValidatedCommand {
    let command = if let made { made } else { try Self.command(for: request, of: target) }
    let known = try Self.checkNames(request.input, of: command)
    try Self.checkReachable(connectivity, target)
    // Giving control back needs to know nothing.
    if !command.isRelease { try checkFreshness(of: command) }
    let input = try completed(known, of: command)
    for precondition in command.preconditions
    where snapshot.evaluate(precondition.expect, part: target.part, input: input) != .flag(true) {
      throw CommandRefusal(.preconditionFailed, precondition.message, hint: "requires \(precondition.expect.text)")
    }
    let lease = try leaseSeconds(request.durationSeconds, of: command)
    let before = snapshot.values(part: target.part)
    do {
      let operations = try snapshot.operations(
        for: command.steps, part: target.part, input: input, before: before,
        unlessSeenSince: WriteBudget.seenSince(command, target, now: now))
      return ValidatedCommand(
        command: command, input: input, before: before, operations: operations, leaseSeconds: lease)
    } catch {
      throw CommandRefusal(.preconditionFailed, error.message)
    }
  }

  /// The checks that do not depend on how things are now: for a command whose time is still to come.
  func validateForLater(_ request: CommandRequest, _ made: ProfileCommand?) throws(CommandRefusal) {
    let command = if let made { made } else { try Self.command(for: request, of: target) }
    _ = try completed(try Self.checkNames(request.input, of: command), of: command, isLater: true)
    _ = try leaseSeconds(request.durationSeconds, of: command)
  }

  // MARK: The checks, in their order

  static func command(for request: CommandRequest, of target: DispatchTarget) throws(CommandRefusal) -> ProfileCommand {
    if request.name.kind == target.kind, let command = target.description.command(request.name.verb) { return command }
    let able = target.availableCommands(nil).map(\.name.description)
    throw CommandRefusal(
      .unsupportedCommand, "\(target.deviceID) cannot do \(request.name)",
      hint: "it can do \(able.joined(separator: ", "))")
  }

  static func checkNames(
    _ input: [String: ScalarValue], of command: ProfileCommand
  ) throws(CommandRefusal) -> [String: ScalarValue] {
    let known = command.inputs.map(\.name)
    for name in input.keys.sorted() where !known.contains(name) {
      throw CommandRefusal(
        .unsupportedParameter, "\(command.verb) has no parameter '\(name)'",
        hint: known.isEmpty ? "it takes none" : "it takes \(known.joined(separator: ", "))", parameter: name)
    }
    return input.filter { $0.value != .null }
  }

  static func checkReachable(_ connectivity: Connectivity, _ target: DispatchTarget) throws(CommandRefusal) {
    guard connectivity.state == .offline || connectivity.state == .unknown else { return }
    let reason = connectivity.lastError.map { ": \($0)" } ?? ""
    throw CommandRefusal(
      .deviceOffline, "\(target.deviceID) is \(connectivity.state.rawValue)\(reason)", hint: "see heddle status")
  }

  /// No control on old numbers: every gauge that the command looks at must be fresh.
  private func checkFreshness(of command: ProfileCommand) throws(CommandRefusal) {
    let limit = target.profile.staleAfter(part: target.part)
    let (seconds, attoseconds) = limit.components
    let limitMilliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    for name in lookedAt(by: command).sorted() {
      guard let field = Field.named(name), field.behavior == .gauge,
        let value = snapshot.value(name, part: target.part), value.quality != .missing
      else { continue }
      let age = now.millisecondsSince(value.observedAt)
      // An age below zero is from before wall time jumped back.
      if age > limitMilliseconds || age < -limitMilliseconds {
        throw CommandRefusal(
          .deviceStale, "\(name) of \(target.deviceID) is \(age / 1000) s old, the limit is \(seconds) s",
          hint: "wait for fresh telemetry or see heddle status")
      }
    }
  }

  private func lookedAt(by command: ProfileCommand) -> Set<String> {
    var names = command.confirm?.expect.names ?? []
    for precondition in command.preconditions { names.formUnion(precondition.expect.names) }
    for input in command.inputs {
      for expression in [input.min, input.max, input.defaultValue] { names.formUnion(expression?.names ?? []) }
    }
    return names.filter { !$0.hasPrefix("input.") && !$0.hasPrefix("before.") && !$0.hasPrefix("parameter.") }
  }

  private func completed(
    _ given: [String: ScalarValue], of command: ProfileCommand, isLater: Bool = false
  ) throws(CommandRefusal) -> [String: ScalarValue] {
    var input = given
    for definition in command.inputs {
      guard let value = given[definition.name] else {
        if let standard = definition.defaultValue {
          input[definition.name] = snapshot.evaluate(standard, part: target.part, input: input)
        }
        if definition.isOptional || isLater && definition.defaultValue != nil { continue }
        guard let value = input[definition.name], value != .null else {
          throw CommandRefusal(
            .missingParameter, "\(command.verb) needs '\(definition.name)'",
            hint: definition.help.isEmpty ? nil : definition.help, parameter: definition.name)
        }
        continue
      }
      try check(value, against: definition, input: input, isLater: isLater)
    }
    return input
  }

  private func check(
    _ value: ScalarValue, against definition: CommandInput, input: [String: ScalarValue], isLater: Bool
  ) throws(CommandRefusal) {
    switch definition.kind {
    case .number(let unit):
      guard case .number(let number) = value, number.isFinite else {
        throw CommandRefusal(
          .outOfRange, "'\(definition.name)' must be a number in \(unit.rawValue), it is '\(value)'",
          parameter: definition.name)
      }
      try checkLimits(number, unit, definition, input, isLater: isLater)
    case .flag:
      guard case .flag = value else {
        throw CommandRefusal(
          .outOfRange, "'\(definition.name)' must be true or false, it is '\(value)'", parameter: definition.name)
      }
    case .choice(let words):
      guard case .text(let word) = value, words.contains(word) else {
        throw CommandRefusal(
          .outOfRange, "'\(definition.name)' cannot be '\(value)'", hint: "one of \(words.joined(separator: ", "))",
          parameter: definition.name)
      }
    }
  }

  private func checkLimits(
    _ number: Double, _ unit: Unit, _ definition: CommandInput, _ input: [String: ScalarValue], isLater: Bool
  ) throws(CommandRefusal) {
    for (expression, isUpper) in [(definition.min, false), (definition.max, true)] {
      // Later the device may allow something else.
      guard let expression, !isLater || expression.names.isEmpty else { continue }
      guard let limit = snapshot.evaluate(expression, part: target.part, input: input).number else {
        throw CommandRefusal(
          .preconditionFailed,
          "the \(isUpper ? "upper" : "lower") limit of '\(definition.name)' (\(expression.text)) is not known now",
          hint: "wait until the device reports it")
      }
      guard isUpper ? number > limit : number < limit else { continue }
      let word = isUpper ? "above the highest" : "below the lowest"
      let origin = expression.names.isEmpty ? "" : " (\(expression.text))"
      throw CommandRefusal(
        .outOfRange,
        "'\(definition.name)' \(ScalarValue.number(number)) \(unit.rawValue) is \(word) value, "
          + "\(ScalarValue.number(limit)) \(unit.rawValue)\(origin)", parameter: definition.name)
    }
  }

  private func leaseSeconds(_ asked: Double?, of command: ProfileCommand) throws(CommandRefusal) -> Double? {
    guard target.description.revert(of: command) != nil else {
      guard asked == nil else {
        throw CommandRefusal(
          .unsupportedParameter, "\(command.verb) is a lasting setting and takes no duration",
          hint: "send it without one", parameter: "durationSeconds")
      }
      return nil
    }
    if asked == nil, case .steps = command.revert { return nil }
    let seconds = asked ?? Self.defaultLeaseSeconds
    guard seconds.isFinite, seconds >= 1, seconds <= Self.maxLeaseSeconds else {
      throw CommandRefusal(
        .outOfRange, "the duration must be between 1 s and \(Int(Self.maxLeaseSeconds)) s",
        parameter: "durationSeconds")
    }
    return seconds
  }
}

extension ScalarValue {
  var number: Double? { if case .number(let value) = self { value } else { nil } }
}
