import DeviceProfiles
import EnergyModel

/// What a simulated device understood of what was written to it.
struct RecognisedCommand: Sendable, Hashable {
  enum Meaning: Sendable, Hashable {
    /// - Parameter timeout: the device's own timer, if the command has one.
    case command(String, input: [String: ScalarValue], timeout: Duration?)
    /// The end of a command, by the steps of its revert.
    case undo(String)
    /// The timer of the command in force was fed.
    case renewal(Duration)
  }

  var part: Int
  var meaning: Meaning
}

/// Finds inputs of a command with which its steps say what was observed.
struct CommandMatcher {
  let snapshot: EndpointSnapshot
  /// Values before the write, for `before.…`.
  let before: [String: ScalarValue]
  let part: Int
  let command: ProfileCommand?
  var unknowns = Unknowns.inputs

  /// What is looked for in the expressions of some steps.
  enum Unknowns: String {
    /// The inputs of a command.
    case inputs = "input."
    /// The values from before a command, which the steps of its revert write back.
    case before = "before."
  }

  /// One value of a step beside the value that was seen.
  struct Pair {
    var expression: Expression
    var observed: ScalarValue
    /// Results that differ by no more count as equal: the resolution of the register.
    var tolerance: Double
  }

  /// The commands that take over a device, of which one at most is in force.
  static func isOverride(_ verb: String) -> Bool {
    ["charge", "discharge", "idle", "set-power-limit", "disconnect"].contains(verb)
  }

  /// Inputs for all pairs; `nil` when there are none.
  ///
  /// - Parameter lenient: values that depend on the state and on no input may differ, because the sender's state may be
  ///   older than ours.
  func inputs(
    for pairs: [Pair], known: [String: ScalarValue] = [:], lenient: Bool = false
  ) -> [String: ScalarValue]? {
    guard !lenient, let name = sharedWord(of: pairs, known) else {
      return solution(of: pairs, known: known, lenient: lenient)
    }
    for word in candidates(for: name, pairs[0]) {
      if let found = inputs(for: pairs, known: known.merging([name: word]) { $1 }) { return found }
    }
    return solution(of: pairs, known: known, lenient: lenient)
  }

  /// A word that shows in several values: only all of them together tell which one it was.
  private func sharedWord(of pairs: [Pair], _ known: [String: ScalarValue]) -> String? {
    command?.inputs.map(\.name).first { name in
      isWord(name) && known[name] == nil
        && pairs.count { unknowns(of: $0.expression, known).contains(name) } > 1
    }
  }

  private func solution(
    of pairs: [Pair], known: [String: ScalarValue], lenient: Bool
  ) -> [String: ScalarValue]? {
    var inputs = known
    var open = pairs
    // An expression of two inputs can be solved when the other expressions gave one of them.
    while !open.isEmpty {
      let ready = open.firstIndex { unknowns(of: $0.expression, inputs).isEmpty } ?? solvable(open, inputs)
      guard let index = ready else { return nil }
      let pair = open.remove(at: index)
      guard let found = match(pair, inputs, lenient: lenient) else { return nil }
      inputs.merge(found) { $1 }
    }
    return inputs
  }

  private func solvable(_ open: [Pair], _ inputs: [String: ScalarValue]) -> Int? {
    open.firstIndex { unknowns(of: $0.expression, inputs).count == 1 } ?? open.indices.first
  }

  /// Names of inputs in an expression that have no value yet.
  private func unknowns(of expression: Expression, _ inputs: [String: ScalarValue]) -> [String] {
    let prefix = unknowns.rawValue
    return expression.names.compactMap { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : nil }
      .filter { inputs[$0] == nil }.sorted()
  }

  private func match(_ pair: Pair, _ inputs: [String: ScalarValue], lenient: Bool) -> [String: ScalarValue]? {
    let open = unknowns(of: pair.expression, inputs)
    if open.isEmpty {
      let isState = pair.expression.names.contains { !$0.hasPrefix("parameter.") }
      let holds = Self.agree(evaluate(pair.expression, inputs), pair.observed, tolerance: pair.tolerance)
      return holds || (lenient && isState) ? [:] : nil
    }
    // An optional input was left out if its absence explains what was seen.
    if lenient, open.allSatisfy({ command?.input(named: $0)?.isOptional == true }) {
      let absent = inputs.merging(open.map { ($0, .null) }) { $1 }
      if Self.agree(evaluate(pair.expression, absent), pair.observed, tolerance: pair.tolerance) {
        return Dictionary(open.map { ($0, .null) }) { $1 }
      }
    }
    for name in open {
      // Of several inputs that say the same in different units, the others stay absent.
      var trial = inputs
      for other in open where other != name { trial[other] = .null }
      if let value = solve(pair, for: name, trial) { return [name: value] }
    }
    return nil
  }

