import EnergyModel
import Foundation
import LocalAPISchema

/// Energy per metric, as totals or as a series.
enum UsageView {
  /// The order in which people read it.
  static let order = [
    "consumption", "generation", "production", "charge", "discharge", "import", "export", "self-consumption",
  ]

  static func lines(_ report: UsageReport, color: Bool) -> [String] {
    let subject = report.customerId.map { "customer \($0)" } ?? report.siteId.map { "site \($0)" } ?? ""
    let clock = LocalClock(timezone: report.timezone)
    let title =
      "\(subject), \(clock.text(report.from)) to \(clock.text(report.to)) (\(report.timezone))"
    let names = names(report)
    guard !names.isEmpty else { return [title, "nothing is known of this time"] }
    return [title, ""] + (report.by == "none" ? totals(report, names, color) : series(report, names, clock, color))
  }

  private static func names(_ report: UsageReport) -> [String] {
    report.metrics.keys.sorted { left, right in
      let places = (order.firstIndex(of: left) ?? order.count, order.firstIndex(of: right) ?? order.count)
      return places.0 == places.1 ? left < right : places.0 < places.1
    }
  }

  private static func totals(_ report: UsageReport, _ names: [String], _ color: Bool) -> [String] {
    var table = TextTable("METRIC", ">TOTAL", ">COVERAGE", "")
    for name in names {
      guard let metric = report.metrics[name] else { continue }
      table.add([
        .init(name), .init(amount(metric.total, metric.unit)),
        .init(Phrasing.share(metric.coverage), metric.coverage < 0.95 ? .warning : .plain),
        .init(metric.total == nil ? "not known: no meter or no data" : metric.method ?? "", .faint),
      ])
    }
    return table.lines(color: color)
  }

  private static func series(
    _ report: UsageReport, _ names: [String], _ clock: LocalClock, _ color: Bool
  ) -> [String] {
    let starts = Set(names.flatMap { report.metrics[$0]?.series.map(\.start) ?? [] }).sorted()
    var rows: [[TextTable.Cell]] = []
    for start in starts {
      rows.append(
        [.init(clock.text(start))]
          + names.map { name in
            let metric = report.metrics[name]
            guard let bucket = metric?.series.first(where: { $0.start == start }) else {
              return .init(Phrasing.unknown)
            }
            return .init(amount(bucket.value, metric?.unit ?? ""), bucket.coverage < 0.95 ? .warning : .plain)
          })
    }
    rows.append(
      [.init("total", .strong)]
        + names.map { .init(amount(report.metrics[$0]?.total, report.metrics[$0]?.unit ?? ""), .strong) })
    var table = TextTable(columns: ["START"] + names.map { ">" + $0.uppercased() })
    for row in rows { table.add(row) }
    return table.lines(color: color)
  }

  private static func amount(_ value: Double?, _ unit: String) -> String {
    if unit == "Wh" { return Phrasing.energy(value) }
    return value.map { "\(Phrasing.shortened($0, 1)) \(unit)" } ?? Phrasing.unknown
  }
}

/// Times as the site's clocks show them.
struct LocalClock {
  private let calendar: Calendar

  init(timezone: String) {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(identifier: timezone) ?? .gmt
    self.calendar = calendar
  }

  /// `2026-05-01 10:05`
  func text(_ time: Timestamp) -> String {
    let parts = calendar.dateComponents(
      [.year, .month, .day, .hour, .minute], from: Date(timeIntervalSince1970: time.seconds))
    func two(_ number: Int?) -> String { (number ?? 0) < 10 ? "0\(number ?? 0)" : "\(number ?? 0)" }
    return "\(parts.year ?? 0)-\(two(parts.month))-\(two(parts.day)) \(two(parts.hour)):\(two(parts.minute))"
  }
}
