import AdapterKit
import EnergyModel
import Foundation
import NIOHTTP1
import Synchronization
import Testing
import TestSupport

@testable import HTTPAdapter

@Suite("HTTP polling", .timeLimit(.minutes(1)))
struct PollingTests {
  @Test("Requests are polled at the rhythm of their class, and their values arrive")
  func rhythm() async throws {
    let requests = """
      info: {get: /info, poll: fast}
      more: {post: "/more?x=1", json: {ask: all}, poll: normal}
      """
    try await withDevice(
      transport: "headers: {X-Api-Version: \"2\"}", requests: requests, script: { _ in .json(TestProfile.warm) },
      body: { server, link, bench in
        await bench.sink.untilBatches(2)
        for second in 1...10 {
          bench.clock.advance(by: .seconds(1))
          if second % 2 == 0 { await bench.sink.untilBatches(2 + second / 2 + (second == 10 ? 1 : 0)) }
        }
        #expect(server.requests.count { $0.target == "/info" } == 6)
        #expect(server.requests.count { $0.target == "/more?x=1" } == 2)
        let post = try #require(server.requests.first { $0.method == "POST" })
        #expect(post.body == #"{"ask":"all"}"#)
        #expect(post.headers["Content-Type"] == ["application/json"])
        #expect(post.headers["X-Api-Version"] == ["2"])
        #expect(bench.sink.events.value("ambientTemperatureC") == .number(21.5))
        #expect(bench.sink.events.value("humidityPercent") == .number(40))
        #expect(bench.sink.events.lastConnectivity(of: .device)?.state == .online)
        #expect(server.connections == 1)
        let statistics = await link.statistics()
        #expect(statistics.isConnected && statistics.exchanges == 8 && statistics.connects == 1)
      })
  }

  @Test("What nobody has room for is not asked for, but counted")
  func noRoom() async throws {
    try await withDevice(
      script: { _ in .json(TestProfile.warm) },
      body: { server, link, bench in
        await bench.sink.untilBatches(1)
        bench.sink.setRoom(false)
        bench.clock.advance(by: .seconds(2))
        await until(link) { $0.errors["poll without room"] == 1 }
        #expect(server.requests.count == 1)
        bench.sink.setRoom(true)
        bench.clock.advance(by: .seconds(2))
        await bench.sink.untilBatches(2)
      })
  }

  @Test("User and password are sent as basic authentication when the profile says so")
  func basic() async throws {
    try await withDevice(
      transport: "auth: basic\nuser: $user\npassword: $password",
      parameters: ["user": .text("me"), "password": .text("secret")], script: { _ in .json(TestProfile.warm) },
      body: { server, _, bench in
        await bench.sink.untilBatches(1)
        #expect(server.requests.first?.headers["Authorization"] == ["Basic bWU6c2VjcmV0"])
      })
  }

  @Test(
    "A digest is computed as the device expects it, and its challenge is used again without being asked for",
    arguments: [("MD5", "WWW-Authenticate"), ("SHA-256", "WWW-Authenticate"), ("SHA256", "X-WWW-Authenticate")])
  func digest(algorithm: String, headerName: String) async throws {
    let device = DigestDevice(algorithm: algorithm, headerName: headerName)
    try await withDevice(
      transport: digestTransport, requests: "info: {get: \"/info?a=b c\", poll: fast}",
      parameters: ["user": .text(device.user), "password": .text(device.password)],
      script: { device.reply(to: $0, body: TestProfile.warm) },
      body: { server, _, bench in
        await bench.sink.untilBatches(1)
        for round in 2...4 {
          bench.clock.advance(by: .seconds(2))
          await bench.sink.untilBatches(round)
        }
        #expect(device.state.withLock { $0.accepted } == 4)
        #expect(device.state.withLock { $0.challenges } == 1)
        #expect(server.requests.count == 5)

        device.renewNonce()
        bench.clock.advance(by: .seconds(2))
        await bench.sink.untilBatches(5)
        #expect(device.state.withLock { $0.challenges } == 2)
        #expect(bench.logs.count == 0)
      })
  }

  private var digestTransport: String { "auth: digest\nuser: $user\npassword: $password" }

  @Test("Wrong credentials are named, told to nobody, and not tried again for ten minutes")
  func wrongCredentials() async throws {
    let device = DigestDevice(algorithm: "SHA-256")
    try await withDevice(
      transport: digestTransport, parameters: ["user": .text(device.user), "password": .text("wrong-password")],
      script: { device.reply(to: $0, body: TestProfile.warm) },
      body: { server, link, bench in
        let connectivity = await bench.sink.untilReason("does not accept user and password")
        #expect(connectivity.state == .offline)
        #expect(server.requests.count == 2)
        for _ in 1...9 { bench.clock.advance(by: .seconds(60)) }
        await #expect(throws: CommandFault.self) { try await link.refresh(.device) }
        #expect(server.requests.count == 2)
        bench.clock.advance(by: .seconds(60))
        await server.untilRequests(4)
        let words = "\(bench.sink.events) \(bench.logs.text) \(await link.statistics())"
        #expect(!words.contains("wrong-password"))
      })
  }

