import DeviceProfiles
import EnergyModel
import Foundation
import LocalAPISchema

extension CarbonSeries {
  /// Times below are seconds since 1970, above milliseconds: the limit is the year 5138 in the one and 1973 in the other.
  private static let largestSecond = 1e11

  /// Reads a JSON document whose times and values are where the paths say. A path has at most one `*`; the n-th time
  /// belongs to the n-th value. Values that are null, with or without a time, are left out.
  init(json text: String, at paths: CarbonRequest.Paths) throws(Failure) {
    guard let document = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else {
      throw Failure(message: "the answer is not JSON", hint: "")
    }
    let times = try Self.values(at: paths.time, "time", in: document)
    let values = try Self.values(at: paths.value, "value", in: document)
    guard times.count == values.count else {
      throw Failure(
        message: "there are \(times.count) times at \(paths.time) and \(values.count) values at \(paths.value)",
        hint: "both paths must lead through lists of the same length")
    }
    var points: [Point] = []
    for (index, pair) in zip(times, values).enumerated() {
      guard let value = pair.1, value != .null else { continue }
      guard let number = Self.number(value) else {
        throw Failure(message: "\(paths.value), element \(index): \(Self.words(value)) is not a number", hint: "")
      }
      guard let time = pair.0, let at = Self.time(time) else {
        let found = pair.0.map(Self.words) ?? "nothing"
        throw Failure(message: "\(paths.time), element \(index): \(found) is not a time", hint: "")
      }
      points.append(try Self.point(at, number * paths.unit.grams, "\(paths.value), element \(index)"))
    }
    guard !points.isEmpty else { throw Failure(message: "there is no value at \(paths.value)", hint: "") }
    self.init(points)
  }

  /// What a path leads to: one thing for each element of the list at its `*`, in order; `nil` where an element has none.
  private static func values(
    at path: DocumentPath, _ field: String, in document: JSONValue
  ) throws(Failure) -> [JSONValue?] {
    guard let star = path.steps.firstIndex(of: .any) else {
      guard let value = follow(path.steps[...], from: document) else { throw nothing(path, field) }
      return [value]
    }
    guard case .array(let list)? = follow(path.steps[..<star], from: document) else { throw nothing(path, field) }
    try checkCount(list.count)
    return list.map { follow(path.steps[(star + 1)...], from: $0) }
  }

  private static func nothing(_ path: DocumentPath, _ field: String) -> Failure {
    Failure(message: "the answer has nothing at \(path) (\(field))", hint: "compare the path with the answer")
  }

  private static func follow(_ steps: ArraySlice<DocumentPath.Step>, from start: JSONValue) -> JSONValue? {
    var place = start
    for step in steps {
      switch (step, place) {
      case (.key(let key), .object(let members)):
        guard let next = members[key] else { return nil }
        place = next
      case (.index(let index), .object(let members)):
        guard let next = members[String(index)] else { return nil }
        place = next
      case (.index(let index), .array(let list)):
        guard list.indices.contains(index) else { return nil }
        place = list[index]
      case (.element(let key, let value), .array(let list)):
        guard let next = list.first(where: { $0[key] == .text(value) }) else { return nil }
        place = next
      default: return nil
      }
    }
    return place
  }

  private static func number(_ value: JSONValue) -> Double? {
    switch value {
    case .number(let number): number
    case .text(let text): Double(text)
    default: nil
    }
  }

  /// RFC 3339, also without seconds as some services write it, or a number of seconds or milliseconds since 1970.
  private static func time(_ value: JSONValue) -> Timestamp? {
    switch value {
    case .number(let number):
      guard number.isFinite, number >= 0, number < 1e15 else { return nil }
      return Timestamp(milliseconds: Int64(number < largestSecond ? number * 1000 : number))
    case .text(let text): return Timestamp(rfc3339: text) ?? Timestamp(rfc3339: withSeconds(text))
    default: return nil
    }
  }

  /// `2026-05-01T10:00Z` → `2026-05-01T10:00:00Z`
  private static func withSeconds(_ text: String) -> String {
    let minute = text.prefix("2026-05-01T10:00".count)
    return minute + ":00" + text.dropFirst(minute.count)
  }

  private static func words(_ value: JSONValue) -> String {
    let text = (try? JSONEncoder().encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "a value"
    return text.count > 60 ? text.prefix(60) + "…" : text
  }
}
