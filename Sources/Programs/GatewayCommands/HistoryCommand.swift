import ArgumentParser
import EnergyModel
import LocalAPIClient
import LocalAPISchema

struct HistoryCommand: GatewayCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "What a device reported over a time.",
    discussion: """
      Gauges are told by mean, lowest, highest and last sample, counters by what they showed last and by how much they rose,
      readings (--by raw) as they came. Times without anything have no row.
      """)

  @Argument(help: "Id or name.")
  var device: String
  @Option(help: "Names of fields with commas; all without it.")
  var fields: String?
  @Option(help: "raw, 1m, 15m, 1h or 1d.")
  var by: String = "15m"
  @Option(help: "From a date or time; a day ago without it.")
  var from: String?
  @Option(help: "To a date or time, excluded; now without it.")
  var to: String?
  @Option(help: "Only rows of these qualities, with commas: good, estimated, suspect, bad, missing.")
  var quality: String?
  @Option(help: "IANA time zone of hours and days; the site's without it.")
  var timezone: String?
  @Option(help: "Rows at most; 1000 without it, all with --csv.")
  var limit: Int?
  @Flag(help: "As CSV, while it is read.")
  var csv = false
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if csv, connection.json { throw ValidationError("Give either --csv or --json, not both.") }
    if let limit, !(1...10_000).contains(limit) { throw ValidationError("--limit is a number from 1 to 10000.") }
  }

  func run(in session: Session) async throws -> ExitStatus {
    let id = try await session.device(device).value.id
    let selection = HistorySelection(
      deviceId: id, fields: fields, resolution: by, from: from, to: to, quality: quality, timezone: timezone,
      limit: limit)
    if csv {
      try await session.client.historyCSV(selection) { session.output.write($0) }
    } else {
      session.show(try await session.client.history(selection)) { HistoryView.lines($0, color: session.output.color) }
    }
    return .fine
  }
}

/// Rows of a history as a table.
enum HistoryView {
  static func lines(_ report: HistoryReport, color: Bool) -> [String] {
    guard !report.data.isEmpty else { return ["nothing is kept of this time"] }
    var lines = table(report).lines(color: color)
    if report.nextCursor != nil { lines.append("there are more rows: give --limit, a shorter time, or --csv") }
    return lines
  }

  private static func table(_ report: HistoryReport) -> TextTable {
    if report.resolution == .raw {
      var table = TextTable("TIME", "FIELD", ">VALUE", "QUALITY")
      for row in report.data {
        table.add([.init("\(row.ts)"), .init(row.field), .init(text(row.value)), quality(row.quality)])
      }
      return table
    }
    var table = TextTable("TIME", "FIELD", ">AVG", ">MIN", ">MAX", ">LAST", ">DIFFERENCE", "QUALITY")
    for row in report.data {
      let numbers = [row.avg, row.min, row.max, row.last, row.difference].map { number in
        TextTable.Cell(number.map { Self.number($0) } ?? "")
      }
      table.add([.init("\(row.ts)"), .init(row.field)] + numbers + [quality(row.quality)])
    }
    return table
  }

  private static func text(_ value: JSONValue?) -> String {
    switch value {
    case .number(let number): Self.number(number)
    case .text(let text): text
    case .flag(let flag): flag ? "true" : "false"
    default: "-"
    }
  }

  /// Three decimals are enough for people; --json and --csv have all.
  private static func number(_ number: Double) -> String {
    ScalarValue.number((number * 1000).rounded() / 1000).description
  }

  private static func quality(_ word: String) -> TextTable.Cell {
    TextTable.Cell(word, word == Quality.good.name ? .plain : .warning)
  }
}
