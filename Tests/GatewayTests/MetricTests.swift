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

@Suite("Metrics of the running gateway")
struct MetricTests {
  private static let profile = """
    schema: heddle.profile/1
    id: test-home
    name: Test home
    manufacturer: Nobody
    products: [Home]
    maturity: documentation
    source: {document: this test}
    transport: {modbus: {unit: 1}}
    devices:
      battery:
        type: battery
        points:
          powerW: {input: 52, type: f32}
          socPercent: {input: 54, type: f32}
          energyCapacityWh: {input: 56, type: f32}
      grid:
        type: meter
        role: grid
        points:
          powerW: {input: 60, type: f32}
    """

  /// A home of a battery and a grid meter, the clock at 2026-05-01T10:00:00Z.
  private final class Home {
    let clock = TestClock()
    let bench: ConfigurationTests.Bench
    let store: GatewayStore
    let running: RunningConfiguration
    let producer: TelemetryProducer
    let start: Timestamp

    init(carbon: String = "") async throws {
      start = clock.now
      bench = try ConfigurationTests.Bench(["home.yaml": MetricTests.profile])
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      let (configuration, findings) = bench.read(
        """
        links: [{id: bus, modbus: {tcp: "127.0.0.1:502"}}]
        customers: [{id: ada, name: Ada}]
        sites: [{id: home, customer: ada, timezone: Europe/Berlin}]
        devices:
          - {id: battery, name: B, profile: test-home, part: battery, link: bus, site: home}
          - {id: grid, name: G, profile: test-home, part: grid, link: bus, site: home}
        \(carbon)
        """)
      #expect(findings == [])
      store = try await GatewayStore.open(
        path: bench.folder.appendingPathComponent("heddle.db").path, now: clock.now, logger: logger)
      let checked = try #require(configuration)
      let pipeline = try await TelemetryPipeline(
        layout: checked.pipelineLayout, store: store, time: clock.source, logger: logger)
      running = RunningConfiguration(file: checked, configuration: checked, links: [], pipeline: pipeline)
      producer = pipeline.makeProducer(link: "bus")
    }

    /// An hour in which the battery discharges with 1.2 kW and the grid gives 600 W, a reading each minute.
    func hour(silentAfter: Int = 60) throws {
      for minute in 0...60 {
        if minute > 0 { clock.advance(by: .seconds(60)) }
        guard minute <= silentAfter else { continue }
        try give("battery", ["powerW": 1200, "socPercent": 80 - Double(minute) / 2, "energyCapacityWh": 10_000])
        try give("grid", ["powerW": 600])
      }
    }

