import EnergyModel
import Foundation
import GatewayStore
import LocalAPISchema

/// How much CO2 a kilowatt hour from the grid stands for, over time.
struct CarbonSeries: Sendable, Equatable {
  /// An intensity from a time on.
  typealias Point = CarbonRecord

  /// Why a file is no series.
  struct Failure: Error, Equatable {
    var message: String
    var hint: String
  }

  /// More points than this are refused: ten years of quarter hours.
  static let maxPoints = 400_000
  /// More than any power station emits.
  static let maxGramsPerKWh = 5000.0
  /// How long a single point holds.
  static let standardStepMilliseconds: Int64 = 3_600_000

  /// In the order of time, one for each time.
  private(set) var points: [Point]
  /// A value holds until the next one, but not longer than this.
  private(set) var longestHoldMilliseconds: Int64

  init(_ points: [Point], longestHoldMilliseconds: Int64 = .max) {
    self.longestHoldMilliseconds = longestHoldMilliseconds
    let sorted = points.sorted { $0.at < $1.at }
    self.points = zip(sorted, sorted.dropFirst().map(Optional.some) + [nil]).compactMap { point, next in
      // Of several values for one time, the last one given counts.
      next?.at == point.at ? nil : point
    }
  }

  /// When the last value ends to hold: a step after it.
  var end: Timestamp? { points.isEmpty ? nil : end(ofPoint: points.count - 1) }

  private func end(ofPoint index: Int) -> Timestamp {
    let at = points[index].at
    let step =
      index + 1 < points.count
      ? points[index + 1].at.millisecondsSince(at)
      : index > 0 ? at.millisecondsSince(points[index - 1].at) : Self.standardStepMilliseconds
    return at.advanced(byMilliseconds: min(step, longestHoldMilliseconds))
  }

  /// The intensity at a time; `nil` before the first value and where the value before it has ended.
  func intensity(at time: Timestamp) -> Double? {
    let index = firstIndex(after: time) - 1
    return index >= 0 && time < end(ofPoint: index) ? points[index].gramsPerKWh : nil
  }

  /// The times between two others at which the intensity changes or ends, on the next whole minute.
  func changes(from start: Timestamp, to end: Timestamp) -> [Timestamp] {
    var times: [Timestamp] = []
    for index in points.indices.dropFirst(max(0, firstIndex(after: start) - 1)) {
      guard points[index].at < end else { break }
      times.append(points[index].at)
      let over = self.end(ofPoint: index)
      if index + 1 >= points.count || over < points[index + 1].at { times.append(over) }
    }
    return times.map { time in
      let rest = time.milliseconds % 60_000
      return time.advanced(byMilliseconds: rest == 0 ? 0 : 60_000 - rest)
    }.filter { $0 > start && $0 < end }
  }

  /// The share of a time for which an intensity is known, 0 to 1.
  func coverage(from start: Timestamp, to end: Timestamp) -> Double {
    guard start < end else { return 0 }
    var known: Int64 = 0
    for index in points.indices.dropFirst(max(0, firstIndex(after: start) - 1)) {
      guard points[index].at < end else { break }
      known += max(0, min(self.end(ofPoint: index), end).millisecondsSince(max(points[index].at, start)))
    }
    return Double(known) / Double(end.millisecondsSince(start))
  }

  private func firstIndex(after time: Timestamp) -> Int {
    var low = 0
    var high = points.count
    while low < high {
      let middle = (low + high) / 2
      if points[middle].at <= time { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension CarbonSeries {
  private static let hint =
    "CSV with the columns time,gramsPerKWh, or JSON [{\"time\": \"2026-05-01T00:00:00Z\", \"gramsPerKWh\": 321}]"

  /// Reads JSON (a list, or an object with a list `data`, or one single object) or CSV with a header.
  init(text: String) throws(Failure) {
    let first = text.first { !$0.isWhitespace }
    self.init(try first == "[" || first == "{" ? Self.json(text) : Self.csv(text))
    guard !points.isEmpty else { throw Failure(message: "there is no value in it", hint: Self.hint) }
  }

  private static func json(_ text: String) throws(Failure) -> [Point] {
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else {
      throw Failure(message: "this is not JSON", hint: hint)
    }
    var items: [JSONValue]
    switch value {
    case .array(let list): items = list
    case .object(let object):
      if case .array(let list)? = object["data"] { items = list } else { items = [value] }
    default: items = []
    }
    try checkCount(items.count)
    var points: [Point] = []
    for (index, item) in items.enumerated() {
      guard case .object(let object) = item, case .text(let time)? = object["time"],
        case .number(let grams)? = object["gramsPerKWh"]
      else { throw Failure(message: "entry \(index) has no 'time' and 'gramsPerKWh'", hint: hint) }
      points.append(try point(Self.time(time, "entry \(index)"), grams, "entry \(index)"))
    }
    return points
  }

  private static func csv(_ text: String) throws(Failure) -> [Point] {
    let lines = text.split(whereSeparator: \.isNewline)
    guard let header = lines.first else { return [] }
    let names = header.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
    guard let time = names.firstIndex(of: "time"), let grams = names.firstIndex(of: "gramsPerKWh") else {
      throw Failure(message: "line 1 does not name the columns time and gramsPerKWh", hint: hint)
    }
    try checkCount(lines.count)
    var points: [Point] = []
    for (index, line) in lines.enumerated().dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
      guard cells.count == names.count, let number = Double(cells[grams]) else {
        throw Failure(message: "line \(index + 1) has no number in the column gramsPerKWh", hint: hint)
      }
      points.append(try point(Self.time(cells[time], "line \(index + 1)"), number, "line \(index + 1)"))
    }
    return points
  }

  private static func trimmed(_ text: Substring) -> String { text.trimmingCharacters(in: .whitespaces) }

  static func checkCount(_ count: Int) throws(Failure) {
    guard count <= maxPoints else {
      throw Failure(message: "\(count) values are more than \(maxPoints)", hint: "keep the years that you need")
    }
  }

  private static func time(_ text: String, _ place: String) throws(Failure) -> Timestamp {
    if let at = Timestamp(rfc3339: text) { return at }
    throw Failure(message: "\(place): '\(text)' is not a time", hint: "write 2026-05-01T10:00:00Z")
  }

  static func point(_ at: Timestamp, _ grams: Double, _ place: String) throws(Failure) -> Point {
    guard grams.isFinite, (0...maxGramsPerKWh).contains(grams) else {
      throw Failure(message: "\(place): \(grams) g/kWh is not between 0 and \(Int(maxGramsPerKWh))", hint: hint)
    }
    return Point(at: at, gramsPerKWh: grams)
  }
}
