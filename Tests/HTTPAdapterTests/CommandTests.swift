import AdapterKit
import DeviceProfiles
import EnergyModel
import Foundation
import NIOHTTP1
import Synchronization
import Testing
import TestSupport
import TimeSource

@testable import HTTPAdapter

@Suite("HTTP commands", .timeLimit(.minutes(1)))
struct CommandTests {
  private static let success = HTTPRequestData.Expectation(
    path: DocumentPath(steps: [.key("success")]), equals: .flag(true))

  private func control(_ body: String = "mode=1", path: String = "/control") -> WireOperation {
    .request(
      HTTPRequestData(
        method: "POST", path: path, contentType: "application/x-www-form-urlencoded", body: body,
        expect: [CommandTests.success], reasonPath: DocumentPath(steps: [.key("reason")])))
  }

  @Test("Requests go out in order with the wait between them, ahead of the device's polls")
  func order() async throws {
    try await withDevice(
      script: { $0.method == "POST" ? .json("{\"success\": true}") : .json(TestProfile.warm) },
      body: { server, link, bench in
        await bench.sink.untilBatches(1)
        let command = Task {
          try await link.execute([control("first=1"), .wait(.seconds(5)), control("second=1")], on: .device)
        }
        await server.untilRequests(2)
        #expect(server.requests[1].body == "first=1")
        #expect(server.requests[1].headers["Content-Type"] == ["application/x-www-form-urlencoded"])
        await until(link) { $0.agenda.endpoints[0].errands.first?.position == 2 }
        bench.clock.advance(by: .seconds(4))
        let end = await link.agenda.endpoints[0].errands.first?.notBefore
        #expect(end == bench.clock.source.monotonic() + .seconds(1))
        #expect(server.requests.count == 2)
        bench.clock.advance(by: .seconds(1))
        try await command.value
        #expect(server.requests[2].body == "second=1")
        await bench.sink.untilBatches(2)
        #expect(server.requests.count == 4)
      })
  }

  static let refusals: [(DeviceServer.Reply, CommandFault.Kind, String)] = [
    (.json(#"{"error": true, "reason": "mode is locked"}"#), .refused, "mode is locked"),
    (.answer(status: 400), .refused, "HTTP 400"),
    (.answer(status: 429), .refused, "HTTP 429"),
    (.answer(status: 401), .refused, "HTTP 401"),
    (.answer(status: 302, headers: [("Location", "/login")]), .refused, "/login"),
    (.answer(status: 500), .brokenOff, "HTTP 500"),
    (.answer(body: "<html></html>"), .brokenOff, "web page"),
    (.answer(body: "done"), .brokenOff, "not JSON"),
    (.raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", closes: true), .brokenOff, "ended early"),
    (.raw("", closes: true), .brokenOff, "closed the connection"),
  ]

  @Test("A failure says whether the device may have done it, and nothing is sent again", arguments: refusals.indices)
  func failures(index: Int) async throws {
    let (reply, kind, words) = CommandTests.refusals[index]
    try await withDevice(
      script: { $0.method == "POST" ? reply : .json(TestProfile.warm) },
      body: { server, link, bench in
        await bench.sink.untilBatches(1)
        let fault = await #expect(throws: CommandFault.self) {
          try await link.execute([control("a=1", path: "/control?pin=1"), control("b=1")], on: .device)
        }
        #expect(fault?.kind == kind)
        #expect(fault?.message.contains(words) == true)
        #expect(fault?.message.hasPrefix("POST /control: ") == true)
        #expect(server.requests.count { $0.method == "POST" } == 1)
      })
  }

  @Test("A command by GET is not sent again when the kept connection ends under it")
  func commandOnStaleConnection() async throws {
    let command = HTTPRequestData(method: "GET", path: "/relay?turn=toggle")
    try await withDevice(
      script: { $0.target == "/info" ? .json(TestProfile.warm) : .raw("", closes: true) },
      body: { server, link, bench in
        await bench.sink.untilBatches(1)
        let fault = await #expect(throws: CommandFault.self) {
          try await link.execute([.request(command)], on: .device)
        }
        #expect(fault?.kind == .brokenOff)
        #expect(server.requests.count { $0.target != "/info" } == 1)
      })
  }

  @Test("A command that gets no answer in time may have been carried out")
  func silence() async throws {
    try await withDevice(
      transport: "timeout: 3 s", script: { $0.method == "POST" ? .silence : .json(TestProfile.warm) },
      body: { server, link, bench in
        await bench.sink.untilBatches(1)
        let command = Task { try await link.execute([control()], on: .device) }
        await server.untilRequests(2)
        bench.clock.advance(by: .seconds(3))
        let fault = await #expect(throws: CommandFault.self) { try await command.value }
        #expect(fault?.kind == .timeout)
        #expect(fault?.mayHaveHappened == true)
      })
  }

  @Test("What cannot be sent is reported as not sent")
  func notSent() async throws {
    let bench = TestBench()
    let port = try ClosedPort()
    let link = try bench.link(to: port.url, profiles: [(.device, try TestProfile.bound())])
    let early = await #expect(throws: CommandFault.self) { try await link.execute([control()], on: .device) }
    #expect(early?.kind == .notSent)
    await link.start()
    let unknown = await #expect(throws: CommandFault.self) { try await link.execute([control()], on: .other) }
    #expect(unknown?.kind == .notSent)
    let refused = await #expect(throws: CommandFault.self) { try await link.execute([control()], on: .device) }
    #expect(refused?.kind == .notSent)
    #expect(refused?.message.contains("connection refused") == true)
    let foreign = await #expect(throws: CommandFault.self) {
      try await link.execute([.writeCoil(address: 1, value: true)], on: .device)
    }
    #expect(foreign?.kind == .notSent)
    await link.stop()
    let late = await #expect(throws: CommandFault.self) { try await link.execute([control()], on: .device) }
    #expect(late?.kind == .notSent)
  }

