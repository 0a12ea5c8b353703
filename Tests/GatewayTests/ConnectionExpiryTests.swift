import AdapterKit
import CommandDispatch
import DeviceProfiles
import EnergyModel
import TelemetryPipeline
import GatewayStore
import TimeSource
import Foundation
import LocalAPISchema
import LocalAPIServer
import TestSupport
import Testing

@testable import Gateway

@Suite("The end of pairing sessions", .timeLimit(.minutes(1)))
struct ConnectionExpiryTests {
  /// The answers of the API over a store, with nothing behind the links.
  private func gateway(_ bench: EventBench, _ events: EventLog) async throws -> LocalGateway {
    let time = bench.clock.source
    let makeID: @Sendable (String) -> String = { "\($0)_\(UUID().uuidString)" }
    let dispatcher = CommandDispatcher(
      context: DispatchContext(
        store: bench.store, time: time, bootID: "test", logger: bench.logger,
        connectivity: { _ in Connectivity(since: time.wall()) }, gridPower: { _ in nil }, changed: { _ in },
        found: { _ in }, makeID: { makeID("cmd") }))
    let tags = TagBook(store: bench.store)
    let alerts = AlertBook(
      store: bench.store, events: events, time: time, logger: bench.logger, makeID: { makeID("alt") })
    let gateway = LocalGateway(
      store: bench.store, dispatcher: dispatcher, board: ConnectivityBoard(), events: events,
      keys: KeyRing(store: bench.store), directory: bench.directory, grid: GridMeters(), tags: tags,
      batches: BatchRunner(store: bench.store, time: time, logger: bench.logger) {
        request throws(CommandRefusal) in try await dispatcher.submit(request).record
      },
      schedules: ScheduleRunner(
        store: bench.store, hands: .init(dispatcher: dispatcher, directory: bench.directory, tags: tags), time: time,
        random: { 0 }, logger: bench.logger),
      additions: AdditionBook(store: bench.store, paths: GatewayPaths()),
      discoveries: DiscoveryDesk(library: { ProfileLibrary(directories: []) }, time: time, random: { 0 }),
      alerts: alerts,
      hooks: WebhookRunner(
        store: bench.store, events: events, time: time, logger: bench.logger, random: { 0 },
        makeAlertID: { makeID("alt") }), carbon: CarbonBook(), time: time, random: { 0 }, logger: bench.logger,
      makeID: makeID)
    gateway.replace(
      RunningConfiguration(
        file: bench.configuration, configuration: bench.configuration, links: [],
        pipeline: try await bench.pipeline(bench.configuration.pipelineLayout)))
    return gateway
  }

  @Test(
    "A session that nobody finishes ends after its day with all that was filled in, is told once, and is forgotten later"
  )
  func expiry() async throws {
    let bench = try await EventBench()
    let events = try await bench.events { log in
      let gateway = try await gateway(bench, log)
      let draft = ConnectionDraft(redirectUrl: "https://app.example.com/done", customerId: "ada")
      let (made, token) = try await gateway.createConnection(draft, actor: "test")
      #expect(made.expiresAt == bench.clock.now.advanced(byMilliseconds: ConnectionSession.lifeMilliseconds))
      try await gateway.choose("test-plug", token)
      let folder = gateway.additions.secrets.folder
      func secrets() -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] }
      // Without an address nothing is tried.
      try await gateway.tryOut(["link.address": "", "link.user": "u", "link.password": "s3cret"], token)
      #expect(secrets().count == 1)

      bench.clock.advance(by: .milliseconds(ConnectionSession.lifeMilliseconds - 1))
      try await gateway.expireConnections()
      #expect(
        try await gateway.pairing(token).form?.fields.contains { $0.value == "u" } == true && secrets().count == 1)

      bench.clock.advance(by: .milliseconds(1))
      // The page finds it out by itself, before the minute is over.
      let page = try await gateway.pairing(token)
      #expect(page.connection.status == .expired && page.form == nil && page.connection.endedAt == bench.clock.now)
      #expect(secrets().isEmpty)
      let late = await #expect(throws: APIError.self) { try await gateway.tryOut([:], token) }
      #expect(late?.status == 409 && late?.code == "CONNECTION_ENDED")
      #expect(try await gateway.confirm(token).status == .expired)
      for _ in 0..<2 { try await gateway.expireConnections() }
      let kept = try await bench.store.connections()
      #expect(kept.count == 1 && !kept[0].details.contains("\"u\""))

      bench.clock.advance(by: .milliseconds(ConnectionSession.keptMilliseconds + 1))
      try await gateway.expireConnections()
      #expect(try await bench.store.connections().isEmpty)
      let gone = await #expect(throws: APIError.self) { try await gateway.pairing(token) }
      #expect(gone?.status == 404)
      await gateway.current?.pipeline.stop()
    }
    #expect(events.map(\.type) == ["connection.created", "connection.expired"])
    #expect(events.allSatisfy { $0.customerId == "ada" })
    try await bench.store.close()
  }
}
