import AdapterKit
import DeviceProfiles
import EnergyModel
import ModbusAdapter
import ModbusWire
import TestSupport
import Testing
import TimeSource

/// What holds for Modbus TCP holds for the other framings.
@Suite("A Modbus link in another framing", .timeLimit(.minutes(1)))
struct FramingLinkTests {
  private static let kinds: [ModbusLinkKind] = [.rtuOverTcp, .rtuOverUdp, .givenergy, .aa55]

  private func fixture(
    _ kind: ModbusLinkKind, _ server: FramedServer, text: String = meterText()
  ) throws -> LinkFixture {
    try LinkFixture(.socket(kind, host: "127.0.0.1", port: server.port), text: text)
  }

  @Test("reads, writes, and says what it did", arguments: kinds)
  func readsAndWrites(_ kind: ModbusLinkKind) async throws {
    let server = FramedServer(kind)
    defer { server.stop() }
    let fixture = try fixture(kind, server)
    await fixture.link.start()
    #expect(await fixture.advance { $0.number(unit1, "powerFactor") == 200 })
    #expect(fixture.sink.state.number(unit1, "powerW") == 100)
    #expect(fixture.sink.state.number(unit1, "currentA") == Double(102 << 16 | 103))
    #expect(fixture.sink.state.states(unit1) == [.online])
    try await fixture.link.execute([.writeRegisters(address: 110, values: [7], function: .single)], on: unit1)
    #expect(server.requests.contains([6, 0, 110, 0, 7]))
    await fixture.link.stop()
  }

  @Test(
    "goes offline with the reason, and recovers with the first good answer",
    arguments: [
      (ModbusLinkKind.rtuOverTcp, FramedServer.Fault.silence, "no answer within 0.3"),
      (.rtuOverTcp, .wrongUnit, "an answer of unit 2 instead of 1"),
      (.rtuOverTcp, .wrongChecksum, "wrong checksum"),
      (.rtuOverTcp, .exception(11), "exception 11"),
      (.rtuOverUdp, .silence, "no answer within 0.3"),
      (.rtuOverUdp, .wrongUnit, "an answer of unit 2 instead of 1"),
      (.rtuOverUdp, .wrongChecksum, "wrong checksum"),
      (.givenergy, .silence, "no answer within 0.3"),
      (.givenergy, .wrongUnit, "answers to other requests only"),
      (.aa55, .silence, "no answer within 0.3"),
      (.aa55, .wrongChecksum, "no answer to the request"),
    ])
  func faults(_ kind: ModbusLinkKind, _ fault: FramedServer.Fault, _ reason: String) async throws {
    let server = FramedServer(kind)
    defer { server.stop() }
    let fixture = try fixture(kind, server, text: meterText(timeout: "300 ms"))
    await fixture.link.start()
    #expect(await fixture.advance { $0.number(unit1, "powerFactor") == 200 })
    server.setRule { _ in fault }
    #expect(await fixture.advance { $0.state(unit1) == .offline })
    #expect(fixture.sink.state.reason(unit1).contains(reason), "\(fixture.sink.state.reason(unit1))")
    server.setRule { _ in .none }
    #expect(await fixture.advance { $0.state(unit1) == .online })
    #expect(fixture.sink.state.number(unit1, "powerW") == 100)
    await fixture.link.stop()
  }

