import LocalAPISchema
import LocalAPITestSupport
import Testing
import TestSupport

@testable import LocalAPIServer

@Suite struct EventStreamTests {
  /// Reads until the text is there; gives everything that came.
  private func read(
    _ stream: AsyncThrowingStream<String, any Error>, until text: String
  ) async throws -> String {
    var all = ""
    for try await chunk in stream {
      all += chunk
      if all.contains(text) { return all }
    }
    Issue.record("the stream ended before '\(text)': \(all)")
    return all
  }

  @Test("A client that comes back gets what it missed, then what happens, each once")
  func resumes() async throws {
    let gateway = InMemoryGateway()
    for sequence in 1...3 { await gateway.add(InMemoryGateway.event(Int64(sequence))) }
    try await RunningGateway.with(gateway) { server in
      let stream = try await server.stream("/v1/stream", headers: [("Last-Event-ID", "1")])
      var text = try await read(stream, until: "id: 3\n")
      #expect(!text.contains("id: 1\n"))
      // One that was in the log already, and a new one.
      server.hub.publish(.event(InMemoryGateway.event(3)))
      server.hub.publish(.event(InMemoryGateway.event(4, "command.confirmed")))
      text += try await read(stream, until: "id: 4\n")
      #expect(text.split(separator: "id: 3\n", omittingEmptySubsequences: false).count == 2)
      #expect(text.contains("id: 4\nevent: command.confirmed\ndata: {"))
    }
  }

  @Test("States come without an id, and only those that are asked for")
  func states() async throws {
    try await RunningGateway.with { server in
      let stream = try await server.stream("/v1/stream?topics=states&deviceId=battery-1")
      _ = try await read(stream, until: "retry: 3000\n\n")
      server.hub.publish(.event(InMemoryGateway.event(1)))
      server.hub.publish(.state(InMemoryGateway.thermostat.state, customerId: "other"))
      server.hub.publish(.state(InMemoryGateway.battery.state, customerId: "demo"))
      let text = try await read(stream, until: "event: state\n")
      #expect(text.contains("\"deviceId\":\"battery-1\""))
      #expect(!text.contains("id: "))
      #expect(!text.contains("thermostat"))
    }
  }

  @Test("Silence is broken every 15 seconds")
  func heartbeat() async throws {
    let clock = TestClock()
    try await RunningGateway.with(time: clock.source) { server in
      let stream = try await server.stream("/v1/stream")
      _ = try await read(stream, until: "retry: 3000\n\n")
      await clock.untilSleeping(1)
      clock.advance(by: .seconds(15))
      let text = try await read(stream, until: ":\n\n")
      #expect(text == ":\n\n")
    }
  }

  @Test("A client that does not read loses messages, each is counted, and nobody waits for it")
  func slowClient() {
    let hub = StreamHub()
    let slow = hub.subscribe()
    for sequence in 1...(StreamHub.maxQueuedMessages + 10) {
      hub.publish(.event(InMemoryGateway.event(Int64(sequence))))
    }
    #expect(hub.droppedMessages == 10)
    #expect(slow?.takeLoss() == 10)
    #expect(slow?.takeLoss() == 0)
  }

  @Test("A client that is gone leaves the hub, and there is room for a fixed number")
  func clients() {
    let hub = StreamHub()
    var held: [StreamHub.Subscription?] = (0..<StreamHub.maxClients).map { _ in hub.subscribe() }
    #expect(hub.clientCount == StreamHub.maxClients)
    #expect(hub.subscribe() == nil)
    held.removeLast()
    #expect(hub.subscribe() != nil)
    held = []
    #expect(hub.clientCount == 0)
  }
}