    private func give(_ device: String, _ values: [String: Double]) throws {
      let readings = try values.map { name, value in
        Reading(
          field: try #require(Field.named(name)), value: .number(value), observedAt: clock.now, receivedAt: clock.now)
      }
      producer.accept(readings, device: try #require(running.pipeline.layout.index(of: device)))
    }

    func values(_ metric: MetricName, _ subject: MetricRequest.Subject) async throws -> MetricAnswer {
      let boundaries = [start, start.advanced(byMilliseconds: 1_800_000), start.advanced(byMilliseconds: 3_600_000)]
      return try await MetricReader(running: running, carbon: [], boundaries: boundaries, now: clock.now).answer(
        metric, subject)
    }

    func stop() async throws {
      await running.pipeline.stop()
      try await store.close()
    }
  }

  private func isClose(_ answer: MetricAnswer, _ expected: [Double]) -> Bool {
    guard let values = answer.values, values.count == expected.count else { return false }
    return zip(values, expected).allSatisfy { abs(($0.value ?? .nan) - $1) < 1e-6 }
  }

  @Test("A battery's consumption is what it absorbs, a site's is the household's load")
  func definitions() async throws {
    let home = try await Home()
    try home.hour()
    #expect(isClose(try await home.values(.production, .device("battery")), [600, 600]))
    #expect(isClose(try await home.values(.consumption, .device("battery")), [0, 0]))
    #expect(isClose(try await home.values(.consumption, .site("home")), [900, 900]))
    #expect(isClose(try await home.values(.consumption, .customer("ada")), [900, 900]))
    #expect(isClose(try await home.values(.gridEnergy, .site("home")), [300, 300]))
    #expect(isClose(try await home.values(.gridEnergy, .device("grid")), [300, 300]))
    #expect(try await home.values(.gridEnergy, .device("battery")).values == nil)
    #expect(try await home.values(.selfConsumption, .site("home")).values == [MetricValue(), MetricValue()])
    try await home.stop()
  }

  @Test("Storage is the state of charge of the capacity at the end of each bucket")
  func storage() async throws {
    let home = try await Home()
    try home.hour()
    let answer = try await home.values(.storage, .site("home"))
    #expect(isClose(answer, [6550, 5050]))
    #expect(answer.values?.map(\.coverage) == [1, 1])
    #expect(try await home.values(.storage, .device("grid")).values == nil)
    try await home.stop()
  }

  @Test("Availability falls while a device is silent, and is not known before it was heard first")
  func availability() async throws {
    let home = try await Home()
    #expect(try await home.values(.availability, .device("battery")).values == [MetricValue(), MetricValue()])
    try home.hour(silentAfter: 44)
    let values = try #require(try await home.values(.availability, .device("battery")).values)
    #expect(values[0].value == 1)
    #expect(values[1].value == 0.5)
    try await home.stop()
  }

  @Test("Emissions are the import times the intensity of the time; where none is known they are not")
  func emissions() async throws {
    let home = try await Home(carbon: "carbonIntensity: []")
    try home.hour()
    try "time,gramsPerKWh\n2026-05-01T10:00:00Z,100\n2026-05-01T10:15:00Z,300\n2026-05-01T10:30:00Z,500\n".write(
      to: home.bench.folder.appendingPathComponent("grid.csv"), atomically: true, encoding: .utf8)
    let text = try String(contentsOf: home.bench.folder.appendingPathComponent("grid.csv"), encoding: .utf8)
    let carbon = [CarbonSource(name: "grid.csv", siteIDs: nil, series: try CarbonSeries(text: text))]
    let boundaries = [home.start, home.start.advanced(byMilliseconds: 3_600_000)]
    let reader = MetricReader(
      running: home.running, carbon: carbon, boundaries: boundaries, now: home.clock.now)
    let answer = try await reader.answer(.emissions, .customer("ada"))
    // 150 Wh at 100, 150 Wh at 300, then a quarter hour at 500 that ends the series.
    #expect(isClose(answer, [135]))
    #expect(answer.values?.first?.coverage == 0.75)
    let source = try #require(answer.sources.first)
    #expect(source.name == "grid.csv" && source.kind == .file && source.coverage == 0.75)
    try await home.stop()
  }

  @Test("A carbon intensity is CSV or JSON, and a mistake in it has its line")
  func carbonFiles() throws {
    let json =
      #"[{"time": "2026-05-01T10:00:00Z", "gramsPerKWh": 100}, {"time": "2026-05-01T11:00:00Z", "gramsPerKWh": 200}]"#
    let series = try CarbonSeries(text: json)
    #expect(try CarbonSeries(text: "{\"data\": \(json)}") == series)
    func time(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }
    #expect(try series.intensity(at: time("2026-05-01T09:59:59Z")) == nil)
    #expect(try series.intensity(at: time("2026-05-01T10:59:59Z")) == 100)
    #expect(try series.intensity(at: time("2026-05-01T11:59:59Z")) == 200)
    #expect(try series.intensity(at: time("2026-05-01T12:00:00Z")) == nil)
    for (text, place) in [
      ("time,grams\n", "line 1"), ("time,gramsPerKWh\n2026-05-01T10:00:00Z,many\n", "line 2"),
      ("time,gramsPerKWh\nnoon,1\n", "line 2"), ("[{\"time\": 1}]", "entry 0"), ("[1", "JSON"),
      ("time,gramsPerKWh\n2026-05-01T10:00:00Z,1e9\n", "5000"), ("", "no value"),
    ] {
      #expect { try CarbonSeries(text: text) } throws: {
        ($0 as? CarbonSeries.Failure)?.message.contains(place) == true
      }
    }
  }

  @Test("The configuration names files of carbon intensity, for some sites or for all")
  func carbonConfiguration() throws {
    let bench = try ConfigurationTests.Bench()
    let file = bench.folder.appendingPathComponent("grid.csv")
    try "time,gramsPerKWh\n2026-05-01T10:00:00Z,100\n".write(to: file, atomically: true, encoding: .utf8)
    let sites = "sites: [{id: home}, {id: hut}]\n"
    let (configuration, findings) = bench.read(
      sites + """
        carbonIntensity:
          - {name: hydro, file: "\(file.path)", sites: [hut]}
          - {file: "\(file.path)"}
        """)
    #expect(findings == [])
    #expect(configuration?.carbon.source(forSite: "hut")?.name == "hydro")
    #expect(configuration?.carbon.source(forSite: "home")?.name == "grid.csv")
    let wrong = bench.read(
      sites + """
        carbonIntensity:
          - {file: nowhere.csv}
          - {file: "\(file.path)", sites: [castle]}
          - {file: "\(file.path)"}
          - {file: "\(file.path)"}
        """)
    #expect(wrong.configuration == nil)
    #expect(wrong.findings.count == 3 && wrong.findings[0].contains("nowhere.csv cannot be read"))
  }
}
