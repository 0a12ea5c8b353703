import EnergyModel
import LocalAPISchema
import LocalAPIServer
import LocalAPITestSupport
import Testing

@testable import GatewayCommands

@Suite struct ViewTests {
  private func text(_ lines: [String]) -> String { lines.joined(separator: "\n") }

  @Test("The status is one screen")
  func status() async throws {
    var status = try await InMemoryGateway().status()
    status.api = APIAddresses(tcp: "127.0.0.1:8480", socket: "/run/heddle/heddle.sock")
    #expect(
      text(StatusView.lines(status, color: false)) == """
        heddle 1.2.3, up 2 h, store 1.2 MB, 3 windows to write
        API on 127.0.0.1:8480 and /run/heddle/heddle.sock

        LINK    TRANSPORT  ADDRESS                STATE          EXCHANGES  BUSY  ANSWERS IN  ERRORS
        house   modbus     127.0.0.1:1502         connected           1204   4 %  12 / 40 ms  timeout 2
        broker  mqtt       mqtt://127.0.0.1:1883  not connected          0     –           –  connection refused

        DEVICE        TYPE        STATE    HEARD    LAST ERROR
        battery-1     battery     online   4 s ago
        thermostat-1  thermostat  offline  1 h ago  no answer for 3 s

        dropped since the start: ringFull 3
        """)
  }

  @Test("A link tells its load, its errors, and how its polls keep their time")
  func linkHealth() async throws {
    let status = try await InMemoryGateway().status()
    #expect(
      text(LinkHealthView.lines(status.links[0], color: false)) == """
        1204 exchanges, 1 connections, 2.5 requests/s, busy 4 %, answers in 12 / 40 ms
        errors: timeout 2

        DEVICES    POLL  EVERY   INTERVAL     DELAY  ANSWERS IN  TIMEOUT  POLLS  LATE  SKIPPED
        battery-1  fast    2 s  2 / 2.5 s  8 / 9 ms  12 / 40 ms   300 ms    600     1        2
        """)
    #expect(
      text(LinkHealthView.lines(status.links[1], color: false)) == """
        0 exchanges, 0 connections
        connection refused
        """)
  }

  @Test("The list of devices has the values that matter")
  func deviceList() {
    #expect(
      text(DeviceView.list([InMemoryGateway.battery, InMemoryGateway.thermostat], color: false)) == """
        DEVICE        TYPE        NAME            CUSTOMER  NOW                                  STATE    AGE
        battery-1     battery     Cellar battery  demo      87 %, charging 2.1 kW                online   4 s ago
        thermostat-1  thermostat  Hall            other     19.5 °C, heating to 21.5 °C (stale)  offline  1 h ago
        """)
  }

  @Test("One device shows every field with unit, quality and age, and its commands with their limits")
  func device() {
    #expect(
      text(DeviceView.lines(InMemoryGateway.battery, color: false)) == """
        battery-1  Cellar battery, battery
          Acme One
          customer demo, site home, link house, profile acme-one
          online, heard 4 s ago, 87 %, charging 2.1 kW

        FIELD                    VALUE  UNIT  QUALITY  AGE
        faults                    none        good     4 s ago
        temperatureC                 –  °C    missing  4 s ago
        socPercent                87.3  %     good     4 s ago
        powerW                   -2130  W     good     4 s ago  charging 2.1 kW
        chargePowerW              2130  W     good     4 s ago
        dischargePowerW              0  W     good     4 s ago
        energyChargedTotalWh   1234567  Wh    good     4 s ago
        chargingState         charging        good     4 s ago

        COMMAND         INPUT
        battery:auto                                                         Back to normal
        battery:charge  powerW 100 to 5000 W, [targetSocPercent … to 100 %]  Charge at a power
        """)
  }

  @Test("Colours are only added where they are wanted")
  func colors() {
    #expect(!text(DeviceView.list([InMemoryGateway.battery], color: false)).contains("\u{1B}"))
    #expect(text(DeviceView.list([InMemoryGateway.battery], color: true)).contains("\u{1B}[32monline\u{1B}[0m"))
  }

  @Test("Line breaks from a device do not break a table")
  func lineBreaks() {
    var table = TextTable("A", "B")
    table.add("x\ny", "z\r\n")
    #expect(table.lines(color: false) == ["A    B", "x y  z"])
  }

  private func command(_ statuses: [CommandStatus]) async throws -> CommandResource {
    let gateway = InMemoryGateway()
    await gateway.set(outcome: statuses)
    return try await gateway.submit(
      .init(
        deviceId: "battery-1", name: CommandName(kind: .battery, verb: "charge"), input: ["powerW": .number(2500)],
        durationSeconds: 1800, actor: "local:1000", digest: "", onConflict: .reject)
    ).command
  }

  @Test("A confirmed command shows its life, its proof and its end")
  func confirmed() async throws {
    let command = try await command([.accepted, .dispatched, .acknowledged, .confirmed])
    #expect(
      text(CommandView.lines(command, now: InMemoryGateway.now, color: false)) == """
        confirmed: battery-1 does it
          cmd_1  battery:charge powerW=2500 for 30 min, sent by local:1000
          accepted → dispatched → acknowledged → confirmed (1.8 s)
          proof   powerW < -0.8 * input.powerW, held after 1.6 s
                  powerW  0 W → -2480 W
          until   2026-05-01T10:30:00.000Z (30 min left), then back to normal
        """)
  }

  @Test("An unconfirmed command is not shown as a success")
  func unconfirmed() async throws {
    let command = try await command([.accepted, .dispatched, .acknowledged, .unconfirmed])
    #expect(
      text(CommandView.lines(command, now: nil, color: false)) == """
        not confirmed: battery-1 took it, but does not show it
          cmd_1  battery:charge powerW=2500 for 30 min, sent by local:1000
          accepted → dispatched → acknowledged → unconfirmed (1.8 s)
          proof   powerW < -0.8 * input.powerW, never held
                  powerW  0 W → 0 W
          reason  not seen within 30 s (READBACK_TIMEOUT)
                  sending it again may help
        """)
    #expect(CommandSender.outcome(of: .unconfirmed) == .notConfirmed)
    let fine = CommandStatus.allCases.filter { CommandSender.outcome(of: $0) == .fine }
    #expect(fine == [.confirmed, .completed])
  }

  @Test("Usage says what is known, and of what is not that it is not")
  func usage() async throws {
    let start = InMemoryGateway.now
    let buckets = (0..<2).map { hour in
      UsageInterval(
        start: start.advanced(byMilliseconds: Int64(hour) * 3_600_000),
        end: start.advanced(byMilliseconds: Int64(hour + 1) * 3_600_000))
    }
    let metrics = try await InMemoryGateway().usage(
      .init(subject: .customer("demo"), interval: .init(start: start, end: buckets[1].end), buckets: buckets))
    var report = UsageReport(
      customerId: "demo", from: start, to: buckets[1].end, timezone: "Europe/Berlin", by: "none", metrics: metrics)
    #expect(
      text(UsageView.lines(report, color: false)) == """
        customer demo, 2026-05-01 12:00 to 2026-05-01 14:00 (Europe/Berlin)

        METRIC          TOTAL  COVERAGE
        consumption         –       0 %  not known: no meter or no data
        generation   12.4 kWh      99 %
        """)
    report.by = "hour"
    #expect(
      text(UsageView.lines(report, color: false)) == """
        customer demo, 2026-05-01 12:00 to 2026-05-01 14:00 (Europe/Berlin)

        START             CONSUMPTION  GENERATION
        2026-05-01 12:00            –        0 Wh
        2026-05-01 13:00            –      500 Wh
        total                       –    12.4 kWh
        """)
  }

  @Test("A metric is a table with a column for each series, or a line for each where they are many")
  func metric() async throws {
    let start = InMemoryGateway.now
    let owners = (1...7).map { MetricOwner(deviceId: "pv-\($0)") }
    func report(_ count: Int) -> MetricReport {
      let series = owners.prefix(count).map {
        MetricReport.Series(owner: $0, timezone: "Europe/Berlin", total: 1500, coverage: 0.4)
      }
      func point(_ hour: Int64, _ value: Double?, _ coverage: Double, of owner: MetricOwner) -> MetricPoint {
        MetricPoint(
          ts: start.advanced(byMilliseconds: hour * 3_600_000), v: value, owner: owner, coverage: coverage,
          quality: value == nil ? "missing" : "good", revision: 0)
      }
      var points: [MetricPoint] = []
      for owner in owners.prefix(count) { points += [point(0, 1500, 0.8, of: owner), point(1, nil, 0, of: owner)] }
      return MetricReport(
        data: points,
        meta: .init(
          label: "energyGeneratedWhr", unit: "WATT_HOURS", displayUnit: "whr", sparse: false, groupBy: .device,
          windowSize: .hour, from: start, to: start.advanced(byMilliseconds: 7_200_000), timezone: "Europe/Berlin",
          series: series))
    }
    #expect(
      text(MetricView.lines(report(2), color: false)) == """
        START                pv-1     pv-2
        2026-05-01 12:00  1.5 kWh  1.5 kWh
        2026-05-01 13:00        –        –
        total             1.5 kWh  1.5 kWh
        """)
    #expect(
      text(MetricView.lines(report(7), color: false)).hasPrefix("SERIES    TOTAL  COVERAGE\npv-1    1.5 kWh      40 %"))
    #expect(MetricView.lines(report(0), color: false) == ["nothing measures this"])
  }
}
