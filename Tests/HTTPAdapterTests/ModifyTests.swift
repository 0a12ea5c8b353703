import AdapterKit
import DeviceProfiles
import EnergyModel
import NIOHTTP1
import TestSupport
import Testing

@testable import HTTPAdapter

@Suite("Read-modify-write of JSON objects", .timeLimit(.minutes(1)))
struct ModifyTests {
  private var change: WireOperation {
    get throws {
      let text = """
        schema: heddle.profile/1
        id: test-battery
        name: Test
        manufacturer: Test
        products: [Test]
        maturity: documentation
        source: {document: "written for the test"}
        transport: {http: {requests: {info: {get: /info}}}}
        devices:
          battery:
            type: battery
            points: {socPercent: {request: info, path: /soc}}
            commands:
              set-reserve:
                input: {reservePercent: {min: 0, max: 100}}
                steps:
                  - modify:
                      get: /tariff
                      set: {/tariff/storage/reserved: "=input.reservePercent"}
                      only: [tariff]
                      put: /tariff
                      expect: {/ok: true}
        """
      let (profile, diagnostics) = ProfileReader.read(text: text, file: "test.yaml")
      let bound = try BoundProfile(profile: try #require(profile, "\(diagnostics)"), parameters: [:])
      let steps = try #require(bound.profile.parts[0].command("set-reserve")).steps
      return try #require(
        try EndpointDecoder(bound).snapshot().operations(
          for: steps, part: 0, input: ["reservePercent": .number(30)], before: [:]
        ).first)
    }
  }

  @Test("What the profile does not know goes back as it came, and no other request is sent in between")
  func unchangedRest() async throws {
    #expect(
      try change.description == "GET /tariff, then PUT /tariff {tariff} with /tariff/storage/reserved = 30")
    try await withDevice(
      script: { request in
        switch (request.method, request.target) {
        case ("GET", "/tariff"):
          return .json(#"{"tariff": {"rate": 0.10, "storage": {"reserved": 15.0, "x": [1, {"y": null}]}}, "date": 7}"#)
        case ("PUT", _): return .json(#"{"ok": true}"#)
        default: return .json(TestProfile.warm)
        }
      },
      body: { server, link, bench in
        await bench.sink.untilBatches(1)
        bench.clock.advance(by: .seconds(30))
        try await link.execute([try change], on: .device)
        let put = try #require(server.requests.firstIndex { $0.method == "PUT" })
        #expect(server.requests[put - 1].target == "/tariff")
        #expect(
          server.requests[put].body == #"{"tariff":{"rate": 0.10, "storage": {"reserved": 30, "x": [1, {"y": null}]}}}"#
        )
        #expect(server.requests[put].headers["Content-Type"] == ["application/json"])
      })
  }

  @Test(
    "Nothing is written when the device shows no object with the place in it",
    arguments: [
      #"{"tariff": {}}"#, "[]", "no JSON", "{}", #"{"tariff": {"storage": {"reserved": {}}}}"#,
    ])
  func unknownObject(text: String) async throws {
    try await withDevice(
      script: { $0.target == "/tariff" ? .json(text) : .json(TestProfile.warm) },
      body: { server, link, bench in
        await bench.sink.untilBatches(1)
        let operation = try change
        let fault = await #expect(throws: CommandFault.self) { try await link.execute([operation], on: .device) }
        #expect(fault?.kind == .refused)
        #expect(!server.requests.contains { $0.method == "PUT" })
      })
  }
}
