import AdapterKit
import DeviceProfiles
import EnergyModel
import Glibc
@testable import ModbusAdapter
import ModbusTestSupport
import Testing
import TestSupport
import TimeSource

@Suite("A Modbus link to a libmodbus server", .timeLimit(.minutes(1)))
struct ModbusLinkTests {
  @Test("reads all four tables and decodes them")
  func tables() async throws {
    let server = try #require(ModbusServer.tcp())
    defer { server.stop() }
    server.setHolding(100, 1234)
    server.setInput(7, 230)
    server.setDiscrete(3, true)
    let points = """
            powerW: {holding: 100, type: u16, poll: fast}
            voltageV: {input: 7, type: u16, poll: fast}
            currentA: {value: "relay ? 5 : 6"}
          locals:
            relay: {discrete: 3, poll: fast}
            contact: {coil: 9, poll: fast}
      """
    let fixture = try LinkFixture(.tcp(host: "127.0.0.1", port: server.port), text: meterText(points: points))
    await fixture.link.start()
    #expect(await fixture.advance { $0.number(unit1, "currentA") != nil })
    #expect(fixture.sink.state.number(unit1, "powerW") == 1234)
    #expect(fixture.sink.state.number(unit1, "voltageV") == 230)
    #expect(fixture.sink.state.number(unit1, "currentA") == 5)
    #expect(fixture.sink.state.states(unit1) == [.online])
    await fixture.link.stop()
  }

  @Test("300 values of 10 units cost 10 requests a cycle")
  func requestCount() async throws {
    let server = try #require(ModbusServer.tcp())
    defer { server.stop() }
    var points = "      powerW: {holding: 100, type: u16, poll: fast}\n    locals:\n"
    for index in 1..<30 { points += "      value\(index): {holding: \(100 + index), type: u16, poll: fast}\n" }
    let fixture = try LinkFixture(
      .tcp(host: "127.0.0.1", port: server.port), text: meterText(points: points), units: Array(1...10))
    await fixture.link.start()
    #expect(await fixture.advance { state in (1...10).allSatisfy { state.batches[LinkFixture.unit($0)] == 1 } })
    #expect(server.requests.count == 10)
    #expect(Set(server.requests.map(\.unit)).count == 10)
    #expect(server.requests.allSatisfy { $0.address == 100 && $0.count == 30 })
    await fixture.advance(by: .seconds(9))
    #expect(server.requests.count == 100)
    #expect(await fixture.link.statistics().exchanges == 100)
    await fixture.link.stop()
  }

  @Test("keeps the times of its polls on the machine's own clock, and a refresh waits for none of them")
  func machineClock() async throws {
    let server = try #require(ModbusServer.tcp())
    defer { server.stop() }
    let fixture = try LinkFixture(
      .tcp(host: "127.0.0.1", port: server.port), text: meterText().replacing("fast: 1 s", with: "fast: 100 ms"),
      time: .system)
    let begin = TimeSource.system.monotonic()
    await fixture.link.start()
    // One of them is that of the block of another class.
    while fixture.sink.state.batches[unit1, default: 0] < 7 { await Task.yield() }
    #expect(TimeSource.system.monotonic() - begin >= .milliseconds(500))
    await fixture.link.stop()

    let idle = try LinkFixture(
      .tcp(host: "127.0.0.1", port: server.port), text: meterText().replacing("fast: 1 s", with: "fast: 1 h"),
      time: .system)
    await idle.link.start()
    while idle.sink.state.batches[unit1, default: 0] < 2 { await Task.yield() }
    try await idle.link.refresh(unit1)
    #expect(idle.sink.state.batches[unit1, default: 0] == 4)
    await idle.link.stop()
  }

