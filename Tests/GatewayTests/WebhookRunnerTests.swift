import EnergyModel
import Foundation
import GatewayStore
import HTTPTypes
import LocalAPISchema
import LocalAPIServer
import Logging
import TestSupport
import Testing

@testable import Gateway

@Suite("Webhooks", .timeLimit(.minutes(1)))
struct WebhookRunnerTests {
  /// A store with an event log, and runners over it.
  final class Bench: Sendable {
    let folder: URL
    let clock = TestClock()
    let store: GatewayStore
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() async throws {
      folder = FileManager.default.temporaryDirectory.appendingPathComponent("webhooks-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      store = try await GatewayStore.open(
        path: folder.appendingPathComponent("heddle.db").path, now: clock.now, logger: logger)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Keeps a webhook to a receiver.
    func webhook(_ id: String, to url: String, types: [String] = [], customer: String? = nil) async throws {
      try await store.insert(
        WebhookRecord(
          id: id, url: url, label: "", eventTypes: types, customerID: customer,
          secret: WebhookSignature.newSecret(.system), cursor: 0, createdAt: clock.now), by: "test")
    }

    func happen(_ type: String, customer: String? = nil) async throws {
      try await store.append([EventRecord(type: type, at: clock.now, customerID: customer, json: "{\"a\":1}")])
    }

    /// Runs the gateway's part for the time of a test.
    func run(_ body: (WebhookRunner) async throws -> Void) async throws {
      let events = EventLog(
        store: store, hub: StreamHub(), directory: DeviceDirectory(), time: clock.source, logger: logger)
      let runner = WebhookRunner(
        store: store, events: events, time: clock.source, logger: logger, random: { 0 }, makeAlertID: { "alt_1" })
      runner.replace(WebhookAllowList(patterns: ["127.0.0.1"]))
      let logging = Task { await events.run() }
      let running = Task { await runner.run() }
      do { try await body(runner) } catch {
        Issue.record(error)
      }
      await runner.stop()
      await running.value
      events.finish()
      await logging.value
    }

    func delivery(_ id: String, of webhook: String) async throws -> WebhookDeliveryRecord? {
      try await store.delivery(id: id, of: webhook)
    }

    /// Waits for something that another task does.
    func until(_ condition: () async throws -> Bool) async throws {
      while try await !condition() { try await Task.sleep(for: .milliseconds(5)) }
    }
  }

  @Test("What a webhook wants arrives, in order, signed, and with an id that follows from the event")
  func filters() async throws {
    let bench = try await Bench()
    try await WebhookReceiver.with { receiver in
      try await bench.webhook("whk_a", to: receiver.url, types: ["device.*"], customer: "ada")
      try await bench.happen("device.offline", customer: "ada")
      try await bench.happen("device.offline", customer: "bob")
      try await bench.happen("command.failed", customer: "ada")
      try await bench.happen("device.online", customer: "ada")
      try await bench.run { _ in try await bench.until { receiver.received.count == 2 } }
      #expect(receiver.received.map(\.id) == ["msg_a_1", "msg_a_4"])
      let first = try #require(receiver.received.first)
      let event = try JSONDecoder().decode(EventResource.self, from: Data(first.body.utf8))
      #expect(event.type == "device.offline" && event.sequence == 1 && event.customerId == "ada")
      let secret = try #require(try await bench.store.webhook(id: "whk_a")?.secret)
      let expected = WebhookSignature.header(
        id: first.id, timestamp: bench.clock.now.milliseconds / 1000, body: Data(first.body.utf8), secrets: [secret])
      #expect(first.signature == expected)
    }
    try await bench.store.close()
  }

