import EnergyModel
import LocalAPISchema

/// A metric as a table: a row for each bucket, a column for each series.
enum MetricView {
  /// More series than this stand below each other and not side by side.
  private static let maxColumns = 6

  static func lines(_ report: MetricReport, color: Bool) -> [String] {
    guard !report.meta.series.isEmpty else { return ["nothing measures this"] }
    var lines = report.meta.series.count > maxColumns ? totals(report, color) : table(report, color)
    if let sources = report.meta.intensitySources, !sources.isEmpty {
      lines += [""]
      for source in sources {
        let known = "\((source.coverage * 1000).rounded() / 10) % of the time"
        lines.append("carbon intensity: \(source.name), known for \(known)" + (source.problem.map { "; \($0)" } ?? ""))
      }
    }
    return lines
  }

  private static func table(_ report: MetricReport, _ color: Bool) -> [String] {
    let series = report.meta.series
    var table = TextTable(columns: ["START"] + series.map { ">" + name($0.owner) })
    let clock = LocalClock(timezone: report.meta.timezone ?? series.first?.timezone ?? "UTC")
    let points = Dictionary(grouping: report.data, by: \.ts)
    for start in points.keys.sorted() {
      table.add(
        [.init(clock.text(start))]
          + series.map { series in
            guard let point = points[start]?.first(where: { $0.owner == series.owner }) else {
              return .init(Phrasing.unknown)
            }
            return .init(amount(point.v, report.meta), point.coverage < 0.95 ? .warning : .plain)
          })
    }
    table.add([.init("total", .strong)] + series.map { .init(amount($0.total, report.meta), .strong) })
    return table.lines(color: color)
  }

  private static func totals(_ report: MetricReport, _ color: Bool) -> [String] {
    var table = TextTable("SERIES", ">TOTAL", ">COVERAGE")
    for series in report.meta.series {
      table.add([
        .init(name(series.owner)), .init(amount(series.total, report.meta)),
        .init(Phrasing.share(series.coverage), series.coverage < 0.95 ? .warning : .plain),
      ])
    }
    return table.lines(color: color)
  }

  private static func name(_ owner: MetricOwner) -> String {
    owner.deviceId ?? owner.siteId ?? owner.customerId ?? owner.tag ?? owner.type?.rawValue ?? "all"
  }

  private static func amount(_ value: Double?, _ meta: MetricReport.Meta) -> String {
    switch meta.unit {
    case "WATT_HOURS": Phrasing.energy(value)
    case "SHARE": Phrasing.share(value)
    default: value.map { "\(Phrasing.shortened($0, 1)) \(meta.displayUnit)" } ?? Phrasing.unknown
    }
  }
}
