import DeviceProfiles
import EnergyModel

/// What the points of an endpoint say: fields from physics, locals such that computed fields come out as physics wants.
struct EndpointValues: Sendable {
  let bound: BoundProfile
  let name: String
  /// By part, then by field or local.
  private(set) var values: [[String: ScalarValue]]
  /// Present values of controls, by part; they belong to who writes them.
  var controls: [[String: ScalarValue]]
  /// Fields that physics knows, by part.
  private(set) var physical: [Set<String>]
  /// Locals whose values are chosen here, by part.
  private let freeLocals: [Set<String>]
  /// Locals that look at the same place, in the same way, as a field of any part.
  private let aliases: [Alias]
  private let expressions: [[String: Expression]]
  private let candidates: [[String: [ScalarValue]]]

  /// A local that says the same as a field.
  private struct Alias: Sendable {
    var part: Int
    var local: String
    var fieldPart: Int
    var field: String
  }

  /// Computed values of computed values, at most so deep.
  static let maxDepth = 8
  /// Combinations of two locals that are tried.
  static let maxPairs = 4000

  init(bound: BoundProfile, name: String, scaleFactors: ScaleFactors) {
    self.bound = bound
    self.name = name
    let parts = bound.profile.parts
    controls = parts.map { _ in [:] }
    physical = parts.map { _ in [] }
    expressions = parts.map { part in
      var found: [String: Expression] = [:]
      for point in part.points { if case .computed(let expression) = point.source { found[point.name] = expression } }
      return found
    }
    freeLocals = parts.enumerated().map { index, part in
      Set(
        part.points.filter { point in
          guard case .local(let name) = point.target, scaleFactors.exponent(local: name, part: index) == nil else {
            return false
          }
          switch point.source {
          case .computed, .constant: return false
          default: return true
          }
        }.map(\.name))
    }
    aliases = Self.aliases(parts)
    values = parts.enumerated().map { index, part in Self.initialLocals(part, index, scaleFactors) }
    candidates = parts.map { part in Self.candidates(part) }
  }

  private static func aliases(_ parts: [ProfilePart]) -> [Alias] {
    var result: [Alias] = []
    for (index, part) in parts.enumerated() {
      for local in part.points {
        guard case .local = local.target else { continue }
        for (fieldPart, other) in parts.enumerated() {
          for field in other.points where field.saysTheSame(as: local) {
            result.append(Alias(part: index, local: local.name, fieldPart: fieldPart, field: field.name))
          }
        }
      }
    }
    return result
  }

  private static func initialLocals(
    _ part: ProfilePart, _ index: Int, _ scaleFactors: ScaleFactors
  ) -> [String: ScalarValue] {
    var result: [String: ScalarValue] = [:]
    for point in part.points {
      guard case .local(let name) = point.target else { continue }
      if case .constant(let value) = point.source {
        result[name] = value
      } else if case .computed = point.source {
        continue
      } else if let exponent = scaleFactors.exponent(local: name, part: index) {
        result[name] = .number(Double(exponent))
      } else if let most = part.mostCounted(by: name) {
        result[name] = .number(Double(min(most, 2)))
      } else {
        result[name] = initial(point)
      }
    }
    return result
  }

  private static func initial(_ point: ProfilePoint) -> ScalarValue {
    // What may be missing is missing, unless a computed field needs it.
    if point.isOptional { return .null }
    if let words = point.conversion.enumeration {
      return words.min { $0.key.description < $1.key.description }?.value ?? .null
    }
    if case .register(let source) = point.source, case .string = source.type { return .text("1") }
    return .number(point.valid.map { $0.clamping(0) } ?? 0)
  }

  /// What each local may be worth trying as.
  private static func candidates(_ part: ProfilePart) -> [String: [ScalarValue]] {
    var literals: [ScalarValue] = []
    for point in part.points { if case .computed(let expression) = point.source { literals += expression.literals } }
    var result: [String: [ScalarValue]] = [:]
    for point in part.points {
      guard case .local(let name) = point.target else { continue }
      result[name] = point.conversion.enumeration.map { Array($0.values) } ?? literals.filter { point.canSay($0) }
    }
    return result
  }