  @Test("writes registers and coils in order, waits in between, and reads the result back")
  func commands() async throws {
    let server = try #require(ModbusServer.tcp())
    defer { server.stop() }
    let fixture = try LinkFixture(.tcp(host: "127.0.0.1", port: server.port))
    await fixture.link.start()
    #expect(await fixture.advance { $0.number(unit1, "powerFactor") != nil })
    let command = Task {
      try await fixture.link.execute(
        [
          .writeRegisters(address: 100, values: [0, 2000], function: .multiple), .wait(.seconds(5)),
          .writeRegisters(address: 104, values: [50], function: .single), .writeCoil(address: 3, value: true),
        ], on: unit1)
    }
    while server.holding(101) == 0 { await Task.yield() }
    #expect(server.holding(104) == 0)
    await fixture.advance(by: .seconds(6))
    try await command.value
    #expect(server.holding(100) == 0 && server.holding(101) == 2000)
    #expect(server.holding(104) == 50)
    #expect(server.coil(3))
    let functions = server.requests.map(\.function).filter { $0 > 4 }
    #expect(functions == [16, 6, 5])
    try await fixture.link.refresh(unit1)
    #expect(fixture.sink.state.number(unit1, "voltageV") == 2000)
    let snapshot = try await fixture.link.snapshot(of: unit1)
    #expect(snapshot.value("frequencyHz", part: 0)?.value == .number(50))
    await fixture.link.stop()
  }

  @Test("checks what the device is before it reads anything else")
  func identity() async throws {
    let server = try #require(ModbusServer.tcp())
    defer { server.stop() }
    for (index, word) in [0x5355, 0x4E33].enumerated() { server.setHolding(30 + index, UInt16(word)) }
    let extra = "identify: {holding: 30, type: string, length: 2, matches: [\"SUN2*\"]}"
    let fixture = try LinkFixture(.tcp(host: "127.0.0.1", port: server.port), text: meterText(extra: extra))
    await fixture.link.start()
    #expect(await fixture.advance { $0.state(unit1) == .offline })
    #expect(fixture.sink.state.reason(unit1).contains("SUN3"))
    #expect(server.requests.allSatisfy { $0.address == 30 })
    await #expect(throws: CommandFault.self) {
      try await fixture.link.execute([.writeCoil(address: 1, value: true)], on: unit1)
    }
    server.setHolding(31, 0x4E32)
    #expect(await fixture.advance { $0.state(unit1) == .online })
    #expect(await fixture.advance { $0.number(unit1, "powerW") != nil })
    await fixture.link.stop()
  }

  @Test("refuses what cannot be sent, before anything is sent")
  func refusals() async throws {
    let server = try #require(ModbusServer.tcp())
    defer { server.stop() }
    let fixture = try LinkFixture(.tcp(host: "127.0.0.1", port: server.port))
    await fixture.link.start()
    #expect(await fixture.advance { $0.state(unit1) == .online })
    let impossible: [WireOperation] = [
      .writeRegisters(address: 1, values: [], function: .multiple),
      .writeRegisters(address: 1, values: [1, 2], function: .single),
      .writeRegisters(address: 65535, values: [1, 2], function: .multiple),
      .writeRegisters(address: 1, values: [UInt16](repeating: 0, count: 124), function: .multiple),
      .publish(topic: "a", payload: "b", retain: false),
    ]
    for operation in impossible {
      let fault = await #expect(throws: CommandFault.self) {
        try await fixture.link.execute([.writeCoil(address: 1, value: true), operation], on: unit1)
      }
      #expect(fault?.kind == .notSent)
    }
    let unknown = await #expect(throws: CommandFault.self) { try await fixture.link.refresh(EndpointID("nobody")) }
    #expect(unknown?.kind == .notSent)
    #expect(server.requests.allSatisfy { $0.function < 5 })
    await fixture.link.stop()
    let stopped = await #expect(throws: CommandFault.self) { try await fixture.link.refresh(unit1) }
    #expect(stopped?.kind == .notSent)
  }

  @Test("speaks RTU over a serial line", .enabled(if: SerialPair.isPossible, "socat is not installed"))
  func rtu() async throws {
    let pair = try #require(await SerialPair.make())
    defer { pair.stop() }
    let server = try #require(ModbusServer.rtu(device: pair.server))
    server.setHolding(100, 77)
    // Unit 2 does not exist on the line: it stays silent, and unit 1 goes on.
    let fixture = try LinkFixture(
      .rtu(.init(device: pair.client, baud: 9600)), units: [1, 2])
    await fixture.link.start()
    #expect(await fixture.advance { $0.number(unit1, "powerW") == 77 && $0.state(unit2) == .offline })
    try await fixture.link.execute([.writeRegisters(address: 100, values: [78], function: .single)], on: unit1)
    #expect(server.holding(100) == 78)
    #expect(await fixture.advance { $0.number(unit1, "powerW") == 78 })
    #expect(fixture.sink.state.states(unit1) == [.online])
    #expect(await fixture.link.statistics().connects == 1)
    await fixture.link.stop()
  }

  @Test(
    "polls a serial line on the machine's own clock, and a write waits for no poll",
    .enabled(if: SerialPair.isPossible, "socat is not installed"))
  func rtuOnMachineClock() async throws {
    let pair = try #require(await SerialPair.make())
    defer { pair.stop() }
    let server = try #require(ModbusServer.rtu(device: pair.server))
    let fixture = try LinkFixture(.rtu(.init(device: pair.client, baud: 9600)), time: .system)
    await fixture.link.start()
    while fixture.sink.state.batches[unit1, default: 0] < 3 { await Task.yield() }
    try await fixture.link.execute([.writeRegisters(address: 100, values: [78], function: .single)], on: unit1)
    #expect(server.holding(100) == 78)
    await fixture.link.stop()
  }

  @Test("says what is wrong with a serial line that cannot be opened")
  func missingLine() async throws {
    let fixture = try LinkFixture(.rtu(.init(device: "/dev/heddle-does-not-exist")))
    await fixture.link.start()
    #expect(await fixture.advance { $0.state(unit1) == .offline })
    #expect(fixture.sink.state.reason(unit1).contains("/dev/heddle-does-not-exist"))
    await fixture.link.stop()
    #expect(ModbusLinkConfiguration.SerialLine(device: "a", baud: 12345).problem?.contains("12345") == true)
    #expect(ModbusLinkConfiguration.SerialLine(device: "a", dataBits: 9).problem != nil)
    #expect(ModbusLinkConfiguration.SerialLine(device: "a").problem == nil)
  }
}

