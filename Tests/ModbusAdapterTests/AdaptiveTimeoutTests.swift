import AdapterKit
import DeviceProfiles
import EnergyModel
import ModbusAdapter
import ModbusTestSupport
import TestSupport
import Testing
import TimeSource

@Suite("A Modbus link that measures")
struct AdaptiveTimeoutTests {
  private func link(_ server: FaultServer, units: [UInt8] = [1], shortest: String = "60 ms") throws -> LinkFixture {
    try LinkFixture(
      .tcp(host: "127.0.0.1", port: server.port),
      text: meterText(timeout: "400 ms", minTimeout: shortest), units: units)
  }

  @Test("A device that was fast is given up soon when it falls silent, and later with each silence")
  func learning() async throws {
    let server = FaultServer()
    defer { server.stop() }
    let fixture = try link(server)
    await fixture.link.start()
    #expect(await fixture.advance { $0.batches[unit1, default: 0] > ResponseTimeout.leastAnswers + 4 })
    let learned = try #require(await fixture.link.statistics().endpoints.first?.timeout)
    #expect(learned == .milliseconds(60))
    server.setRule { _ in .silence }
    #expect(await fixture.advance { $0.reasons.count >= 4 })
    let reasons = fixture.sink.state.reasons.map { $0.split(separator: "within ").last.map(String.init) ?? $0 }
    #expect(Array(reasons.prefix(4)) == ["0.06 seconds", "0.12 seconds", "0.24 seconds", "0.4 seconds"], "\(reasons)")
    server.setRule { _ in .none }
    #expect(await fixture.advance { $0.states.last == .online })
    #expect(await fixture.link.statistics().endpoints.first?.timeout == .milliseconds(60))
    await fixture.link.stop()
  }

  @Test("A write has all the time of the profile: it may be done although its answer is late")
  func writes() async throws {
    let server = FaultServer()
    defer { server.stop() }
    let controls = "    controls: {limit: {holding: 300, type: u16, range: 0..100}}"
    let fixture = try LinkFixture(
      .tcp(host: "127.0.0.1", port: server.port),
      text: meterText(timeout: "1 s", minTimeout: "50 ms", controls: controls), units: [1])
    await fixture.link.start()
    #expect(await fixture.advance { $0.batches[unit1, default: 0] > ResponseTimeout.leastAnswers + 4 })
    server.setRule { $0.function == 6 ? .late(milliseconds: 200) : .none }
    try await fixture.link.execute(
      [.writeRegisters(address: 300, values: [7], function: .single)], on: LinkFixture.unit(1))
    await fixture.link.stop()
  }

  @Test("Load, response times and the rhythm of polls are told for the link and for each endpoint")
  func statistics() async throws {
    let server = FaultServer()
    server.setRule { $0.unit == 2 && $0.address >= 200 ? .exception(2) : .none }
    defer { server.stop() }
    let fixture = try link(server, units: [1, 2])
    await fixture.link.start()
    await fixture.advance(by: .seconds(30))
    let statistics = await fixture.link.statistics()
    #expect(statistics.endpoints.map(\.id) == [LinkFixture.unit(1), LinkFixture.unit(2)])
    #expect(statistics.requestsPerSecond ?? 0 > 1.5)
    #expect(statistics.requestsPerSecond ?? 0 < 3)
    #expect(statistics.response != nil)
    for endpoint in statistics.endpoints {
      let fast = try #require(endpoint.polls.first { $0.pollClass == .fast })
      #expect(fast.wanted == .seconds(1))
      #expect((28...31).contains(fast.count), "\(fast)")
      #expect(fast.late == 0)
      #expect(fast.skipped == 0)
      #expect(fast.interval?.p50 ?? .zero >= .milliseconds(900))
      #expect(fast.interval?.p95 ?? .zero <= .milliseconds(1400))
      #expect(endpoint.response != nil)
    }
    await fixture.link.stop()
  }
}

extension RecordingSink.State {
  /// The states of the first unit, and why it was in them.
  fileprivate var states: [Connectivity.State] { (connectivity[unit1] ?? []).map(\.state) }
  fileprivate var reasons: [String] { (connectivity[unit1] ?? []).compactMap(\.lastError) }
}
