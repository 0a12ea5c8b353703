import EnergyModel
import LocalAPISchema

/// Everything that is wrong with a body, each with its place.
struct BodyProblems {
  private(set) var errors: [APIError.FieldError] = []
  private var hint: String?

  /// More than this are not listed.
  static let maxListed = 50

  mutating func add(_ pointer: String, _ detail: String, code: String = "INVALID_VALUE", hint: String? = nil) {
    if errors.isEmpty { self.hint = hint }
    guard errors.count < Self.maxListed else { return }
    errors.append(.init(pointer: pointer, code: code, detail: detail))
  }

  mutating func missing(_ pointer: String) {
    add(pointer, "'\(pointer.split(separator: "/").last ?? "")' is missing", code: "MISSING_FIELD")
  }

  /// Throws 422 with all of them, if there is one.
  func check() throws(APIError) {
    guard let first = errors.first else { return }
    let others = errors.count > 1 ? " (and \(errors.count - 1) more)" : ""
    throw APIError(
      status: 422, code: first.code, message: "\(first.pointer): \(first.detail)\(others)", hint: hint, errors: errors)
  }
}

/// An object inside a body, whose members are read one by one; what is wrong is noted and reads as absent.
struct BodyObject {
  let members: [String: JSONValue]
  let pointer: String

  /// - Parameter allowed: all names that it may have; others are noted.
  init(_ members: [String: JSONValue], at pointer: String = "", allowed: [String], _ problems: inout BodyProblems) {
    self.members = members
    self.pointer = pointer
    for name in members.keys.filter({ !allowed.contains($0) }).sorted() {
      let isCron = name.lowercased() == "cron"
      problems.add(
        place(name), "there is no field '\(name)' here", code: isCron ? "CRON_NOT_SUPPORTED" : "UNKNOWN_FIELD",
        hint: isCron ? Self.insteadOfCron : "possible are \(allowed.joined(separator: ", "))")
    }
  }

  static let insteadOfCron =
    "a cron line cannot say when a command ends, nor what happens when clocks change; "
    + "use weekly rules with daysOfWeek, startTime and endTime, or one ISO time"

  func place(_ name: String) -> String { "\(pointer)/\(RequestBodyReader.pointerToken(name))" }

  func has(_ name: String) -> Bool { members[name] != nil && members[name] != .null }

  func text(_ name: String, isRequired: Bool = false, _ problems: inout BodyProblems) -> String? {
    guard let value = value(name, isRequired, &problems) else { return nil }
    if case .text(let text) = value { return text }
    problems.add(place(name), "it must be a text", code: "INVALID_TYPE")
    return nil
  }

  func word<Word: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ type: Word.Type, _ problems: inout BodyProblems
  ) -> Word? {
    guard let text = text(name, &problems) else { return nil }
    if let word = Word(rawValue: text) { return word }
    problems.add(
      place(name), "it cannot be '\(text)'",
      hint: "one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
    return nil
  }

  func time(_ name: String, _ problems: inout BodyProblems) -> Timestamp? {
    guard let text = text(name, &problems) else { return nil }
    if let time = Timestamp(rfc3339: text) { return time }
    problems.add(place(name), "'\(text)' is not a time", hint: "2026-05-01T18:00:00+02:00")
    return nil
  }

  func flag(_ name: String, _ problems: inout BodyProblems) -> Bool? {
    guard let value = value(name, false, &problems) else { return nil }
    if case .flag(let flag) = value { return flag }
    problems.add(place(name), "it must be true or false", code: "INVALID_TYPE")
    return nil
  }

  func number(_ name: String, in range: ClosedRange<Double>, _ problems: inout BodyProblems) -> Double? {
    guard let value = value(name, false, &problems) else { return nil }
    guard case .number(let number) = value else {
      problems.add(place(name), "it must be a number", code: "INVALID_TYPE")
      return nil
    }
    guard range.contains(number) else {
      let limits = [range.lowerBound, range.upperBound].map { ScalarValue.number($0).description }
      problems.add(
        place(name), "it must be from \(limits[0]) to \(limits[1]), not \(ScalarValue.number(number))",
        code: "OUT_OF_RANGE")
      return nil
    }
    return number
  }

  func list(_ name: String, isRequired: Bool = false, _ problems: inout BodyProblems) -> [JSONValue]? {
    guard let value = value(name, isRequired, &problems) else { return nil }
    if case .array(let list) = value { return list }
    problems.add(place(name), "it must be a list", code: "INVALID_TYPE")
    return nil
  }

  func object(
    _ name: String, allowed: [String], isRequired: Bool = false, _ problems: inout BodyProblems
  ) -> BodyObject? {
    guard let value = value(name, isRequired, &problems) else { return nil }
    return Self.object(value, at: place(name), allowed: allowed, &problems)
  }

  static func object(
    _ value: JSONValue, at pointer: String, allowed: [String], _ problems: inout BodyProblems
  ) -> BodyObject? {
    if case .object(let members) = value { return BodyObject(members, at: pointer, allowed: allowed, &problems) }
    problems.add(pointer, "it must be an object", code: "INVALID_TYPE")
    return nil
  }

  /// An object whose values are numbers, words and flags, such as the input of a command.
  func scalars(_ name: String, _ problems: inout BodyProblems) -> [String: ScalarValue] {
    guard let value = value(name, false, &problems) else { return [:] }
    guard case .object(let object) = value else {
      problems.add(place(name), "it must be an object", code: "INVALID_TYPE")
      return [:]
    }
    var scalars: [String: ScalarValue] = [:]
    for (key, value) in object {
      switch value {
      case .number(let number): scalars[key] = .number(number)
      case .text(let text): scalars[key] = .text(text)
      case .flag(let flag): scalars[key] = .flag(flag)
      case .null: scalars[key] = .null
      case .array, .object:
        problems.add(
          "\(place(name))/\(RequestBodyReader.pointerToken(key))", "it must be a number, a text, true or false",
          code: "INVALID_TYPE")
      }
    }
    return scalars
  }

  private func value(_ name: String, _ isRequired: Bool, _ problems: inout BodyProblems) -> JSONValue? {
    guard let value = members[name], value != .null else {
      if isRequired { problems.missing(place(name)) }
      return nil
    }
    return value
  }
}
