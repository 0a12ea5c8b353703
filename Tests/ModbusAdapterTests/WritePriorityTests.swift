import AdapterKit
import DeviceProfiles
import ModbusAdapter
import ModbusTestSupport
import TestSupport
import Testing

@Suite("Writes on a busy Modbus link", .timeLimit(.minutes(1)))
struct WritePriorityTests {
  /// Requests that may go out between the moment in which the test looks and the one in which the link has the write.
  static let slack = 20

  @Test("A write goes before the polls of fifty devices that are due, and before reads that others wait for")
  func first() async throws {
    let server = FaultServer()
    defer { server.stop() }
    let fixture = try LinkFixture(.tcp(host: "127.0.0.1", port: server.port), units: Array(1...50))
    await fixture.link.start()
    #expect(await fixture.advance { $0.batches.count == 50 })
    await fixture.clock.untilSleeping(1)
    server.setRule { _ in .late(milliseconds: 10) }
    let reads = (1...49).map { unit in
      Task { try? await fixture.link.refresh(LinkFixture.unit(UInt8(unit))) }
    }
    fixture.clock.advance(by: .seconds(60))
    server.forgetRequests()
    while server.requests.count < 5 { await Task.yield() }
    let before = server.requests.count
    try await fixture.link.execute(
      [.writeRegisters(address: 100, values: [1], function: .single)], on: LinkFixture.unit(50))
    let requests = server.requests
    let place = try #require(requests.firstIndex { $0.function == 6 })
    #expect(requests[place].unit == 50)
    #expect(place < before + Self.slack, "\(place) requests went out before it")
    await fixture.link.stop()
    for read in reads { await read.value }
  }
}
