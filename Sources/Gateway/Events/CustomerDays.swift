import EnergyModel
import Foundation
import LocalAPISchema
import ScheduleCalendar
import TelemetryPipeline

/// Whose days there are, and by which clock each of them goes.
struct CustomerDays {
  /// Customers to whom energy can be booked.
  let customers: Set<String>
  private let zones: [String: String]
  private let clocks: [String: LocalClock]

  /// By the first of a customer's sites, as the usage of the API has it.
  init(_ configuration: GatewayConfiguration) {
    customers = Set(configuration.devices.compactMap(\.customerID))
    let sites = configuration.sites.sorted { $0.id < $1.id }
    zones = Dictionary(sites.compactMap { site in site.customerID.map { ($0, site.timezone) } }) { first, _ in first }
    let clocks = Set(zones.values).compactMap { name in
      TimeZone(identifier: name).map { (name, LocalClock(zone: $0)) }
    }
    self.clocks = Dictionary(clocks) { first, _ in first }
  }

  /// IANA name; UTC for a customer without a site.
  func zone(of customer: String) -> String { zones[customer] ?? "UTC" }

  func clock(of customer: String) -> LocalClock { clocks[zone(of: customer)] ?? LocalClock(zone: .gmt) }
}

/// What is told of a day.
struct DayUsage {
  var day: LocalClock.Day
  var zone: String
  var values: [EnergyMetric: EnergyValue]

  var isCovered: Bool { values.values.contains { $0.wattHours != nil } }

  var data: [String: JSONValue] {
    let known = values.filter { $0.value.wattHours != nil }
    let usage = known.map { metric, value in
      (
        metric.rawValue,
        JSONValue.object([
          "value": .number(value.wattHours ?? 0), "unit": .text(Unit.wattHour.rawValue),
          "coverage": .number((value.coverage * 1e8).rounded() / 1e8), "quality": .text(value.quality.name),
          "revision": .number(Double(value.revision)),
        ])
      )
    }
    return [
      "window": .text("day"), "start": .text(day.start.rfc3339), "end": .text(day.end.rfc3339),
      "timezone": .text(zone), "usage": .object(Dictionary(usage) { first, _ in first }),
      "revision": .number(Double(known.values.map(\.revision).max() ?? 0)),
    ]
  }
}

extension LocalClock {
  /// A day from its first moment to that of the next one: 23 to 25 hours where clocks change.
  struct Day {
    var start: Timestamp
    var end: Timestamp
  }

  /// The day that a moment is in.
  func day(_ time: Timestamp) -> Day {
    let local = localSeconds(at: time)
    let midnight = local - ((local % 86_400) + 86_400) % 86_400
    return Day(start: firstMoment(of: midnight), end: firstMoment(of: midnight + 86_400))
  }
}