  /// Takes all fields from physics, then chooses the locals.
  mutating func refresh(from home: SimulatedHome, roles: [SimulatedRole]) {
    for (index, part) in bound.profile.parts.enumerated() {
      for point in part.points {
        guard case .field(let field) = point.target else { continue }
        if case .constant(let value) = point.source {
          values[index][field.name] = value
        } else if let value = home.value(of: field, as: roles[index]) {
          values[index][field.name] = value
          physical[index].insert(field.name)
        } else {
          values[index][field.name] = PlausibleValues.value(of: field, profile: bound.profile, name: name)
        }
      }
    }
    for alias in aliases where physical[alias.fieldPart].contains(alias.field) {
      values[alias.part][alias.local] = values[alias.fieldPart][alias.field]
    }
    for index in bound.profile.parts.indices {
      for (name, expression) in expressions[index].sorted(by: { $0.key < $1.key }) {
        guard let field = Field.named(name), let wanted = values[index][name],
          !dependsOnControl(expression, part: index)
        else { continue }
        solve(expression, wanted: wanted, label: !field.labels.isEmpty, part: index)
      }
    }
  }

  /// Makes a computed field come out as wanted, or as the nearest word, by choosing locals; keeps them if it cannot.
  private mutating func solve(_ expression: Expression, wanted: ScalarValue, label: Bool, part: Int) {
    var goals = [wanted]
    if label, case .text(let word) = wanted { goals += PlausibleValues.nearest(to: word).map { .text($0) } }
    let unknowns = unknownLocals(of: expression, part: part)
    for goal in goals {
      let tolerance = abs(goal.finiteNumber ?? 0) * 1e-4 + 1e-3
      if ExpressionSolver.matches(evaluate(expression, part: part), goal, tolerance: tolerance) { return }
      for unknown in unknowns where solve(expression, for: unknown, goal, tolerance, part) { return }
      if solvePair(expression, unknowns, goal, tolerance, part) { return }
    }
  }

  private mutating func solve(
    _ expression: Expression, for unknown: String, _ goal: ScalarValue, _ tolerance: Double, _ part: Int
  ) -> Bool {
    let present = self
    let solver = ExpressionSolver(
      evaluate: { present.evaluate(expression, part: part, with: [unknown: $0]) },
      candidates: candidates[part][unknown] ?? [], tolerance: tolerance)
    guard let solution = solver.solve(for: goal) else { return false }
    values[part][unknown] = solution
    return true
  }

  private mutating func solvePair(
    _ expression: Expression, _ unknowns: [String], _ goal: ScalarValue, _ tolerance: Double, _ part: Int
  ) -> Bool {
    var tries = 0
    for (index, first) in unknowns.enumerated() {
      for second in unknowns.dropFirst(index + 1) {
        for a in candidates[part][first] ?? [] {
          for b in candidates[part][second] ?? [] {
            tries += 1
            guard tries <= Self.maxPairs else { return false }
            let result = evaluate(expression, part: part, with: [first: a, second: b])
            guard ExpressionSolver.matches(result, goal, tolerance: tolerance) else { continue }
            values[part][first] = a
            values[part][second] = b
            return true
          }
        }
      }
    }
    return false
  }

  /// Whether a computed value follows what was written to the device: then it is not ours to choose.
  private func dependsOnControl(_ expression: Expression, part: Int, depth: Int = 0) -> Bool {
    guard depth < Self.maxDepth else { return false }
    return expression.names.contains { name in
      bound.profile.parts[part].controls.contains { $0.name == name }
        || expressions[part][name].map { dependsOnControl($0, part: part, depth: depth + 1) } == true
    }
  }

