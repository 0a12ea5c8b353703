import EnergyModel
import LocatedYAML

/// Reads formulas by operator precedence (Pratt, "Top down operator precedence", 1973).
struct ExpressionParser {
  private enum Token: Equatable {
    case number(Double)
    case text(String)
    case name(String)
    case symbol(String)
    case end
  }

  private(set) var names: [String] = []
  private var tokens: [(token: Token, column: Int)] = []
  private var index = 0
  private var depth = 0

  init(_ text: String) throws(ExpressionError) {
    guard text.count <= Expression.maxLength else {
      throw ExpressionError(message: "the formula is longer than \(Expression.maxLength) characters", column: 1)
    }
    try tokenize(Array(text))
  }

  mutating func parse() throws(ExpressionError) -> Expression.Node {
    let node = try conditional()
    guard peek == .end else { throw unexpected("an operator or the end") }
    return node
  }

  // MARK: Grammar

  private mutating func conditional() throws(ExpressionError) -> Expression.Node {
    try enter()
    defer { depth -= 1 }
    let condition = try binary(atLeast: 1)
    guard accept("?") else { return condition }
    let yes = try conditional()
    try expect(":")
    return .choice(condition, yes, try conditional())
  }

  private mutating func binary(atLeast minimum: Int) throws(ExpressionError) -> Expression.Node {
    try enter()
    defer { depth -= 1 }
    var left = try prefix()
    var chained = 0
    while let (sign, precedence) = operatorAhead(), precedence >= minimum {
      index += 1
      // A long chain nests on its left side, so it has to count as depth like everything else.
      chained += 1
      guard depth + chained <= Self.maxNesting else { throw tooDeep }
      left = .binary(sign, left, try binary(atLeast: precedence + 1))
    }
    return left
  }

  private mutating func prefix() throws(ExpressionError) -> Expression.Node {
    if accept("not") { return .not(try binary(atLeast: 3)) }
    if accept("-") {
      let operand = try binary(atLeast: 6)
      if case .constant(.number(let value)) = operand { return .constant(.number(0 - value)) }
      return .minus(operand)
    }
    return try primary()
  }

  private mutating func primary() throws(ExpressionError) -> Expression.Node {
    let column = tokens[index].column
    switch peek {
    case .number(let value):
      index += 1
      return .constant(.number(value))
    case .text(let value):
      index += 1
      return .constant(.text(value))
    case .name(let name):
      index += 1
      if accept("(") { return try call(name, at: column) }
      return word(name)
    case .symbol("("):
      index += 1
      let node = try conditional()
      try expect(")")
      return node
    case .symbol, .end: throw unexpected("a value")
    }
  }

  private mutating func word(_ name: String) -> Expression.Node {
    switch name {
    case "true": return .constant(.flag(true))
    case "false": return .constant(.flag(false))
    case "null": return .constant(.null)
    default: break
    }
    let full = name.hasPrefix("$") ? "parameter.\(name.dropFirst())" : name
    if let known = names.firstIndex(of: full) { return .name(known) }
    names.append(full)
    return .name(names.count - 1)
  }

  private mutating func call(_ name: String, at column: Int) throws(ExpressionError) -> Expression.Node {
    guard let function = Expression.Function(rawValue: name) else {
      throw ExpressionError(
        message: "unknown function '\(name)'", column: column,
        hint: Suggestion.hint(for: name, among: Expression.Function.allCases.map(\.rawValue)))
    }
    var arguments: [Expression.Node] = []
    if !accept(")") {
      repeat { arguments.append(try conditional()) } while accept(",")
      try expect(")")
    }
    guard function.arity.contains(arguments.count) else {
      let wanted = function.arity.lowerBound
      let word = function.arity.count == 1 ? "\(wanted)" : "\(wanted) to \(function.arity.upperBound)"
      throw ExpressionError(message: "\(name) takes \(word) values, it has \(arguments.count)", column: column)
    }
    return .call(function, arguments)
  }

  private func operatorAhead() -> (sign: Expression.Operator, precedence: Int)? {
    let symbol: String
    switch peek {
    case .symbol(let text): symbol = text
    case .name(let text): symbol = text
    default: return nil
    }
    switch symbol {
    case "or": return (.or, 1)
    case "and": return (.and, 2)
    case "==": return (.equal, 3)
    case "!=": return (.unequal, 3)
    case "<": return (.less, 3)
    case "<=": return (.lessOrEqual, 3)
    case ">": return (.greater, 3)
    case ">=": return (.greaterOrEqual, 3)
    case "+": return (.add, 4)
    case "-": return (.subtract, 4)
    case "*": return (.multiply, 5)
    case "/": return (.divide, 5)
    case "%": return (.remainder, 5)
    default: return nil
    }
  }

  // MARK: Steps

