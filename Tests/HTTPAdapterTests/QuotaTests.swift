import AdapterKit
import DeviceProfiles
import EnergyModel
import TestSupport
import Testing

@testable import HTTPAdapter

@Suite("Quotas", .timeLimit(.minutes(1)))
struct QuotaTests {
  @Test("Poll intervals are stretched to the quota, and requests never come in a burst")
  func spread() throws {
    // Two requests every two seconds would be 3600 an hour.
    let requests = "info: {get: /info, poll: fast}\nmore: {get: /more, poll: fast}"
    let bound = try TestProfile.bound(transport: "quota: {requests: 60, per: 1 h}", requests: requests)
    #expect(bound.pollInterval(.fast) == .seconds(134))
    #expect(bound.staleAfter(part: 0) == .seconds(402))
    var agenda = LinkAgenda(endpoints: [
      HTTPEndpoint(
        EndpointSpecification(id: .device, profile: bound), now: .zero, wall: Timestamp(milliseconds: 0), random: { 0 })
    ])
    var sent: [Int] = []
    for second in 0..<3600 {
      while case .poll = agenda.next(now: .seconds(second)) {
        sent.append(second)
        agenda.endpoints[0].spendQuota(now: .seconds(second))
      }
    }
    #expect((48...60).contains(sent.count), "\(sent)")
    #expect(zip(sent, sent.dropFirst()).allSatisfy { $1 - $0 >= 60 }, "\(sent)")
  }

  @Test("Commands do not wait for the quota, but cannot use it all up")
  func commands() async throws {
    try await withDevice(
      transport: "quota: {requests: 30, per: 1 h}", script: { _ in .json(TestProfile.warm) },
      body: { server, link, bench in
        await bench.sink.untilBatches(1)
        let write = WireOperation.request(HTTPRequestData(method: "POST", path: "/set"))
        for _ in 0..<3 { try await link.execute([write], on: .device) }
        let fault = await #expect(throws: CommandFault.self) {
          try await link.execute([write, write, write], on: .device)
        }
        #expect(fault?.message.contains("quota") == true)
        #expect(server.requests.count < 8)
      })
  }

  @Test("A device that asks for silence gets it, and it is counted", arguments: [429, 503])
  func retryAfter(status: Int) async throws {
    try await withDevice(
      script: { _ in .answer(status: status, headers: [("Retry-After", "90")]) },
      body: { server, link, bench in
        await bench.sink.untilReason("HTTP \(status)")
        bench.clock.advance(by: .seconds(80))
        await until(link) { $0.isIdle }
        #expect(server.requests.count == 1)
        bench.clock.advance(by: .seconds(20))
        await server.untilRequests(2)
        await until(link) { $0.errors["asked to wait"] == 2 }
      })
  }
}
