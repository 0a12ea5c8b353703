import AdapterKit
import DeviceProfiles
import EnergyModel
@testable import ModbusAdapter
import ModbusTestSupport
import Testing

@Suite("Several units behind one endpoint", .timeLimit(.minutes(1)))
struct OtherUnitTests {
  private static let points = """
            powerW: {holding: 100, type: u16, poll: fast}
            voltageV: {holding: 31, type: u16, unitId: 246, poll: fast}
            currentA: {holding: 40, type: u16, unitId: 246, poll: fast}
    """

  @Test("Each value comes from its own unit, and a write goes to the unit that it is for")
  func values() async throws {
    let server = try #require(ModbusServer.tcp())
    defer { server.stop() }
    server.setHolding(100, 700)
    server.setHolding(31, 230)
    let fixture = try LinkFixture(.tcp(host: "127.0.0.1", port: server.port), text: meterText(points: Self.points))
    await fixture.link.start()
    #expect(await fixture.advance { $0.number(unit1, "powerW") == 700 && $0.number(unit1, "voltageV") == 230 })
    try await fixture.link.execute(
      [
        .writeRegisters(unit: 246, address: 37, values: [500], function: .single),
        .writeRegisters(address: 38, values: [1], function: .single),
      ], on: unit1)
    #expect(server.holding(37) == 500)
    let units = server.requests.map { "\($0.unit) \($0.function) \($0.address)" }
    #expect(units.contains("1 3 100") && units.contains("246 3 31"))
    #expect(units.contains("246 6 37") && units.contains("1 6 38"))
    await fixture.link.stop()
  }

  @Test("A unit that is not there is missing alone, and comes back by itself", arguments: [10, 11] as [UInt8])
  func absent(code: UInt8) async throws {
    let server = FaultServer()
    defer { server.stop() }
    server.setRule { $0.unit == 246 ? .exception(code) : .none }
    let fixture = try LinkFixture(.tcp(host: "127.0.0.1", port: server.port), text: meterText(points: Self.points))
    await fixture.link.start()
    #expect(await fixture.advance { $0.state(unit1) == .degraded })
    await fixture.advance(by: .seconds(30))
    #expect(fixture.sink.state.number(unit1, "powerW") == 100)
    #expect(fixture.sink.state.states(unit1).contains(.offline) == false)
    #expect(fixture.sink.state.reason(unit1).contains("unit 246: exception \(code)"))
    #expect(server.requests.count { $0.unit == 246 } == 1)
    server.setRule { _ in .none }
    #expect(await fixture.advance { $0.number(unit1, "currentA") == 40 && $0.state(unit1) == .online })
    await fixture.link.stop()
  }

  @Test("A silent unit is left alone after a few requests, and the others keep their rhythm")
  func silent() async throws {
    let server = FaultServer()
    defer { server.stop() }
    server.setRule { $0.unit == 246 ? .silence : .none }
    let text = meterText(timeout: "50 ms", points: Self.points)
    let fixture = try LinkFixture(.tcp(host: "127.0.0.1", port: server.port), text: text)
    await fixture.link.start()
    #expect(await fixture.advance { $0.reason(unit1).contains("unit 246: no answer") })
    server.forgetRequests()
    await fixture.advance(by: .seconds(30))
    #expect(server.requests.count { $0.unit == 246 } == 0)
    #expect(server.requests.count { $0.unit == 1 } >= 28)
    #expect(fixture.sink.state.states(unit1).contains(.offline) == false)
    await fixture.link.stop()
  }

  @Test("Models of a unit that is not there are no obstacle, and are looked for again")
  func sunSpecUnit() async throws {
    let server = FaultServer()
    defer { server.stop() }
    server.set(SunSpecMemory.inverter)
    server.setRule { $0.unit == 240 ? .exception(11) : .none }
    let points = """
              powerW: {sunspec: {model: 103, point: W}, poll: fast}
              frequencyHz: {sunspec: {model: 103, point: Hz}, unitId: 240, poll: fast}
      """
    let text = meterText(points: points, transport: ", sunspecBases: [0]")
    let fixture = try LinkFixture(.tcp(host: "127.0.0.1", port: server.port), text: text)
    await fixture.link.start()
    #expect(await fixture.advance { $0.number(unit1, "powerW") == 1500 })
    #expect(fixture.sink.state.number(unit1, "frequencyHz") == nil)
    server.setRule { _ in .none }
    #expect(await fixture.advance(by: .seconds(1)) { $0.number(unit1, "frequencyHz") == 50 })
    await fixture.link.stop()
  }

  @Test("A refused register of a SunSpec model costs only its own value", arguments: [2, 3] as [UInt8])
  func sunSpecBlock(code: UInt8) async throws {
    let server = FaultServer()
    defer { server.stop() }
    server.set(SunSpecMemory.inverter)
    // Hz of the model stands at 18; the header is read by discovery.
    server.setRule { $0.address <= 18 && 18 < $0.address + $0.count ? .exception(code) : .none }
    let points = """
              powerW: {sunspec: {model: 103, point: W}, poll: fast}
              frequencyHz: {sunspec: {model: 103, point: Hz}, poll: fast}
      """
    let text = meterText(points: points, transport: ", sunspecBases: [0]")
    let fixture = try LinkFixture(.tcp(host: "127.0.0.1", port: server.port), text: text)
    await fixture.link.start()
    #expect(await fixture.advance { $0.number(unit1, "powerW") == 1500 && $0.state(unit1) == .degraded })
    #expect(fixture.sink.state.number(unit1, "frequencyHz") == nil)
    #expect(fixture.sink.state.reason(unit1).contains("holding 18: exception \(code)"))
    server.setRule { _ in .none }
    #expect(await fixture.advance(by: .seconds(1)) { $0.number(unit1, "frequencyHz") == 50 })
    await fixture.link.stop()
  }

  @Test("A block of the profile is one request, and is cut when the device refuses a part of it")
  func block() async throws {
    let server = FaultServer()
    defer { server.stop() }
    let text = meterText(transport: ", blocks: [\"holding 100..119\"]")
    let fixture = try LinkFixture(.tcp(host: "127.0.0.1", port: server.port), text: text)
    await fixture.link.start()
    #expect(await fixture.advance { $0.state(unit1) == .online && $0.number(unit1, "frequencyHz") == 104 })
    #expect(Set(server.requests.filter { $0.address < 200 }.map { "\($0.address)+\($0.count)" }) == ["100+20"])
    server.setRule { $0.address <= 104 && 104 < $0.address + $0.count ? .exception(2) : .none }
    #expect(await fixture.advance { $0.reason(unit1).contains("holding 104: exception 2") })
    server.forgetRequests()
    await fixture.advance(by: .seconds(5))
    #expect(Set(server.requests.filter { $0.address < 200 }.map { "\($0.address)+\($0.count)" }) == ["100+4"])
    await fixture.link.stop()
  }
}

/// Registers of a SunSpec device with one three-phase inverter, at base 0.
enum SunSpecMemory {
  static let inverter: [UInt16: UInt16] = {
    var memory: [UInt16: UInt16] = [0: 0x5375, 1: 0x6E53, 2: 103, 3: 50, 54: 0xFFFF, 55: 0]
    for address in 4..<54 { memory[UInt16(address)] = 0 }
    // W at 14 with its factor at 15, Hz at 16 with its factor at 17 of the model that begins at 2.
    memory[16] = 1500
    memory[17] = 0
    memory[18] = 5000
    memory[19] = UInt16(bitPattern: -2)
    return memory
  }()
}