  private func solve(_ pair: Pair, for name: String, _ inputs: [String: ScalarValue]) -> ScalarValue? {
    var solver = ExpressionSolver(
      evaluate: { value in
        var trial = inputs
        trial[name] = value
        return comparable(evaluate(pair.expression, trial), to: pair.observed)
      }, candidates: candidates(for: name, pair), tolerance: pair.tolerance)
    if isWord(name) {
      // A number would be anything else than the words that the expression asks for.
      return candidates(for: name, pair).first { solver.matches(solver.evaluate($0), pair.observed) }
    }
    if let range = range(of: name, inputs) { solver.bounds = range }
    guard let value = solver.solve(for: pair.observed), isAllowed(value, for: name, inputs) else { return nil }
    return value
  }

  /// Whether an input is a word or a flag, so that no number can stand for it.
  private func isWord(_ name: String) -> Bool {
    guard unknowns == .inputs else { return false }
    return switch command?.input(named: name)?.kind {
    case .choice, .flag: true
    case .number, nil: false
    }
  }

  private func candidates(for name: String, _ pair: Pair) -> [ScalarValue] {
    if unknowns == .before {
      return [.flag(true), .flag(false), pair.observed] + (Field.named(name)?.labels ?? []).map { .text($0) }
    }
    return switch command?.input(named: name)?.kind {
    case .choice(let words): words.map { .text($0) }
    case .flag: [.flag(true), .flag(false)]
    default: [pair.observed] + pair.expression.literals.filter { $0.finiteNumber != nil }
    }
  }

  private func isAllowed(_ value: ScalarValue, for name: String, _ inputs: [String: ScalarValue]) -> Bool {
    guard case .number(let number) = value else { return true }
    return range(of: name, inputs)?.contains(number) ?? true
  }

  /// What an input may be, a little wider because registers round; powers and percents are never negative.
  private func range(of name: String, _ inputs: [String: ScalarValue]) -> ClosedRange<Double>? {
    let input = unknowns == .inputs ? command?.input(named: name) : nil
    let low = input?.min.flatMap { evaluate($0, inputs).finiteNumber }
    let high = input?.max.flatMap { evaluate($0, inputs).finiteNumber }
    let floor =
      name.hasSuffix("W") || name.hasSuffix("CurrentA") || name.hasSuffix("Percent") || name == "watts"
        || name == "percent" ? 0.0 : -1e9
    let slack = max(abs(low ?? 0), abs(high ?? 0)) * 0.005 + 0.05
    let lower = max(floor, (low ?? floor) - slack)
    let upper = (high ?? 1e9) + slack
    return lower <= upper ? lower...upper : nil
  }

  private func evaluate(_ expression: Expression, _ inputs: [String: ScalarValue]) -> ScalarValue {
    switch unknowns {
    case .inputs: snapshot.evaluate(expression, part: part, input: inputs, before: before)
    case .before: snapshot.evaluate(expression, part: part, before: before.merging(inputs) { $1 })
    }
  }

  /// What writing values back means: the command with the present names of its inputs; `undo` when nothing was found.
  static func meaning(ofRevert verb: String, _ found: [String: ScalarValue]) -> RecognisedCommand.Meaning {
    guard !found.isEmpty else { return .undo(verb) }
    let names = [
      "hvacMode": "mode", "operatingMode": "mode", "fanMode": "mode", "chargingMode": "mode", "switchOn": "on",
    ]
    var input: [String: ScalarValue] = [:]
    for (field, value) in found { input[names[field] ?? field] = value }
    return .command(verb, input: input, timeout: nil)
  }

  /// What was seen in text (forms, topics) is compared as text.
  private func comparable(_ value: ScalarValue, to observed: ScalarValue) -> ScalarValue {
    if case .text = observed, case .text = value { return value }
    guard case .text(let text) = observed, let number = Double(text), case .number(let result) = value else {
      return value
    }
    return abs(number - result) < 1e-6 ? observed : value
  }

  /// Whether two values are the same on the wire; numbers in text count as numbers.
  static func agree(_ value: ScalarValue, _ observed: ScalarValue, tolerance: Double) -> Bool {
    if case .number(let number) = value, case .text(let text) = observed, let other = Double(text) {
      return abs(number - other) <= tolerance
    }
    if case .flag(let flag) = value, case .number(let number) = observed { return number == (flag ? 1 : 0) }
    if case .flag(let flag) = value, case .text(let text) = observed { return text == (flag ? "true" : "false") }
    return ExpressionSolver.matches(value, observed, tolerance: tolerance)
  }
}