  @Test(
    "A late or doubled answer never reaches the next request",
    arguments: [ModbusLinkKind.rtuOverTcp, .rtuOverUdp, .givenergy])
  func late(_ kind: ModbusLinkKind) async throws {
    let server = FramedServer(kind)
    defer { server.stop() }
    // The fast blocks are of the same length, so that only the socket tells their answers apart in RTU.
    // By UDP a read is sent again after 100 ms: the answer to the first comes then, the second answer finds nobody.
    let delay = kind.isDatagram ? 120 : 330
    server.setRule { $0[2] == 100 ? .late(milliseconds: delay) : .twice }
    let points = """
            powerW: {holding: 100, type: u16, poll: fast}
            voltageV: {holding: 200, type: u16, poll: fast}
            frequencyHz: {holding: 240, type: u16, poll: fast}
      """
    let fixture = try fixture(kind, server, text: meterText(timeout: "300 ms", points: points))
    await fixture.link.start()
    var values: Set<Double> = []
    #expect(
      await fixture.advance { state in
        for field in ["voltageV", "frequencyHz"] {
          if let value = state.number(unit1, field) { values.insert(value) }
        }
        return state.batches[unit1] ?? 0 >= 6
      })
    #expect(values.isSubset(of: [200, 240]))
    await fixture.link.stop()
  }

  @Test("Noise before an answer and answers in pieces do no harm; what was left out is counted")
  func noise() async throws {
    let server = FramedServer(.rtuOverTcp)
    defer { server.stop() }
    server.setRule { $0[2] == 100 ? .noiseBefore : .cutInPieces }
    let fixture = try fixture(.rtuOverTcp, server)
    await fixture.link.start()
    #expect(await fixture.advance { $0.number(unit1, "powerFactor") == 200 && $0.number(unit1, "powerW") == 100 })
    #expect(fixture.sink.state.states(unit1) == [.online])
    #expect(await fixture.link.statistics().errors["skipped byte"] ?? 0 >= 3)
    await fixture.link.stop()
  }

  @Test("GivEnergy's heartbeats are answered, between requests too, and answers to others are left out")
  func heartbeats() async throws {
    let server = FramedServer(.givenergy)
    defer { server.stop() }
    let beat = GivenergyFrame.heartbeat(adapterType: 2)
    func beats() -> Int {
      let bytes = server.received
      return bytes.indices.filter { bytes[$0...].starts(with: beat) }.count
    }
    let fixture = try fixture(.givenergy, server)
    await fixture.link.start()
    #expect(await fixture.advance { $0.number(unit1, "powerFactor") == 200 })
    server.setRule { _ in .heartbeatBefore }
    #expect(await fixture.advance { _ in beats() >= 2 })
    server.setRule { _ in .none }
    let before = beats()
    server.say(GivenergyFrame.heartbeat(adapterType: 2, isAnswer: false))
    #expect(await fixture.advance { _ in beats() > before })
    #expect(fixture.sink.state.states(unit1) == [.online])
    #expect(await fixture.link.statistics().connects == 1)
    await fixture.link.stop()
  }

  @Test("A lost datagram is asked for again, a write never is")
  func lostDatagrams() async throws {
    let server = FramedServer(.rtuOverUdp)
    defer { server.stop() }
    let lost = Counter()
    server.setRule { pdu in pdu[0] == 6 || lost.next() % 3 != 0 ? .silence : .none }
    let fixture = try fixture(.rtuOverUdp, server, text: meterText(timeout: "300 ms"))
    await fixture.link.start()
    #expect(await fixture.advance { $0.number(unit1, "powerFactor") == 200 })
    #expect(fixture.sink.state.states(unit1) == [.online])
    let fault = await #expect(throws: CommandFault.self) {
      try await fixture.link.execute([.writeRegisters(address: 110, values: [7], function: .single)], on: unit1)
    }
    #expect(fault?.kind == .timeout)
    #expect(server.requests.filter { $0[0] == 6 }.count == 1)
    await fixture.link.stop()
  }

  @Test("Nobody at the UDP port is a reason, not silence; stop is bounded", arguments: [true, false])
  func datagramEnds(_ isClosed: Bool) async throws {
    let server = FramedServer(.rtuOverUdp)
    server.setRule { _ in .silence }
    if isClosed { server.stop() }
    defer { if !isClosed { server.stop() } }
    let fixture = try fixture(.rtuOverUdp, server, text: meterText(timeout: "30 s"))
    await fixture.link.start()
    if isClosed {
      #expect(await fixture.advance { $0.state(unit1) == .offline })
      #expect(fixture.sink.state.reason(unit1).contains("refused"), "\(fixture.sink.state.reason(unit1))")
    } else {
      while server.requests.isEmpty { await Task.yield() }
    }
    let begin = TimeSource.system.monotonic()
    await fixture.link.stop()
    if !isClosed { #expect(TimeSource.system.monotonic() - begin < .seconds(2)) }
  }
}
