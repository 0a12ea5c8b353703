import AdapterKit
import DeviceProfiles
import EnergyModel
import Glibc
@testable import ModbusAdapter
import ModbusTestSupport
import Testing
import TestSupport
import TimeSource

@Suite("A Modbus link to a faulty peer", .timeLimit(.minutes(1)))
struct ModbusFaultTests {
  private func fixture(
    _ server: FaultServer, text: String = meterText(), units: [UInt8] = [1]
  ) throws -> LinkFixture {
    try LinkFixture(.tcp(host: "127.0.0.1", port: server.port), text: text, units: units)
  }

  private static let cases: [(FaultServer.Fault, String)] = [
    (.silence, "no answer within 0.4 seconds"),
    (.resetInTheMiddle, "ended before the answer was complete"),
    (.shortFrame, "no answer within 0.4 seconds"),
    (.drip(milliseconds: 100), "no answer within 0.4 seconds"),
    (.wrongUnit, "an answer of unit 2 instead of 1"),
    (.wrongTransaction, "an answer to another request"),
    (.wrongFunction, "function"),
    (.garbage, "an answer"),
    (.exception(10), "exception 10 (gateway path unavailable)"),
    (.exception(11), "exception 11 (gateway target device failed to respond)"),
  ]

  @Test("goes degraded, then offline with the reason, and recovers with the first good answer", arguments: 0..<10)
  func failure(index: Int) async throws {
    let (fault, reason) = ModbusFaultTests.cases[index]
    let server = FaultServer()
    defer { server.stop() }
    let fixture = try fixture(server)
    await fixture.link.start()
    #expect(await fixture.advance { $0.number(unit1, "powerFactor") == 200 })
    server.setRule { _ in fault }
    #expect(await fixture.advance { $0.state(unit1) == .offline })
    #expect(fixture.sink.state.states(unit1) == [.online, .degraded, .offline])
    #expect(fixture.sink.state.reason(unit1).contains(reason), "\(fixture.sink.state.reason(unit1))")
    #expect(fixture.sink.state.reason(unit1).contains("holding "))
    server.setRule { _ in .none }
    #expect(await fixture.advance { $0.state(unit1) == .online })
    let state = fixture.sink.state
    #expect(state.number(unit1, "powerW") == 100 && state.number(unit1, "frequencyHz") == 104)
    await fixture.link.stop()
  }

  @Test("A dripping answer holds the bus for the timeout of the profile, not for a timeout per byte")
  func drip() async throws {
    let server = FaultServer()
    defer { server.stop() }
    server.setRule { $0.unit == 2 ? .drip(milliseconds: 150) : .none }
    let fixture = try fixture(server, units: [1, 2])
    let begin = TimeSource.system.monotonic()
    await fixture.link.start()
    #expect(await fixture.advance { $0.state(unit2) == .offline && $0.state(unit1) == .online })
    #expect(TimeSource.system.monotonic() - begin < .seconds(5))
    await fixture.link.stop()
  }

