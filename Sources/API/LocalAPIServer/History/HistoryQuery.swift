import EnergyModel
import Foundation
import HTTPTypes
import LocalAPISchema

/// What a request for a history says, checked against the device.
struct HistoryQuery {
  /// How an answer is written.
  enum Format: String, CaseIterable { case json, csv, ndjson }

  /// The most windows of one request.
  static let maxWindows = 100_000
  /// The most rows of one answer in JSON.
  static let maxRows = 10_000
  /// Rows of an answer in JSON that does not say how many.
  static let defaultRows = 1000
  /// The time that is told where none is given.
  static let defaultMilliseconds: Int64 = 86_400_000

  let fields: [Field]
  let resolution: HistoryResolution
  let calendar: UsageCalendar
  let interval: UsageInterval
  let qualities: Set<Quality>
  let format: Format
  /// `nil` = all rows.
  let limit: Int?
  /// The last row that the client has.
  let after: Position?

  /// A row's place.
  struct Position {
    let time: Timestamp
    /// Index in `fields`.
    let field: Int
  }

  init(
    _ query: QueryReader, accept: String?, fields known: [Field], calendar: UsageCalendar, now: Timestamp
  ) throws(APIError) {
    self.calendar = calendar
    resolution = try query.word("resolution", HistoryResolution.self) ?? .minute
    fields = try Self.fields(query.texts("fields"), among: known, resolution)
    interval = try Self.interval(query, calendar, now: now)
    qualities = Set(try query.words("quality", QualityWord.self).map(\.quality))
    format = try query.word("format", Format.self) ?? Self.format(accept)
    let rows = try query.integer("limit", in: 1...Self.maxRows)
    limit = format == .json ? rows ?? Self.defaultRows : rows
    let count = fields.count
    after = try query.text("cursor").map { text throws(APIError) in try Self.position(text, fields: count) }
    let length: Int64 =
      switch resolution {
      case .raw: .max
      case .minute: 60_000
      case .quarterHour: 900_000
      case .hour: 3_600_000
      case .day: 86_400_000
      }
    guard resolution == .raw || interval.end.millisecondsSince(interval.start) / length <= Int64(Self.maxWindows)
    else {
      throw .invalid(
        "?resolution", "'\(resolution.rawValue)' would make more than \(Self.maxWindows) windows",
        code: "OUT_OF_RANGE", hint: "ask for a coarser resolution or a shorter time")
    }
  }

  private enum QualityWord: String, CaseIterable {
    case good, estimated, stale, suspect, bad, missing

    var quality: Quality {
      switch self {
      case .good: .good
      case .estimated: .estimated
      case .stale: .stale
      case .suspect: .suspect
      case .bad: .bad
      case .missing: .missing
      }
    }
  }

  private static func fields(
    _ names: [String], among known: [Field], _ resolution: HistoryResolution
  ) throws(APIError) -> [Field] {
    func hasWindows(_ field: Field) -> Bool { field.isNumeric && field.behavior != .setting }
    guard !names.isEmpty else { return known.filter { resolution == .raw || hasWindows($0) } }
    var fields: [Field] = []
    for name in names where !fields.contains(where: { $0.name == name }) {
      guard let field = known.first(where: { $0.name == name }) else {
        throw .invalid(
          "?fields", "nothing is kept of a field '\(name)' of this device",
          hint: "possible are \(known.map(\.name).joined(separator: ", "))")
      }
      guard resolution == .raw || hasWindows(field) else {
        throw .invalid("?fields", "'\(name)' has readings and no windows", hint: "resolution=raw")
      }
      fields.append(field)
    }
    return fields
  }

  private static func interval(
    _ query: QueryReader, _ calendar: UsageCalendar, now: Timestamp
  ) throws(APIError) -> UsageInterval {
    if let from = query.text("from") { return try calendar.interval(from: from, to: query.text("to"), now: now) }
    let end = try query.text("to").map { text throws(APIError) in try calendar.time(text, "to") } ?? now
    let start = end.advanced(byMilliseconds: -defaultMilliseconds)
    return UsageInterval(start: start, end: end)
  }

  /// The first of the types that the client takes and that we have; JSON without any.
  private static func format(_ accept: String?) -> Format {
    let types: [(String, Format)] = [
      ("application/json", .json), ("text/csv", .csv), ("application/x-ndjson", .ndjson),
      ("application/ndjson", .ndjson),
    ]
    for part in (accept ?? "").split(separator: ",") {
      let type = part.split(separator: ";").first.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
      if let found = types.first(where: { $0.0 == type }) { return found.1 }
    }
    return .json
  }

  private static func position(_ text: String, fields: Int) throws(APIError) -> Position {
    let parts = try PageCursor(text).key.split(separator: ":")
    guard parts.count == 2, let time = Int64(parts[0]), let field = Int(parts[1]), (0..<fields).contains(field) else {
      throw .invalid(
        "?cursor", "this cursor is of another request", code: "INVALID_CURSOR",
        hint: "give the nextCursor of the page before, and everything else as it was")
    }
    return Position(time: Timestamp(milliseconds: time), field: field)
  }
}

extension HistoryQuery.Position {
  var cursor: String { PageCursor(key: "\(time.milliseconds):\(field)").text }

  func isBefore(_ time: Timestamp, _ field: Int) -> Bool {
    self.time < time || (self.time == time && self.field < field)
  }
}
