import EnergyModel
import Foundation
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import Logging
import TelemetryPipeline
import TestSupport
import Testing

@testable import Gateway

/// A store with an event log and a home: a battery of Ada's at a site in Berlin, and a meter of Bob's.
final class EventBench: Sendable {
  let clock: TestClock
  let store: GatewayStore
  let directory = DeviceDirectory()
  let configuration: GatewayConfiguration
  let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  private let folder: URL

  private static let profile = """
    schema: heddle.profile/1
    id: test-battery
    name: Test battery
    manufacturer: Nobody
    products: [Battery]
    maturity: documentation
    source: {document: this test}
    transport: {modbus: {unit: 1}}
    devices:
      battery:
        type: battery
        points:
          powerW: {input: 52, type: f32}
          energyDischargedTotalWh: {input: 54, type: u32}
    """

  init(at wall: Timestamp = Timestamp(milliseconds: 1_777_629_600_000)) async throws {
    clock = TestClock(wall: wall)
    let bench = try ConfigurationTests.Bench(["battery.yaml": Self.profile])
    let (read, findings) = bench.read(
      """
      links: [{id: bus, modbus: {tcp: "127.0.0.1:502"}}]
      customers: [{id: ada, name: Ada}, {id: bob, name: Bob}]
      sites: [{id: home, customer: ada, timezone: Europe/Berlin}]
      devices:
        - {id: battery, profile: test-battery, link: bus, site: home}
        - {id: meter, profile: test-meter, link: bus, customer: bob}
      """)
    #expect(findings == [])
    configuration = try #require(read)
    directory.replace(configuration)
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("events-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    store = try await GatewayStore.open(
      path: folder.appendingPathComponent("heddle.db").path, now: clock.now, logger: logger)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func log() -> EventLog {
    EventLog(store: store, hub: StreamHub(), directory: directory, time: clock.source, logger: logger)
  }

  /// What is kept of what happens in the body.
  func events(_ body: (EventLog) async throws -> Void) async throws -> [EventResource] {
    let before = try await store.lastEventSeq()
    let log = log()
    let writing = Task { await log.run() }
    do { try await body(log) } catch { Issue.record(error) }
    log.finish()
    await writing.value
    return try await store.events(after: before, limit: 1000).map(EventLog.resource)
  }

  func pipeline(_ layout: PipelineLayout) async throws -> TelemetryPipeline {
    try await TelemetryPipeline(layout: layout, store: store, time: clock.source, logger: logger)
  }

  func reading(_ field: String, _ value: ReadingValue) throws -> Reading {
    Reading(
      field: try #require(Field.named(field)), value: value, observedAt: clock.now, receivedAt: clock.now)
  }
}
