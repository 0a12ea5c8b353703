public import EnergyModel

/// A formula of a profile: total, bounded, without side effects.
///
/// Absent values propagate: anything with `null` in it is `null`, except `first`, `sum`, `present`, the branches of a
/// condition, and `and`/`or` where the other side decides. Comparisons with `null` are false. Division by zero, a mix
/// of types and results that are not finite are `null` too, so evaluation never traps.
public struct Expression: Sendable {
  /// The longest text that is read, in characters.
  public static let maxLength = 1000
  /// Deeper nesting of parentheses, calls and operators is refused.
  public static let maxDepth = 32
  /// More arguments in one call are refused.
  public static let maxArguments = 32

  /// The text as written.
  public let text: String
  /// The free names, each once, in the order of their first use; nodes refer to them by index.
  let nameList: [String]
  let root: Node

  /// The free names, such as `powerW`, `battery.powerW`, `input.powerW`, `before.heatSetpointC`, `parameter.unit`.
  /// `$unit` is the same as `parameter.unit`.
  public var names: Set<String> { Set(nameList) }

  /// Reads a formula; the error says what is wrong and at which character.
  public init(parsing text: String) throws(ExpressionError) {
    var parser = try ExpressionParser(text)
    root = try parser.parse()
    nameList = parser.names
    self.text = text
  }

  /// A formula that is one fixed value.
  public init(constant value: ScalarValue) {
    if case .text(let word) = value { text = "'\(word)'" } else { text = value.description }
    nameList = []
    root = .constant(value)
  }

  /// The value with names looked up by the caller, who answers `null` for what has no value now.
  public func evaluate(_ lookup: (String) -> ScalarValue) -> ScalarValue {
    evaluate(byIndex: { lookup(nameList[$0]) })
  }

  /// The value with names looked up by their place in `nameList`.
  func evaluate(byIndex lookup: (Int) -> ScalarValue) -> ScalarValue {
    withoutActuallyEscaping(lookup) { lookup in
      var inputs = ClosureInputs(lookup: lookup)
      return root.evaluate(&inputs)
    }
  }

  /// The fixed value if the formula has no names.
  var constantValue: ScalarValue? { nameList.isEmpty ? evaluate(byIndex: { _ in .null }) : nil }
}

extension Expression: Hashable {
  /// Formulas are equal when their texts are.
  public static func == (lhs: Expression, rhs: Expression) -> Bool { lhs.text == rhs.text }
  /// By the text.
  public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

/// Where a formula gets the values of its names from. Handed on in place: a closure that is handed on through a tree
/// copies what it has caught at each node.
protocol ExpressionInputs {
  /// The value of the name at that place in `nameList`.
  mutating func value(at index: Int) -> ScalarValue
}

private struct ClosureInputs: ExpressionInputs {
  let lookup: (Int) -> ScalarValue

  func value(at index: Int) -> ScalarValue { lookup(index) }
}

/// Why a text is not a formula.
public struct ExpressionError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong, in words.
  public var message: String
  /// 1-based character in the text.
  public var column: Int
  /// What was probably meant; may be absent.
  public var hint: String?

  /// Character and message in one line.
  public var description: String { "character \(column): \(message)" }
}

extension Expression {
  indirect enum Node: Sendable {
    case constant(ScalarValue)
    case name(Int)
    case not(Node)
    case minus(Node)
    case binary(Operator, Node, Node)
    case choice(Node, Node, Node)
    case call(Function, [Node])
  }

  enum Operator: Sendable {
    case add, subtract, multiply, divide, remainder
    case equal, unequal, less, lessOrEqual, greater, greaterOrEqual
    case and, or
  }

  enum Function: String, CaseIterable, Sendable {
    case min, max, abs, sign, round, floor, ceil, clamp, bit, present, first, sum, matches, version

    /// How many arguments it takes.
    var arity: ClosedRange<Int> {
      switch self {
      case .abs, .sign, .round, .floor, .ceil, .present, .version: 1...1
      case .bit, .matches: 2...2
      case .clamp: 3...3
      case .min, .max, .first, .sum: 1...Expression.maxArguments
      }
    }
  }
}

extension Expression.Node {
  func evaluate(_ inputs: inout some ExpressionInputs) -> ScalarValue {
    switch self {
    case .constant(let value): return value
    case .name(let index): return inputs.value(at: index)
    case .not(let operand):
      guard case .flag(let flag) = operand.evaluate(&inputs) else { return .null }
      return .flag(!flag)
    case .minus(let operand):
      guard case .number(let value) = operand.evaluate(&inputs) else { return .null }
      return .number(0 - value)
    case .binary(.and, let left, let right): return Self.conjunction(left, right, decides: false, &inputs)
    case .binary(.or, let left, let right): return Self.conjunction(left, right, decides: true, &inputs)
    case .binary(let sign, let left, let right):
      return Self.combine(sign, left.evaluate(&inputs), right.evaluate(&inputs))
    case .choice(let condition, let yes, let no):
      guard case .flag(let flag) = condition.evaluate(&inputs) else { return .null }
      return flag ? yes.evaluate(&inputs) : no.evaluate(&inputs)
    case .call(let function, let arguments): return function.apply(arguments, &inputs)
    }
  }

