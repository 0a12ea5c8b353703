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

  /// The value with names looked up by their place in `nameList`: the way for compiled readers.
  func evaluate(byIndex lookup: (Int) -> ScalarValue) -> ScalarValue { root.evaluate(lookup) }

  /// The fixed value if the formula has no names.
  var constantValue: ScalarValue? { nameList.isEmpty ? root.evaluate { _ in .null } : nil }
}

extension Expression: Hashable {
  /// Formulas are equal when their texts are.
  public static func == (lhs: Expression, rhs: Expression) -> Bool { lhs.text == rhs.text }
  /// By the text.
  public func hash(into hasher: inout Hasher) { hasher.combine(text) }
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
  func evaluate(_ lookup: (Int) -> ScalarValue) -> ScalarValue {
    switch self {
    case .constant(let value): return value
    case .name(let index): return lookup(index)
    case .not(let operand):
      guard case .flag(let flag) = operand.evaluate(lookup) else { return .null }
      return .flag(!flag)
    case .minus(let operand):
      guard case .number(let value) = operand.evaluate(lookup) else { return .null }
      return .number(0 - value)
    case .binary(.and, let left, let right): return Self.conjunction(left, right, decides: false, lookup)
    case .binary(.or, let left, let right): return Self.conjunction(left, right, decides: true, lookup)
    case .binary(let sign, let left, let right):
      return Self.combine(sign, left.evaluate(lookup), right.evaluate(lookup))
    case .choice(let condition, let yes, let no):
      guard case .flag(let flag) = condition.evaluate(lookup) else { return .null }
      return flag ? yes.evaluate(lookup) : no.evaluate(lookup)
    case .call(let function, let arguments): return function.apply(arguments, lookup)
    }
  }

  /// `and` is decided by one `false`, `or` by one `true`, whatever the other side is.
  private static func conjunction(
    _ left: Self, _ right: Self, decides: Bool, _ lookup: (Int) -> ScalarValue
  ) -> ScalarValue {
    let first = left.evaluate(lookup)
    if first == .flag(decides) { return first }
    let second = right.evaluate(lookup)
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
  func apply(_ arguments: [Expression.Node], _ lookup: (Int) -> ScalarValue) -> ScalarValue {
    switch self {
    case .present: return .flag(arguments[0].evaluate(lookup) != .null)
    case .first:
      for argument in arguments {
        let value = argument.evaluate(lookup)
        if value != .null { return value }
      }
      return .null
    case .sum: return sum(arguments, lookup)
    case .matches:
      guard case .text(let text) = arguments[0].evaluate(lookup),
        case .text(let pattern) = arguments[1].evaluate(lookup)
      else { return .null }
      return .flag(Glob.matches(text, pattern: pattern))
    case .version:
      guard case .text(let text) = arguments[0].evaluate(lookup) else { return .null }
      return VersionText.number(text).map { .number($0) } ?? .null
    default: break
    }
    var numbers: [Double] = []
    numbers.reserveCapacity(arguments.count)
    for argument in arguments {
      guard case .number(let value) = argument.evaluate(lookup) else { return .null }
      numbers.append(value)
    }
    return apply(numbers)
  }

  /// Absent values count as 0; a text or flag makes the sum absent.
  private func sum(_ arguments: [Expression.Node], _ lookup: (Int) -> ScalarValue) -> ScalarValue {
    var total = 0.0
    for argument in arguments {
      switch argument.evaluate(lookup) {
      case .number(let value): total += value
      case .null: continue
      case .text, .flag: return .null
      }
    }
    return total.finite
  }

  private func apply(_ numbers: [Double]) -> ScalarValue {
    switch self {
    case .min: return (numbers.min() ?? .nan).finite
    case .max: return (numbers.max() ?? .nan).finite
    case .abs: return numbers[0].magnitude.finite
    case .sign: return .number(numbers[0] > 0 ? 1 : numbers[0] < 0 ? -1 : 0)
    case .round: return numbers[0].rounded().finite
    case .floor: return numbers[0].rounded(.down).finite
    case .ceil: return numbers[0].rounded(.up).finite
    case .clamp: return Swift.max(numbers[1], Swift.min(numbers[0], numbers[2])).finite
    case .bit:
      guard let bits = Int64(exactly: numbers[0]), let index = Int(exactly: numbers[1]), (0..<64).contains(index)
      else { return .null }
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