  @Test("An error inside a 200 degrades the device with the device's own reason")
  func errorInside() async throws {
    let requests = """
      info:
        get: /info
        poll: fast
        expect: {/Head/Status/Code: 0}
        reason: /Head/Status/Reason
      """
    let broken = #"{"Head": {"Status": {"Code": 8, "Reason": "sensor\nmissing"}}}"#
    let working = #"{"Head": {"Status": {"Code": 0}}, "temp": 20}"#
    try await withDevice(
      requests: requests, script: { _ in .json(broken) },
      body: { server, _, bench in
        let connectivity = await bench.sink.untilState(.degraded)
        #expect(connectivity.lastError?.contains("sensor missing") == true)
        #expect(connectivity.lastError?.contains("8") == true)
        #expect(bench.sink.events.batches(of: .device).isEmpty)
        server.setScript { _ in .json(working) }
        bench.clock.advance(by: .seconds(2))
        await bench.sink.untilState(.online)
        #expect(bench.sink.events.value("ambientTemperatureC") == .number(20))
      })
  }

  static let strangeAnswers: [(DeviceServer.Reply, String)] = [
    (.answer(headers: [("Content-Type", "text/html")], body: "\r\n<!DOCTYPE html><html>Log in</html>"), "web page"),
    (.answer(status: 500, body: "oops"), "HTTP 500"),
    (.answer(status: 404), "HTTP 404 (Not Found)"),
    (.answer(status: 302, headers: [("Location", "http://127.0.0.1:1/elsewhere")]), "redirection"),
    (.json("{\"temp\": "), "JSON"),
    (.json(""), "JSON"),
    (.raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"temp\": 1", closes: true), "ended early"),
    (.raw("HELLO WORLD, I AM NOT HTTP\r\n\r\n", closes: true), "not HTTP"),
    (.raw("", closes: true), "closed the connection"),
    (.answer(body: String(repeating: "x", count: HTTPLinkConfiguration.maximumAnswerBytes + 1)), "larger than 5 MiB"),
    (
      .raw(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n600000\r\n" + String(repeating: "x", count: 0x600000),
        closes: false), "larger than 5 MiB"
    ),
    (.answer(status: 401), "without a digest challenge"),
    (.answer(status: 401, headers: [("WWW-Authenticate", "Digest realm=\"r\", nonce=\"n\"")]), "but the installation"),
  ]

  @Test("A strange answer is named, and the device is back when it answers right", arguments: strangeAnswers.indices)
  func strangeAnswer(index: Int) async throws {
    let (reply, words) = PollingTests.strangeAnswers[index]
    let transport = words.contains("digest") ? digestTransport : ""
    try await withDevice(
      transport: transport, parameters: ["user": .text("somebody"), "password": .text("hunter2")],
      script: { _ in reply },
      body: { server, link, bench in
        let connectivity = await bench.sink.untilReason(words)
        #expect(connectivity.state == .offline || connectivity.state == .degraded)
        #expect(bench.sink.events.batches(of: .device).isEmpty)
        await until(link) { !$0.errors.isEmpty }
        #expect(await link.statistics().errors.values.reduce(0, +) == 1)
        #expect(bench.logs.count == 1)
        server.setScript { _ in .json(TestProfile.warm) }
        bench.clock.advance(by: HTTPEndpoint.credentialPause)
        await bench.sink.untilState(.online)
      })
  }

  @Test("A device that asks for a pause gets it", arguments: [429, 503])
  func pause(status: Int) async throws {
    try await withDevice(
      script: { _ in .answer(status: status, headers: [("Retry-After", "90")]) },
      body: { server, link, bench in
        let connectivity = await bench.sink.untilState(.degraded)
        #expect(connectivity.lastError?.contains("HTTP \(status)") == true)
        server.setScript { _ in .json(TestProfile.warm) }
        bench.clock.advance(by: .seconds(89))
        let fault = await #expect(throws: CommandFault.self) { try await link.refresh(.device) }
        #expect(fault?.kind == .notSent)
        #expect(server.requests.count == 1)
        bench.clock.advance(by: .seconds(1))
        await bench.sink.untilState(.online)
      })
  }

  @Test("A silent device is reported when its time is over, and does not slow another host")
  func silence() async throws {
    let other = try await DeviceServer { _ in .json(TestProfile.warm) }
    try await withDevice(
      transport: "timeout: 3 s", script: { _ in .silence },
      body: { server, _, bench in
        let link = try bench.link(to: other.url, profiles: [(.other, try TestProfile.bound())])
        await link.start()
        await server.untilRequests(1)
        await bench.sink.untilBatches(1, of: .other)
        bench.clock.advance(by: .seconds(2))
        await bench.sink.untilBatches(2, of: .other)
        #expect(bench.sink.events.lastConnectivity(of: .device) == nil)
        bench.clock.advance(by: .seconds(1))
        await bench.sink.untilReason("no complete answer in time")
        server.setScript { _ in .json(TestProfile.warm) }
        bench.clock.advance(by: .seconds(2))
        await bench.sink.untilState(.online)
        await bench.sink.untilBatches(3, of: .other)
        #expect(bench.sink.events.lastConnectivity(of: .other)?.state == .online)
        await link.stop()
      })
    await other.stop()
  }

  @Test("An answer that drips does not hold the link longer than the timeout")
  func trickle() async throws {
    try await withDevice(
      transport: "timeout: 3 s",
      script: { _ in .raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", closes: false) },
      body: { server, _, bench in
        await server.untilRequests(1)
        bench.clock.advance(by: .seconds(3))
        await bench.sink.untilReason("no complete answer in time")
      })
  }

  @Test("A refused connection takes all devices of the host offline, and they come back by themselves")
  func refusedConnection() async throws {
    let port = try ClosedPort()
    let bench = TestBench()
    let profile = try TestProfile.bound()
    let link = try bench.link(to: port.url, profiles: [(.device, profile), (.other, profile)])
    await link.start()
    let connectivity = await bench.sink.untilState(.offline, of: .device)
    #expect(connectivity.lastError == "no connection to \(port.url): connection refused")
    await bench.sink.untilState(.offline, of: .other)
    #expect(await link.statistics().isConnected == false)
    #expect(await link.statistics().lastError?.contains("connection refused") == true)
    #expect(bench.logs.count == 1)
    let again = try await DeviceServer(port: port.number) { _ in .json(TestProfile.warm) }
    bench.clock.advance(by: .seconds(60))
    await bench.sink.untilState(.online, of: .device)
    await bench.sink.untilState(.online, of: .other)
    await link.stop()
    await again.stop()
  }

  @Test("A kept connection that the device closes under a poll does not fail it")
  func staleConnection() async throws {
    try await withDevice(
      script: { _ in .json(TestProfile.warm) },
      body: { server, link, bench in
        await bench.sink.untilBatches(1)
        server.setScript { [unowned server] _ in
          server.requests.count == 2 ? .raw("", closes: true) : .json(TestProfile.warm)
        }
        bench.clock.advance(by: .seconds(2))
        await bench.sink.untilBatches(2)
        #expect(server.requests.count == 3)
        #expect(server.connections == 2)
        #expect(bench.sink.events.count { if case .connectivity = $0 { true } else { false } } == 1)
        #expect(bench.logs.count == 0)
        let statistics = await link.statistics()
        #expect(statistics.errors.isEmpty && statistics.lastError == nil && statistics.exchanges == 3)
      })
  }

  @Test("A device that closes new connections too is not asked a third time")
  func closesAlways() async throws {
    try await withDevice(
      script: { _ in .json(TestProfile.warm) },
      body: { server, _, bench in
        await bench.sink.untilBatches(1)
        server.setScript { _ in .raw("", closes: true) }
        bench.clock.advance(by: .seconds(2))
        await bench.sink.untilReason("closed the connection")
        #expect(server.requests.count == 3)
      })
  }

  @Test("One request that fails keeps the device degraded without a change at every poll")
  func steadyDegradation() async throws {
    let requests = """
      info: {get: /info, poll: fast}
      more: {get: /more, poll: fast}
      """
    try await withDevice(
      requests: requests,
      script: { $0.target == "/more" ? .answer(status: 500) : .json(TestProfile.warm) },
      body: { _, link, bench in
        for round in 1...6 {
          await until(link) { $0.errors["HTTP 500"] == UInt64(round) }
          bench.clock.advance(by: .seconds(2))
        }
        let changes = bench.sink.events.count { if case .connectivity = $0 { true } else { false } }
        #expect(changes <= 2)
        #expect(bench.sink.events.lastConnectivity(of: .device)?.state == .degraded)
        #expect(bench.logs.count == 1)
      })
  }

  @Test("The gap that a device wants lies between an answer and the next request")
  func gap() async throws {
    let requests = """
      info: {get: /info, poll: fast}
      more: {get: /more, poll: fast}
      """
    try await withDevice(
      transport: "minGap: 1 s", requests: requests, script: { _ in .json(TestProfile.warm) },
      body: { server, _, bench in
        await bench.sink.untilBatches(1)
        await bench.clock.untilSleeping(1)
        #expect(server.requests.count == 1)
        bench.clock.advance(by: .seconds(1))
        await bench.sink.untilBatches(2)
        #expect(server.requests.count == 2)
      })
  }
}