  /// The locals that a computed value depends on, also through other computed values, in the order of the text.
  private func unknownLocals(of expression: Expression, part: Int, depth: Int = 0) -> [String] {
    guard depth < Self.maxDepth else { return [] }
    var found: Set<String> = []
    for name in expression.names {
      if freeLocals[part].contains(name) {
        found.insert(name)
      } else if let inner = expressions[part][name] {
        found.formUnion(unknownLocals(of: inner, part: part, depth: depth + 1))
      }
    }
    let text = expression.text
    for alias in aliases where alias.part == part && physical[alias.fieldPart].contains(alias.field) {
      found.remove(alias.local)
    }
    return found.sorted { a, b in
      (text.firstRange(of: a)?.lowerBound ?? text.endIndex, a) < (
        text.firstRange(of: b)?.lowerBound ?? text.endIndex, b
      )
    }
  }

  // MARK: Names

  /// The result of an expression over present values, some of them replaced.
  func evaluate(_ expression: Expression, part: Int, with replaced: [String: ScalarValue] = [:]) -> ScalarValue {
    evaluate(expression, part: part, with: replaced, depth: 0)
  }

  private func evaluate(
    _ expression: Expression, part: Int, with replaced: [String: ScalarValue], depth: Int
  ) -> ScalarValue {
    expression.evaluate { name in value(name, part: part, replaced, depth) }
  }

  private func value(_ name: String, part: Int, _ replaced: [String: ScalarValue], _ depth: Int) -> ScalarValue {
    if let value = replaced[name] { return value }
    if let inner = expressions[part][name], depth < Self.maxDepth, Field.named(name) == nil || depth > 0 {
      return evaluate(inner, part: part, with: replaced, depth: depth + 1)
    }
    if let value = values[part][name] ?? controls[part][name] { return value }
    if name.hasPrefix("parameter.") { return bound.parameters[String(name.dropFirst("parameter.".count))] ?? .null }
    guard let dot = name.firstIndex(of: ".") else { return .null }
    let owner = name[..<dot]
    guard let other = bound.profile.parts.firstIndex(where: { $0.name == owner }) else { return .null }
    return values[other][String(name[name.index(after: dot)...])] ?? .null
  }

  /// The value that a name of a part has now.
  func value(of name: String, part: Int) -> ScalarValue { values[part][name] ?? .null }

  /// The value that a point of a part says now.
  func value(of point: ProfilePoint, part: Int) -> ScalarValue { values[part][point.name] ?? .null }
}

extension ProfilePoint {
  /// Whether the place of a local can hold a value at all: integers know no flags and no words.
  fileprivate func canSay(_ value: ScalarValue) -> Bool {
    guard case .register(let register) = source, !register.table.isBits else { return true }
    if case .string = register.type { return true }
    return value.finiteNumber != nil
  }

  /// Whether this is a field at the same place with the same numbers as a local.
  fileprivate func saysTheSame(as local: ProfilePoint) -> Bool {
    guard case .field = target, conversion.enumeration == nil, local.conversion.enumeration == nil,
      conversion.scale == local.conversion.scale, conversion.offset == local.conversion.offset,
      conversion.negate == local.conversion.negate, conversion.bits == local.conversion.bits,
      conversion.unit == local.conversion.unit
    else { return false }
    switch (source, local.source) {
    case (.register(let a), .register(let b)): return a == b
    case (.sunSpec(let a), .sunSpec(let b)): return a == b
    case (.message(let a), .message(let b)): return a == b
    case (.response(let a), .response(let b)): return a == b
    default: return false
    }
  }
}

extension ProfilePart {
  /// How many values a local can count at most; `nil` where it counts none.
  fileprivate func mostCounted(by local: String) -> Int? {
    points.compactMap { point -> Int? in
      guard case .register(let source) = point.source, let repetition = source.repetition,
        repetition.count == .local(local)
      else { return nil }
      return repetition.max
    }.max()
  }
}
