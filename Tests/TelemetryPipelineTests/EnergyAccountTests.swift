import EnergyModel
import Foundation
import GatewayStore
import Testing
import TestSupport

@testable import TelemetryPipeline

/// Homes of several customers, run through the real pipeline and store with stops and crashes on the way, and compared
/// with a plain account of the same readings.
final class AccountRun {
  let clock: TestClock
  let rig: Rig
  var homes: [GeneratedHome]
  private let customers: [String]
  private var store: GatewayStore
  private var pipeline: TelemetryPipeline
  private var producer: TelemetryProducer
  private(set) var start: Int64
  private var random: SeededGenerator
  /// Times that were compared.
  private(set) var compared = 0

  /// - Parameter customers: how many; the first one has two homes.
  init(from text: String, customers count: Int, seed: UInt64) async throws {
    start = try #require(Timestamp(rfc3339: text)).milliseconds
    customers = (0..<count).map { "customer-\($0)" }
    var devices: [PipelineLayout.Device] = []
    homes = []
    for number in 0...count {
      let home = GeneratedHome(number, customer: customers[number % count], base: devices.count, seed: seed)
      devices += home.devices
      homes.append(home)
    }
    rig = try Rig(devices, from: start)
    clock = rig.clock
    random = SeededGenerator(seed: seed)
    store = try await rig.open()
    (pipeline, producer) = try await rig.pipeline(store)
  }

  /// - Parameters:
  ///   - restarts: how often the gateway is stopped or killed on the way, by turns.
  func run(days: Int, stepSeconds: Int, restarts: Int) async throws {
    let end = start + Int64(days) * 86_400_000
    let times = (1...restarts).map { start + (end - start) * Int64($0) / Int64(restarts + 1) }
    var pending = times[...]
    var count = 0
    while clock.now.milliseconds < end {
      let step = Double(stepSeconds) + Double(Int.random(in: 0...9000, using: &random)) / 1000
      clock.advance(by: .milliseconds(Int64(step * 1000)))
      deliver(seconds: step)
      count += 1
      if count % 32 == 0 { try await save() }
      if let time = pending.first, clock.now.milliseconds >= time {
        pending.removeFirst()
        try await restart(isCrash: pending.count % 2 == 0)
      }
    }
  }

  private func deliver(seconds: Double) {
    let now = clock.now
    for index in homes.indices {
      let arrivals = homes[index].tick(at: now.milliseconds, seconds: seconds)
      producer.accept { intake in
        for arrival in arrivals {
          guard let field = Field.named(arrival.field) else { continue }
          intake.append(
            Reading(
              field: field, value: .number(arrival.value), quality: arrival.quality,
              observedAt: Timestamp(milliseconds: arrival.at), receivedAt: now), device: arrival.device)
        }
      }
    }
  }

  private func save() async throws {
    try await pipeline.flush()
    for index in homes.indices { homes[index].noteSaved() }
    // Sooner than a gateway does it, so that some of what comes late finds no minutes.
    while try await store.sumUpWindows(before: clock.now) > 0 {}
    while try await store.removeOldestMinutes(before: clock.now.advanced(byMilliseconds: -86_400_000)) > 0 {}
  }

  /// A clean stop saves everything; a crash forgets what came since the last flush.
  private func restart(isCrash: Bool) async throws {
    if isCrash {
      for index in homes.indices { homes[index].forgetUnsaved() }
    } else {
      await pipeline.stop()
      for index in homes.indices { homes[index].noteSaved() }
    }
    try await store.close()
    clock.advance(by: .seconds(Int64.random(in: 5...900, using: &random)))
    store = try await rig.open()
    (pipeline, producer) = try await rig.pipeline(store)
  }

  // MARK: The comparison

  /// Compares all series of all sites and customers in hours, days, weeks, months and the whole time of their zone.
  func compare(days: Int) async throws {
    try await save()
    for home in homes {
      let zone = PlainZone(home.zone)
      let first = zone.day(start)
      let midnights = (0...Int64(days) + 1).map { zone.midnight(first + $0) }
      let hours = stride(from: midnights[0], through: midnights[midnights.count - 1], by: 3_600_000).map(\.self)
      // 1970-01-01 was a Thursday.
      let mondays = midnights.enumerated().filter { (first + Int64($0.offset) + 3) % 7 == 0 }.map(\.element)
      let months = midnights.enumerated().filter { Self.isFirstOfMonth(first + Int64($0.offset)) }.map(\.element)
      for boundaries in [hours, midnights, mondays, months, [midnights[0], midnights[midnights.count - 1]]]
      where boundaries.count > 1 {
        try await compare(.site, home.site, [home], boundaries)
        let customer = home.devices[0].customerID ?? ""
        try await compare(.customer, customer, homes.filter { $0.devices[0].customerID == customer }, boundaries)
      }
    }
    await pipeline.stop()
    try await store.close()
  }