  @Test("The signature is the one of the example in the standard")
  func knownSignature() {
    let header = WebhookSignature.header(
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Data(#"{"test": 2432232314}"#.utf8),
      secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    #expect(header == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
  }

  @Test("What does not arrive is tried again when the standard says, with the same id, and then counts as arrived")
  func retries() async throws {
    let bench = try await Bench()
    try await WebhookReceiver.with({ $0 < 2 ? .serviceUnavailable : .ok }) { receiver in
      try await bench.webhook("whk_a", to: receiver.url)
      try await bench.happen("device.offline")
      try await bench.run { _ in
        for (attempt, seconds) in [(1, 5), (2, 300)] {
          try await bench.until { try await bench.delivery("msg_a_1", of: "whk_a")?.attempts == attempt }
          let waiting = try #require(try await bench.delivery("msg_a_1", of: "whk_a"))
          #expect(waiting.state == .waiting && waiting.lastStatus == 503)
          #expect(waiting.nextAttemptAt == bench.clock.now.advanced(byMilliseconds: Int64(seconds) * 1000))
          #expect(try await bench.store.webhook(id: "whk_a")?.failingSince != nil)
          bench.clock.advance(by: .seconds(seconds))
        }
        try await bench.until { try await bench.delivery("msg_a_1", of: "whk_a")?.state == .delivered }
      }
      #expect(receiver.received.map(\.id) == ["msg_a_1", "msg_a_1", "msg_a_1"])
      #expect(Set(receiver.received.map(\.body)).count == 1)
      #expect(try await bench.store.webhook(id: "whk_a")?.failingSince == nil)
    }
    try await bench.store.close()
  }

  @Test("A restart neither loses an event nor sends one that arrived again")
  func restart() async throws {
    let bench = try await Bench()
    try await WebhookReceiver.with { receiver in
      try await bench.webhook("whk_a", to: receiver.url)
      for _ in 0..<60 { try await bench.happen("device.offline") }
      try await bench.run { _ in try await bench.until { receiver.received.count >= 10 } }
      try await bench.happen("device.online")
      try await bench.run { _ in
        try await bench.until { try await bench.delivery("msg_a_61", of: "whk_a")?.state == .delivered }
      }
      let ids = receiver.received.map(\.id)
      #expect(Set(ids) == Set((1...61).map { "msg_a_\($0)" }))
      // The one that was on the wire at the stop may have come twice.
      #expect(ids.count <= 62)
      let before = ids.count
      try await bench.run { _ in try await bench.until { bench.clock.sleepingCount > 0 } }
      #expect(receiver.received.count == before)
    }
    try await bench.store.close()
  }

  @Test("Who answers 410 is told nothing more, and a person hears of it")
  func gone() async throws {
    let bench = try await Bench()
    try await WebhookReceiver.with({ _ in .gone }) { receiver in
      try await bench.webhook("whk_a", to: receiver.url, types: ["device.*"])
      try await bench.happen("device.offline")
      try await bench.run { runner in
        try await bench.until { try await bench.store.webhook(id: "whk_a")?.isEnabled == false }
        try await bench.happen("device.online")
        runner.poke()
        try await bench.until { try await bench.store.alerts().count == 1 }
        try await bench.until { try await bench.store.newestEvents().map(\.type).contains("alert.raised") }
      }
      #expect(receiver.received.count == 1)
      let types = try await bench.store.newestEvents().map(\.type)
      #expect(types.contains("webhook.disabled"))
      #expect(try await bench.store.alerts().first?.deviceID == "whk_a")
      #expect(try await bench.delivery("msg_a_1", of: "whk_a")?.state == .failed)
    }
    try await bench.store.close()
  }

  @Test("After five days in which nothing arrived a webhook is switched off")
  func patience() async throws {
    let bench = try await Bench()
    try await WebhookReceiver.with({ _ in .internalServerError }) { receiver in
      try await bench.webhook("whk_a", to: receiver.url, types: ["device.*"])
      try await bench.happen("device.offline")
      try await bench.run { runner in
        try await bench.until { try await bench.delivery("msg_a_1", of: "whk_a")?.attempts == 1 }
        bench.clock.advance(by: .milliseconds(WebhookRunner.patienceMilliseconds))
        try await bench.until { try await bench.store.webhook(id: "whk_a")?.isEnabled == false }
      }
      let webhook = try #require(try await bench.store.webhook(id: "whk_a"))
      #expect(webhook.disabledReason?.contains("nothing arrived since") == true)
    }
    try await bench.store.close()
  }

  @Test("While a new secret is young, the old one signs too")
  func rotation() async throws {
    let bench = try await Bench()
    try await WebhookReceiver.with { receiver in
      try await bench.webhook("whk_a", to: receiver.url)
      var webhook = try #require(try await bench.store.webhook(id: "whk_a"))
      webhook.oldSecret = webhook.secret
      webhook.secret = WebhookSignature.newSecret(.system)
      webhook.oldSecretUntil = bench.clock.now.advanced(byMilliseconds: 60_000)
      #expect(try await bench.store.update(webhook, "webhook.secret-rotated", by: "test"))
      try await bench.happen("device.offline")
      try await bench.run { runner in
        try await bench.until { receiver.received.count == 1 }
        bench.clock.advance(by: .seconds(60))
        try await bench.happen("device.online")
        runner.poke()
        try await bench.until { receiver.received.count == 2 }
      }
      #expect(receiver.received.map { $0.signature.split(separator: " ").count } == [2, 1])
    }
    try await bench.store.close()
  }

  @Test("An address that the configuration does not allow any more gets nothing")
  func refused() async throws {
    let bench = try await Bench()
    try await WebhookReceiver.with { receiver in
      try await bench.webhook("whk_a", to: receiver.url)
      try await bench.run { runner in
        runner.replace(WebhookAllowList(patterns: ["*"]))
        try await bench.happen("device.offline")
        runner.poke()
        try await bench.until { try await bench.delivery("msg_a_1", of: "whk_a")?.attempts == 1 }
      }
      #expect(receiver.received.isEmpty)
      let delivery = try #require(try await bench.delivery("msg_a_1", of: "whk_a"))
      #expect(delivery.lastError?.contains("over https only") == true)
    }
    try await bench.store.close()
  }
}

@Suite("Which addresses webhooks may have")
struct WebhookAllowListTests {
  private func verdict(_ url: String, _ patterns: String...) -> WebhookAllowList.Verdict? {
    URL(string: url).map { WebhookAllowList(patterns: patterns).verdict(on: $0) }
  }

  private func isRefused(_ url: String, _ patterns: [String]) -> Bool {
    guard let url = URL(string: url) else { return true }
    if case .refused = WebhookAllowList(patterns: patterns).verdict(on: url) { return true }
    return false
  }

  @Test("What is named is allowed anywhere, what a star includes in public and over HTTPS only")
  func patterns() {
    #expect(verdict("http://192.168.1.5:8080/x", "192.168.1.5") == .anywhere)
    #expect(verdict("http://[::1]/x", "::1") == .anywhere)
    #expect(verdict("https://Hooks.Example.com./x", "hooks.example.com") == .anywhere)
    #expect(verdict("https://a.example.com/x", "*.example.com") == .publicOnly)
    #expect(verdict("https://93.184.216.34/", "*") == .publicOnly)
    for (url, patterns) in [
      ("https://hooks.example.com/", []), ("https://example.com/", ["*.example.com"]),
      ("https://badexample.com/", ["*.example.com"]), ("http://a.example.com/", ["*.example.com"]),
      ("https://127.0.0.1/", ["*"]), ("https://[::1]/", ["*"]), ("https://10.1.2.3/", ["*"]),
      ("https://[::ffff:10.0.0.1]/", ["*"]),
    ] as [(String, [String])] {
      #expect(isRefused(url, patterns), "\(url) \(patterns)")
    }
  }

  @Test("Addresses of this machine, a house, a link or a protocol are not public")
  func addresses() {
    for address in [
      "0.0.0.0", "127.0.0.1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254",
      "100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fd00::1", "ff02::1",
      "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "nonsense",
    ] { #expect(!WebhookAllowList.isPublic(address), "\(address)") }
    for address in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00::1", "::ffff:1.1.1.1"] {
      #expect(WebhookAllowList.isPublic(address), "\(address)")
    }
  }
}