  /// `and` is decided by one `false`, `or` by one `true`, whatever the other side is.
  private static func conjunction(
    _ left: Self, _ right: Self, decides: Bool, _ inputs: inout some ExpressionInputs
  ) -> ScalarValue {
    let first = left.evaluate(&inputs)
    if first == .flag(decides) { return first }
    let second = right.evaluate(&inputs)
    if second == .flag(decides) { return second }
    guard case .flag = first, case .flag = second else { return .null }
    return .flag(!decides)
  }

  private static func combine(_ sign: Expression.Operator, _ left: ScalarValue, _ right: ScalarValue) -> ScalarValue {
    switch sign {
    case .add, .subtract, .multiply, .divide, .remainder:
      guard case .number(let a) = left, case .number(let b) = right else { return .null }
      return arithmetic(sign, a, b).finite
    case .equal: return .flag(left != .null && left == right)
    case .unequal: return .flag(left != .null && right != .null && left != right)
    case .less, .lessOrEqual, .greater, .greaterOrEqual:
      guard case .number(let a) = left, case .number(let b) = right else { return .flag(false) }
      return .flag(order(sign, a, b))
    case .and, .or: return .null
    }
  }

  private static func arithmetic(_ sign: Expression.Operator, _ a: Double, _ b: Double) -> Double {
    switch sign {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: b == 0 ? .nan : a / b
    case .remainder: b == 0 ? .nan : a.truncatingRemainder(dividingBy: b)
    default: .nan
    }
  }

  private static func order(_ sign: Expression.Operator, _ a: Double, _ b: Double) -> Bool {
    switch sign {
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    default: a >= b
    }
  }
}

extension Expression.Function {
  func apply(_ arguments: [Expression.Node], _ inputs: inout some ExpressionInputs) -> ScalarValue {
    switch self {
    case .present: return .flag(arguments[0].evaluate(&inputs) != .null)
    case .first:
      for argument in arguments {
        let value = argument.evaluate(&inputs)
        if value != .null { return value }
      }
      return .null
    case .sum: return sum(arguments, &inputs)
    case .matches:
      guard case .text(let text) = arguments[0].evaluate(&inputs),
        case .text(let pattern) = arguments[1].evaluate(&inputs)
      else { return .null }
      return .flag(Glob.matches(text, pattern: pattern))
    case .version:
      guard case .text(let text) = arguments[0].evaluate(&inputs) else { return .null }
      return VersionText.number(text).map { .number($0) } ?? .null
    default: break
    }
    guard case .number(var first) = arguments[0].evaluate(&inputs) else { return .null }
    // The arguments of `clamp` are the most that stay apart.
    var rest = (0.0, 0.0)
    for index in 1..<Swift.max(1, arguments.count) {
      guard case .number(let value) = arguments[index].evaluate(&inputs) else { return .null }
      switch self {
      case .min: first = value < first ? value : first
      case .max: first = first < value ? value : first
      default: if index == 1 { rest.0 = value } else { rest.1 = value }
      }
    }
    return apply(first, rest.0, rest.1)
  }

  /// Absent values count as 0; a text or flag makes the sum absent.
  private func sum(_ arguments: [Expression.Node], _ inputs: inout some ExpressionInputs) -> ScalarValue {
    var total = 0.0
    for argument in arguments {
      switch argument.evaluate(&inputs) {
      case .number(let value): total += value
      case .null: continue
      case .text, .flag: return .null
      }
    }
    return total.finite
  }

  private func apply(_ a: Double, _ b: Double, _ c: Double) -> ScalarValue {
    switch self {
    case .min, .max: return a.finite
    case .abs: return a.magnitude.finite
    case .sign: return .number(a > 0 ? 1 : a < 0 ? -1 : 0)
    case .round: return a.rounded().finite
    case .floor: return a.rounded(.down).finite
    case .ceil: return a.rounded(.up).finite
    case .clamp: return Swift.max(b, Swift.min(a, c)).finite
    case .bit:
      guard let bits = Int64(exactly: a), let index = Int(exactly: b), (0..<64).contains(index) else { return .null }
      return .flag(bits >> Int64(index) & 1 == 1)
    case .present, .first, .sum, .matches, .version: return .null
    }
  }
}

extension Double {
  /// The number, or `null` where it is not finite.
  var finite: ScalarValue { isFinite ? .number(self) : .null }
}

extension ScalarValue {
  /// The number, if this is one.
  var number: Double? { if case .number(let value) = self { value } else { nil } }
}