  private static func isFirstOfMonth(_ day: Int64) -> Bool {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    return calendar.component(.day, from: Date(timeIntervalSince1970: Double(day) * 86_400)) == 1
  }

  /// What the plain account says of one metric.
  private struct Expected {
    var wattHours: [Double]
    /// Covered milliseconds, of several flows their mean.
    var covered: [Double]
  }

  private func expected(_ metric: EnergyMetric, _ homes: [GeneratedHome], _ boundaries: [Int64]) -> Expected? {
    let flows = homes.flatMap(\.flows).filter { $0.metric == metric }
    guard !flows.isEmpty else { return nil }
    let sums = flows.map { $0.account.sums(boundaries) }
    return Expected(
      wattHours: boundaries.indices.dropLast().map { index in sums.reduce(0) { $0 + $1[index].wattHours } },
      covered: boundaries.indices.dropLast().map { index in
        Double(sums.reduce(0) { $0 + $1[index].covered }) / Double(sums.count)
      })
  }

  private func compare(
    _ scope: WindowScope, _ id: String, _ homes: [GeneratedHome], _ boundaries: [Int64]
  ) async throws {
    let found = try await pipeline.usage(
      scope, id: id, metrics: EnergyMetric.allCases, boundaries: boundaries.map(Timestamp.init(milliseconds:)))
    let parts = EnergyMetric.balanced.compactMap { metric in
      expected(metric, homes, boundaries).map { (metric, $0) }
    }
    for (metric, expected) in parts { check(found[metric], expected, "\(scope) \(id) \(metric)", boundaries) }
    let hasGrid = homes.allSatisfy { $0.flows.contains { $0.metric == .gridImport } }
    guard hasGrid else { return }
    var balance = Expected(
      wattHours: boundaries.dropLast().map { _ in 0 }, covered: boundaries.dropLast().map { _ in .infinity })
    for (metric, part) in parts {
      for index in part.wattHours.indices {
        balance.wattHours[index] += part.wattHours[index] * (metric.balanceSign ?? 0)
        balance.covered[index] = min(balance.covered[index], part.covered[index])
      }
    }
    check(found[.consumption], balance, "\(scope) \(id) consumption", boundaries)
  }

  private func check(_ found: [EnergyValue]?, _ expected: Expected, _ name: String, _ boundaries: [Int64]) {
    guard let found, found.count == expected.wattHours.count else {
      Issue.record("\(name) is not there")
      return
    }
    compared += found.count
    for index in found.indices {
      let end = max(boundaries[index], min(boundaries[index + 1], clock.now.milliseconds))
      let seconds = found[index].coverage * Double(end - boundaries[index]) / 1000
      let isKnown = expected.covered[index] > 0
      let isEqual =
        (found[index].wattHours != nil) == isKnown
        && (!isKnown || abs((found[index].wattHours ?? 0) - expected.wattHours[index]) < 0.01)
        && abs(seconds - expected.covered[index] / 1000) < 1
      guard !isEqual else { continue }
      Issue.record(
        """
        \(name) from \(Timestamp(milliseconds: boundaries[index])) to \(Timestamp(milliseconds: boundaries[index + 1])): \
        \(found[index].wattHours ?? .nan) Wh in \(seconds) s, by the account \(expected.wattHours[index]) Wh in \
        \(expected.covered[index] / 1000) s
        """)
      return
    }
  }
}

@Suite("Aggregates are what a plain account of the readings says")
struct EnergyAccountTests {
  /// New York's and Berlin's clock changes, in spring and in autumn.
  @Test(
    "Days around clock changes, five restarts on the way",
    arguments: ["2026-03-07T03:00:00Z", "2026-03-28T03:00:00Z", "2026-10-24T03:00:00Z", "2026-10-31T03:00:00Z"])
  func clockChanges(from start: String) async throws {
    let run = try await AccountRun(
      from: start, customers: 4, seed: UInt64(truncatingIfNeeded: start.utf8.reduce(7) { $0 &* 31 &+ Int($1) }))
    try await run.run(days: 3, stepSeconds: 120, restarts: 5)
    try await run.compare(days: 3)
    #expect(run.compared > 1000)
    for home in run.homes where home.kind != .battery { #expect(home.mishaps.drops > 0, "\(home.kind)") }
    #expect(run.homes.contains { $0.mishaps.nonsense > 0 })
  }

  @Test(
    "A year of 20 customers, five restarts on the way",
    .enabled(if: ProcessInfo.processInfo.environment["HEDDLE_SOAK"] != nil, "make soak"))
  func year() async throws {
    let run = try await AccountRun(from: "2026-01-01T03:00:00Z", customers: 20, seed: 2026)
    try await run.run(days: 365, stepSeconds: 240, restarts: 5)
    try await run.compare(days: 365)
  }
}