  @Test("A digest challenge is the only reason to send a command twice")
  func challengedCommand() async throws {
    let device = DigestDevice(algorithm: "MD5")
    try await withDevice(
      transport: "auth: digest\nuser: $user\npassword: $password",
      parameters: ["user": .text(device.user), "password": .text(device.password)],
      script: {
        $0.method == "POST" ? device.reply(to: $0, body: "{\"success\": true}") : .json(TestProfile.warm)
      },
      body: { server, link, bench in
        await bench.sink.untilBatches(1)
        try await link.execute([control()], on: .device)
        #expect(server.requests.count { $0.method == "POST" } == 2)
        #expect(device.state.withLock { $0.accepted } == 1)
        try await link.execute([control()], on: .device)
        #expect(server.requests.count { $0.method == "POST" } == 3)
      })
  }

  @Test("A refresh reads fast and normal requests at once, and the snapshot knows them")
  func refresh() async throws {
    let requests = """
      info: {get: /info, poll: fast}
      more: {get: /more, poll: normal}
      slow: {get: /slow, poll: slow}
      """
    try await withDevice(
      requests: requests, script: { _ in .json(TestProfile.warm) },
      body: { server, link, bench in
        await bench.sink.untilBatches(2)
        await server.untilRequests(3)
        server.setScript { _ in .json(#"{"temp": 25, "humidity": 50}"#) }
        try await link.refresh(.device)
        #expect(server.requests.suffix(2).map(\.target).sorted() == ["/info", "/more"])
        let snapshot = try await link.snapshot(of: .device)
        #expect(snapshot.value("ambientTemperatureC", part: 0)?.value == .number(25))
        #expect(snapshot.value("humidityPercent", part: 0)?.value == .number(50))
        server.setScript { _ in .answer(status: 500) }
        let fault = await #expect(throws: CommandFault.self) { try await link.refresh(.device) }
        #expect(fault?.message.contains("request info: HTTP 500") == true)
      })
  }

  @Test("A device that repeats a secret in its reason does not get it into messages")
  func secrets() async throws {
    try await withDevice(
      transport: "auth: basic\nuser: $user\npassword: $password",
      parameters: ["user": .text("me"), "password": .text("hunter2")],
      script: {
        $0.method == "POST" ? .json(#"{"success": false, "reason": "hunter2 is wrong"}"#) : .json(TestProfile.warm)
      },
      body: { _, link, bench in
        await bench.sink.untilBatches(1)
        let fault = await #expect(throws: CommandFault.self) {
          try await link.execute([control("pin=hunter2", path: "/hunter2/control")], on: .device)
        }
        #expect(fault?.message.contains("•••") == true)
        #expect(fault?.message.contains("hunter2") == false)
      })
  }

  static let stubborn: [DeviceServer.Reply] = [
    .silence, .raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", closes: false),
    .raw("HTTP/1.1 200 OK\r\n", closes: false),
  ]

  @Test("Stopping takes no time, whatever the device does, and nothing comes afterwards", arguments: stubborn.indices)
  func stop(index: Int) async throws {
    let reply = CommandTests.stubborn[index]
    try await withDevice(
      script: { _ in reply },
      body: { server, link, bench in
        await server.untilRequests(1)
        let waiting = Task { try await link.execute([control()], on: .device) }
        let start = ContinuousClock.now
        await link.stop()
        #expect(ContinuousClock.now - start < .seconds(2))
        let fault = await #expect(throws: CommandFault.self) { try await waiting.value }
        #expect(fault?.kind == .notSent)
        let count = bench.sink.events.count
        bench.clock.advance(by: .seconds(3600))
        #expect(bench.sink.events.count == count)
        #expect(bench.logs.count == 0)
      })
  }
}
