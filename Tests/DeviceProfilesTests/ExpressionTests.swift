import DeviceProfiles
import EnergyModel
import Testing

@Suite struct ExpressionTests {
  static let names: [String: ScalarValue] = [
    "powerW": .number(-2000), "socPercent": .number(50), "mode": .text("heat"), "isOn": .flag(true),
    "input.powerW": .number(1500), "dcInputs.1.powerW": .number(7), "parameter.unit": .number(3),
  ]

  static func value(_ text: String) throws(ExpressionError) -> ScalarValue {
    try Expression(parsing: text).evaluate { names[$0] ?? .null }
  }

  @Test(
    "Formulas have the value that they say",
    arguments: [
      ("1 + 2 * 3", ScalarValue.number(7)), ("(1 + 2) * 3", .number(9)), ("2 - 3 - 4", .number(-5)),
      ("-2 * -3", .number(6)), ("- 2 + 5", .number(3)), ("7 % 4", .number(3)), ("0x10 + 1e2", .number(116)),
      ("powerW < -0.8 * input.powerW", .flag(true)), ("not isOn or socPercent >= 50", .flag(true)),
      ("not mode == 'heat'", .flag(false)), ("mode == 'it''s'", .flag(false)),
      ("socPercent > 40 ? 'high' : 'low'", .text("high")), ("false ? 1 : true ? 2 : 3", .number(2)),
      ("min(3, 1, 2)", .number(1)), ("max(3, 1, 2)", .number(3)), ("abs(powerW)", .number(2000)),
      ("sign(powerW)", .number(-1)), ("round(2.5)", .number(3)), ("floor(-1.5)", .number(-2)),
      ("ceil(1.2)", .number(2)), ("clamp(15, 0, 10)", .number(10)), ("bit(5, 2)", .flag(true)),
      ("bit(5, 1)", .flag(false)), ("present(unknown)", .flag(false)), ("first(unknown, 4)", .number(4)),
      ("sum(1, unknown, 2)", .number(3)), ("dcInputs.1.powerW + $unit", .number(10)),
      ("parameter.unit == $unit", .flag(true)), ("-2 - -2", .number(0)),
    ])
  func values(text: String, expected: ScalarValue) throws {
    #expect(try Self.value(text) == expected, "\(text)")
  }

  @Test(
    "What has no value, has no meaning or mixes types is null and never traps",
    arguments: [
      "unknown + 1", "1 / 0", "5 % 0", "1e308 * 10", "'a' + 1", "isOn + 1", "not 1", "unknown ? 1 : 2",
      "min(1, unknown)",
      "bit(1.5, 0)", "bit(1e300, 0)", "bit(1, 64)", "bit(1, -1)", "bit(1, 1e300)", "sum(1, 'a')", "1 and true",
      "isOn and unknown", "-'a'", "clamp(1, unknown, 2)",
    ])
  func absent(text: String) throws {
    #expect(try Self.value(text) == .null, "\(text)")
  }

  @Test(
    "Comparisons with an absent value are false",
    arguments: ["unknown == 1", "unknown != 1", "unknown < 1", "unknown >= 1", "null == null", "'a' < 1"])
  func comparisons(text: String) throws {
    #expect(try Self.value(text) == .flag(false), "\(text)")
  }

  @Test("One side decides 'and' and 'or' where the other is absent")
  func deciding() throws {
    #expect(try Self.value("false and unknown") == .flag(false))
    #expect(try Self.value("unknown or isOn") == .flag(true))
  }

  @Test(
    "A formula that cannot be read says where",
    arguments: [
      ("1 +", 4, "expected a value"), ("1 2", 3, "expected an operator"), ("mix(1)", 1, "unknown function 'mix'"),
      ("abs(1, 2)", 1, "abs takes 1"), ("a = 1", 3, "unexpected character '='"), ("'abc", 1, "no closing quote"),
      ("1.2.3", 1, "not a number"), ("$ + 1", 1, "needs the name"), ("(1", 3, "expected ')'"),
      ("", 1, "expected a value"),
      ("true ? 1", 9, "expected ':'"),
    ])
  func errors(text: String, column: Int, fragment: String) {
    let error = #expect(throws: ExpressionError.self) { try Expression(parsing: text) }
    #expect(error?.column == column, "\(text): \(String(describing: error))")
    #expect(error?.message.contains(fragment) == true, "\(text): \(String(describing: error))")
  }

  @Test("An unknown function is followed by the one that was meant")
  func suggestion() {
    let error = #expect(throws: ExpressionError.self) { try Expression(parsing: "presnt(x)") }
    #expect(error?.hint == "did you mean 'present'?")
  }

  @Test("Length and depth are bounded, whatever nests")
  func bounds() {
    let long = String(repeating: "1 + ", count: 300) + "1"
    #expect(throws: ExpressionError.self) { try Expression(parsing: long) }
    for (open, close) in [("(", ")"), ("not ", ""), ("-", ""), ("true ? 1 : ", ""), ("abs(", ")")] {
      let deep = String(repeating: open, count: 70) + "1" + String(repeating: close, count: 70)
      let error = #expect(throws: ExpressionError.self, "\(open)") { try Expression(parsing: deep) }
      #expect(error?.message == "the formula is nested too deeply")
    }
  }

  @Test("Random text is refused or evaluated, and never traps")
  func randomText() {
    let seed: UInt64 = 0x5EED_0001
    var numbers = SeededNumbers(seed: seed)
    let pieces = [
      "1", "x", "(", ")", "+", "-", "*", "/", "%", "?", ":", "and", "or", "not", "min(", "bit(", ",", "'a'", "==", "<",
      "1e308", "null", "true", " ", "$p", "0x", ".", "first(",
    ]
    var parsed = 0
    for _ in 0..<20_000 {
      let count = Int.random(in: 1...12, using: &numbers)
      let text = (0..<count).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &numbers)] }
        .joined(separator: " ")
      guard let expression = try? Expression(parsing: text) else { continue }
      parsed += 1
      if case .number(let value) = expression.evaluate({ _ in .number(3) }), !value.isFinite {
        Issue.record("seed \(seed): \(text) is \(value)")
      }
    }
    #expect(parsed > 100, "seed \(seed)")
  }

  @Test("Names are what the formula uses, with $ spelled out")
  func names() throws {
    let names = try Expression(parsing: "min(powerW, $unit) + battery.powerW - before.x").names
    #expect(names == ["powerW", "parameter.unit", "battery.powerW", "before.x"])
  }
}