extension ModbusLinkTests {
  @Test("reads what the device says of itself, takes the variant, and says so once")
  func variants() async throws {
    let server = try #require(ModbusServer.tcp())
    defer { server.stop() }
    server.setHolding(100, 7)
    server.setHolding(150, 8)
    server.setHolding(300, 2)
    let text = meterText(
      points: "        powerW: {holding: 100, type: u16, poll: fast}",
      extra: """
        variants:
          - {name: second, when: "$generation == 2", devices: {meter: {points: {powerW: {holding: 150}}}}}
        """
    ).replacing(
      "help: \"unit\"}",
      with: "help: \"unit\"}\n  generation: {type: integer, default: 1, read: {holding: 300, type: u16}}")
    let fixture = try LinkFixture(.tcp(host: "127.0.0.1", port: server.port), text: text)
    await fixture.link.start()
    #expect(await fixture.advance { $0.number(unit1, "powerW") != nil })
    #expect(fixture.sink.state.number(unit1, "powerW") == 8)
    await fixture.advance(by: .seconds(5))
    #expect(try await fixture.link.snapshot(of: unit1).bound.variant == "second")
    let told = fixture.lines.all.filter { $0.contains("the device says generation 2: variant second") }
    #expect(told.count == 1, "\(fixture.lines.all)")
    await fixture.link.stop()
  }
}