  @Test("A late answer never reaches the next request")
  func late() async throws {
    let server = FaultServer()
    defer { server.stop() }
    // The fast block is answered too late, the other one at once. A mixed-up answer would be seen as a wrong value.
    server.setRule { $0.address == 100 ? .late(milliseconds: 460) : .none }
    let points = """
            powerW: {holding: 100, type: u16, poll: fast}
            voltageV: {holding: 300, type: u16, poll: fast}
      """
    let fixture = try fixture(server, text: meterText(points: points))
    await fixture.link.start()
    var values: Set<Double> = []
    #expect(
      await fixture.advance { state in
        if let value = state.number(unit1, "voltageV") { values.insert(value) }
        return state.batches[unit1] ?? 0 >= 5
      })
    #expect(values == [300])
    #expect(fixture.sink.state.number(unit1, "powerW") == nil)
    await fixture.link.stop()
  }

  @Test("An answer that comes twice never reaches the next request")
  func twice() async throws {
    let server = FaultServer()
    defer { server.stop() }
    server.setRule { _ in .twice }
    let points = """
            powerW: {holding: 100, type: u16, poll: fast}
            voltageV: {holding: 300, type: u16, poll: fast}
      """
    let fixture = try fixture(server, text: meterText(points: points))
    await fixture.link.start()
    #expect(await fixture.advance { $0.batches[unit1] ?? 0 >= 20 })
    #expect(fixture.sink.state.number(unit1, "powerW") == 100)
    #expect(fixture.sink.state.number(unit1, "voltageV") == 300)
    await fixture.link.stop()
  }

  @Test("A refused connection takes all devices offline with the reason, and one line is logged for the link")
  func refused() async throws {
    let server = FaultServer()
    let fixture = try fixture(server, units: [1, 2])
    await fixture.link.start()
    #expect(await fixture.advance { $0.state(unit1) == .online && $0.state(unit2) == .online })
    server.stop()
    #expect(await fixture.advance { $0.state(unit1) == .offline && $0.state(unit2) == .offline })
    #expect(fixture.sink.state.reason(unit1).contains("127.0.0.1:\(server.port)"))
    #expect(fixture.sink.state.reason(unit2).contains("refused"))
    let refusals = fixture.lines.all.filter { $0.contains("refused") }
    #expect(refusals.count == 1 && refusals.allSatisfy { $0.hasSuffix("link=bus") })
    let statistics = await fixture.link.statistics()
    #expect(!statistics.isConnected && statistics.lastError?.contains("refused") == true)
    #expect(statistics.errors["connect"] ?? 0 >= 2)
    let fault = await #expect(throws: CommandFault.self) {
      try await fixture.link.execute([.writeCoil(address: 1, value: true)], on: unit1)
    }
    #expect(fault?.kind == .notSent && fault?.message.contains("refused") == true)
    await fixture.link.stop()
  }

  @Test("A silent device backs off alone; the others keep their rhythm and are not set up again")
  func silentNeighbour() async throws {
    let server = FaultServer()
    defer { server.stop() }
    server.setRule { $0.unit == 2 ? .silence : .none }
    let fixture = try fixture(server, units: [1, 2, 3])
    await fixture.link.start()
    await fixture.advance(by: .seconds(120))
    let fast = server.requests.filter { $0.address == 100 }
    #expect(fast.count { $0.unit == 1 } >= 118)
    #expect(fast.count { $0.unit == 3 } >= 118)
    #expect(server.requests.count { $0.unit == 2 } <= 8)
    #expect(fixture.sink.state.states(unit1) == [.online])
    #expect(fixture.sink.state.state(unit2) == .offline)
    let lines = fixture.lines.all.filter { $0.contains("device=unit 2") }
    #expect(lines.count <= 3, "\(lines)")
    await fixture.link.stop()
  }

  @Test("A busy device is asked again later, is never offline, and gets no storm of requests")
  func busy() async throws {
    let server = FaultServer()
    defer { server.stop() }
    let fixture = try fixture(server)
    await fixture.link.start()
    #expect(await fixture.advance { $0.state(unit1) == .online })
    server.forgetRequests()
    server.setRule { _ in .exception(6) }
    await fixture.advance(by: .seconds(60))
    #expect(server.requests.count <= 8)
    #expect(fixture.sink.state.states(unit1) == [.online, .degraded])
    #expect(fixture.sink.state.reason(unit1).contains("exception 6 (server device busy)"))
    server.setRule { _ in .none }
    #expect(await fixture.advance { $0.state(unit1) == .online })
    await fixture.link.stop()
  }

  @Test("A refused register is found and left alone, the rest of its block flows", arguments: [2, 3] as [UInt8])
  func badRegister(code: UInt8) async throws {
    let server = FaultServer()
    defer { server.stop() }
    // 103 is the low word of currentA.
    server.setRule { $0.address <= 103 && 103 < $0.address + $0.count ? .exception(code) : .none }
    let fixture = try fixture(server)
    await fixture.link.start()
    #expect(await fixture.advance { $0.state(unit1) == .degraded && $0.number(unit1, "powerFactor") == 200 })
    let state = fixture.sink.state
    #expect(state.number(unit1, "powerW") == 100 && state.number(unit1, "voltageV") == 101)
    #expect(state.number(unit1, "frequencyHz") == 104 && state.number(unit1, "currentA") == nil)
    #expect(state.reason(unit1).contains("holding 102–103: exception \(code)"))
    #expect(state.problems[unit1]?.count { $0.contains("holding 102–103: exception \(code)") } == 1)
    server.forgetRequests()
    await fixture.advance(by: .seconds(5))
    let ranges = Set(server.requests.filter { $0.address < 200 }.map { "\($0.address)+\($0.count)" })
    #expect(ranges == ["100+2", "104+1"])
    // Later it is there, after an update of the device perhaps.
    server.setRule { _ in .none }
    #expect(await fixture.advance(by: .seconds(1)) { $0.number(unit1, "currentA") != nil })
    #expect(fixture.sink.state.state(unit1) == .online)
    await fixture.link.stop()
  }

  @Test("Commands say honestly whether they may have happened")
  func commandFaults() async throws {
    let server = FaultServer()
    defer { server.stop() }
    let fixture = try fixture(server)
    await fixture.link.start()
    #expect(await fixture.advance { $0.state(unit1) == .online })
    let expectations: [(FaultServer.Fault, CommandFault.Kind)] = [
      (.exception(2), .refused), (.silence, .timeout), (.late(milliseconds: 460), .timeout),
      (.resetInTheMiddle, .brokenOff), (.wrongUnit, .brokenOff), (.exception(11), .timeout),
    ]
    for (fault, kind) in expectations {
      #expect(await fixture.advance { $0.state(unit1) == .online })
      server.forgetRequests()
      server.setRule { $0.function == 6 && $0.address == 7 ? fault : .none }
      let thrown = await #expect(throws: CommandFault.self) {
        try await fixture.link.execute(
          [
            .writeRegisters(address: 6, values: [1], function: .single),
            .writeRegisters(address: 7, values: [1], function: .single),
            .writeRegisters(address: 8, values: [1], function: .single),
          ], on: unit1)
      }
      #expect(thrown?.kind == kind, "\(fault)")
      #expect(thrown?.message.contains("FC6 holding 7 = [1]") == true)
      #expect(thrown?.message.contains("1 operation before it worked") == true)
      #expect(server.requests.filter { $0.function == 6 }.map(\.address) == [6, 7])
    }
    await fixture.link.stop()
  }

  @Test("A device that closes idle connections is no failure")
  func goodbye() async throws {
    let server = FaultServer()
    defer { server.stop() }
    server.setRule { _ in .goodbye }
    let fixture = try fixture(server)
    await fixture.link.start()
    #expect(await fixture.advance { $0.number(unit1, "powerFactor") == 200 })
    await fixture.advance(by: .seconds(5))
    #expect(fixture.sink.state.states(unit1) == [.online])
    #expect(await fixture.link.statistics().connects > 5)
    await fixture.link.stop()
  }

  @Test("Stop is bounded and nothing comes after it, whatever the peer does")
  func stop() async throws {
    let server = FaultServer()
    defer { server.stop() }
    server.setRule { _ in .silence }
    let fixture = try fixture(server, text: meterText(timeout: "30 s"))
    await fixture.link.start()
    while server.requests.isEmpty { await Task.yield() }
    let begin = TimeSource.system.monotonic()
    await fixture.link.stop()
    #expect(TimeSource.system.monotonic() - begin < .seconds(2))
    let events = fixture.sink.state.events
    server.setRule { _ in .none }
    fixture.clock.advance(by: .seconds(100))
    #expect(fixture.sink.state.events == events)
  }

  @Test("A dripping server holds up nobody else on its event loop")
  func dripElsewhere() async throws {
    let (dripping, healthy) = (FaultServer(), FaultServer())
    defer {
      dripping.stop()
      healthy.stop()
    }
    dripping.setRule { _ in .drip(milliseconds: 500) }
    let loops = SocketLoops(threads: 1)
    let slow = try LinkFixture(
      .tcp(host: "127.0.0.1", port: dripping.port), text: meterText(timeout: "30 s"), loops: loops)
    let quick = try LinkFixture(.tcp(host: "127.0.0.1", port: healthy.port), loops: loops)
    await slow.link.start()
    while dripping.requests.isEmpty { await Task.yield() }
    await quick.link.start()
    #expect(await quick.advance { $0.number(unit1, "powerFactor") == 200 })
    #expect(slow.sink.state.events == 0)
    await quick.link.stop()
    await slow.link.stop()
  }

  @Test("What nobody has room for is not read, but counted for the device; writes go on")
  func noRoom() async throws {
    let server = FaultServer()
    defer { server.stop() }
    let fixture = try fixture(server)
    await fixture.link.start()
    #expect(await fixture.advance { $0.number(unit1, "powerFactor") == 200 })
    fixture.sink.setRoom(false)
    server.forgetRequests()
    await fixture.advance(by: .seconds(10))
    try await fixture.link.execute([.writeRegisters(address: 7, values: [1], function: .single)], on: unit1)
    #expect(server.requests.map(\.function) == [6])
    let statistics = await fixture.link.statistics()
    #expect(statistics.errors["poll without room"] ?? 0 >= 9)
    #expect(statistics.endpoints[0].polls.first { $0.pollClass == .fast }?.skipped ?? 0 >= 9)
    fixture.sink.setRoom(true)
    server.forgetRequests()
    #expect(await fixture.advance { _ in !server.requests.isEmpty })
    #expect(fixture.sink.state.states(unit1) == [.online])
    await fixture.link.stop()
  }

  @Test("Polls that a slow bus leaves no time for are counted")
  func slowBus() async throws {
    let server = FaultServer()
    defer { server.stop() }
    let fixture = try fixture(server)
    await fixture.link.start()
    #expect(await fixture.advance { $0.number(unit1, "powerFactor") == 200 })
    await fixture.clock.untilSleeping(1)
    fixture.clock.advance(by: .seconds(60))
    #expect(await fixture.advance { $0.batches[unit1] ?? 0 > 3 })
    #expect(await fixture.link.statistics().errors["skipped poll"] ?? 0 >= 55)
    await fixture.link.stop()
  }
}
