import EnergyModel
import Foundation
import GatewayStore
import Logging

/// Fills a database with what a gateway keeps of a year: a window each quarter of an hour for the energies of every
/// device, its site and its customer. `heddle-bench year PATH DEVICES`, for `api.sh`.
struct YearOfWindows {
  static let days: Int64 = 365
  static let minutesBetweenWindows: Int64 = 15
  /// Four devices make a site, and a customer has two sites.
  static let devicesPerSite = 4
  static let devicesPerCustomer = 8
  /// Windows in one transaction.
  static let windowsPerBatch = 50_000

  let path: String
  let devices: Int

  init(arguments: [String]) throws {
    guard arguments.count == 2, let devices = Int(arguments[1]), (1...10_000).contains(devices) else {
      throw BenchmarkProfile.Failure(description: "usage: heddle-bench year PATH DEVICES (1 to 10000)")
    }
    path = arguments[0]
    self.devices = devices
  }

  func run() async throws {
    let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    let store = try await GatewayStore.open(
      path: path, now: now, logger: Logger(label: "heddle.bench") { _ in SwiftLogNoOpLogHandler() })
    let keys = self.keys
    let end = now.milliseconds / 60_000
    var minute = (end - Self.days * 1440) / Self.minutesBetweenWindows * Self.minutesBetweenWindows
    var deltas: [WindowDelta] = []
    while minute < end {
      for index in keys.indices {
        deltas.append(
          WindowDelta(
            series: index, minute: minute, sum: Double(index % 7) * 25, samples: 90, coveredMilliseconds: 60_000))
      }
      minute += Self.minutesBetweenWindows
      guard deltas.count >= Self.windowsPerBatch || minute >= end else { continue }
      try await store.apply(
        WindowBatch(series: keys, deltas: deltas, closedThrough: Timestamp(milliseconds: minute * 60_000)))
      deltas.removeAll(keepingCapacity: true)
    }
    try await store.close()
  }

  private var keys: [SeriesKey] {
    func keys(_ scope: WindowScope, _ names: [String]) -> [SeriesKey] {
      names.flatMap { name in
        ["import", "export", "production", "consumption"].map { SeriesKey(scope: scope, scopeID: name, metric: $0) }
      }
    }
    func names(_ kind: String, per count: Int) -> [String] {
      (0...(devices - 1) / count).map { "\(kind)-\($0)" }
    }
    return keys(.device, (0..<devices).map { "device-\($0)" })
      + keys(.site, names("site", per: Self.devicesPerSite))
      + keys(.customer, names("customer", per: Self.devicesPerCustomer))
  }
}