  /// Each parenthesis costs two levels of this parser: condition and operators.
  private static let maxNesting = Expression.maxDepth * 2

  private var tooDeep: ExpressionError {
    ExpressionError(message: "the formula is nested too deeply", column: tokens[index].column)
  }

  private mutating func enter() throws(ExpressionError) {
    depth += 1
    guard depth <= Self.maxNesting else { throw tooDeep }
  }

  private var peek: Token { tokens[index].token }

  private mutating func accept(_ symbol: String) -> Bool {
    guard peek == .symbol(symbol) || (symbol == "not" && peek == .name(symbol)) else { return false }
    index += 1
    return true
  }

  private mutating func expect(_ symbol: String) throws(ExpressionError) {
    guard accept(symbol) else { throw unexpected("'\(symbol)'") }
  }

  private func unexpected(_ wanted: String) -> ExpressionError {
    let found =
      switch peek {
      case .number(let value): "the number \(ScalarValue.number(value))"
      case .text(let text): "the text '\(text)'"
      case .name(let name): "'\(name)'"
      case .symbol(let symbol): "'\(symbol)'"
      case .end: "the end of the formula"
      }
    return ExpressionError(message: "expected \(wanted), found \(found)", column: tokens[index].column)
  }
}

// MARK: Tokens

extension ExpressionParser {
  private mutating func tokenize(_ text: [Character]) throws(ExpressionError) {
    var position = 0
    while position < text.count {
      let character = text[position]
      if character.isWhitespace {
        position += 1
      } else if Self.isDigit(character) {
        try takeNumber(text, &position)
      } else if Self.isLetter(character) || character == "$" {
        try takeName(text, &position)
      } else if character == "'" {
        try takeText(text, &position)
      } else {
        try takeSymbol(text, &position)
      }
    }
    tokens.append((.end, text.count + 1))
  }

  private mutating func takeNumber(_ text: [Character], _ position: inout Int) throws(ExpressionError) {
    let start = position
    while position < text.count {
      let character = text[position]
      let isExponentSign =
        (character == "+" || character == "-") && (text[position - 1] == "e" || text[position - 1] == "E")
        && !(position > start + 1 && (text[start + 1] == "x" || text[start + 1] == "X"))
      guard Self.isDigit(character) || Self.isLetter(character) || character == "." || isExponentSign else { break }
      position += 1
    }
    let word = String(text[start..<position])
    guard let value = Double(word), value.isFinite else {
      throw ExpressionError(message: "'\(word)' is not a number", column: start + 1)
    }
    tokens.append((.number(value), start + 1))
  }

  /// Segments of letters and digits with points between them; a later segment may start with a digit
  /// (`dcInputs.1.powerW`).
  private mutating func takeName(_ text: [Character], _ position: inout Int) throws(ExpressionError) {
    let start = position
    position += 1
    while position < text.count {
      let character = text[position]
      let goesOn = position + 1 < text.count && (Self.isLetter(text[position + 1]) || Self.isDigit(text[position + 1]))
      guard Self.isLetter(character) || Self.isDigit(character) || (character == "." && goesOn) else { break }
      position += 1
    }
    let name = String(text[start..<position])
    guard name != "$" else {
      throw ExpressionError(message: "'$' needs the name of a parameter behind it", column: start + 1)
    }
    tokens.append((.name(name), start + 1))
  }

  private mutating func takeText(_ text: [Character], _ position: inout Int) throws(ExpressionError) {
    let start = position
    var value = ""
    position += 1
    while position < text.count {
      if text[position] == "'" {
        // Two quotes in a row are one quote inside the text.
        guard position + 1 < text.count, text[position + 1] == "'" else {
          position += 1
          tokens.append((.text(value), start + 1))
          return
        }
        position += 1
      }
      value.append(text[position])
      position += 1
    }
    throw ExpressionError(message: "the text has no closing quote", column: start + 1)
  }

  private mutating func takeSymbol(_ text: [Character], _ position: inout Int) throws(ExpressionError) {
    let character = String(text[position])
    if position + 1 < text.count, ["==", "!=", "<=", ">="].contains(character + String(text[position + 1])) {
      tokens.append((.symbol(character + String(text[position + 1])), position + 1))
      position += 2
      return
    }
    guard "+-*/%<>()?:,".contains(character) else {
      let hints = [
        "=": "write == to compare", "&": "write 'and'", "|": "write 'or'", "!": "write 'not'",
        "\"": "write text in single quotes",
      ]
      throw ExpressionError(
        message: "unexpected character '\(character)'", column: position + 1, hint: hints[character])
    }
    tokens.append((.symbol(character), position + 1))
    position += 1
  }

  private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }
  private static func isLetter(_ character: Character) -> Bool {
    ("a"..."z").contains(character) || ("A"..."Z").contains(character) || character == "_"
  }
}
