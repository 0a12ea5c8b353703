import AdapterKit
import EnergyModel
import Logging
import GatewayStore
import Foundation
import LocalAPISchema
import Synchronization
import TelemetryPipeline
import TestSupport
import Testing

@testable import DeviceProfiles
@testable import Gateway

@Suite("What a link delivers while the configuration is replaced", .timeLimit(.minutes(1)))
struct LinkSinkTests {
  private static let endpoint = EndpointID("battery")

  private func batch(_ watts: Double, _ bench: EventBench) throws -> ReadingBatch {
    var batch = ReadingBatch()
    batch.append(
      NumericReading(
        field: try #require(Field.named("powerW")), value: watts, quality: .good, observedAt: bench.clock.now,
        receivedAt: bench.clock.now), part: 0)
    return batch
  }

  private func target(
    _ pipeline: TelemetryPipeline, _ isSecured: @escaping @Sendable () -> Void = {}
  ) -> LinkSink.Target {
    LinkSink.Target(
      devices: [Self.endpoint: [0: LinkSink.Device(id: "battery", index: 0)]],
      producer: pipeline.makeProducer(link: "bus"),
      securing: {
        isSecured()
        return true
      })
  }

  @Test(
    "Between two pipelines nothing is lost: what comes is held in order, and nothing is acknowledged before it is safe")
  func holding() async throws {
    let bench = try await EventBench()
    let events = bench.log()
    let sink = LinkSink(endpoints: [Self.endpoint], board: ConnectivityBoard(), events: events)
    let layout = bench.configuration.pipelineLayout
    let first = try await bench.pipeline(layout)
    sink.resume(target(first))
    sink.accept(try batch(1, bench), from: Self.endpoint)
    func watts(_ pipeline: TelemetryPipeline) -> ReadingValue? {
      pipeline.latest("battery")?.first { $0.field.name == "powerW" }?.value
    }
    #expect(watts(first) == .number(1))
    sink.hold()
    await first.stop()
    for value in [2.0, 3] {
      bench.clock.advance(by: .seconds(1))
      sink.accept(try batch(value, bench), from: Self.endpoint)
    }
    let second = try await bench.pipeline(layout)
    #expect(watts(second) == .number(1) && sink.hasRoom)
    let order = Mutex<[String]>([])
    let (done, finish) = AsyncStream<Bool>.makeStream()
    sink.secure { isDone in
      order.withLock { $0.append("acknowledged") }
      finish.yield(isDone)
    }
    let dropped = sink.resume(target(second) { order.withLock { $0.append("secured") } })
    #expect(dropped == 0 && watts(second) == .number(3))
    var iterator = done.makeAsyncIterator()
    #expect(await iterator.next() == true)
    #expect(order.withLock { $0 } == ["secured", "acknowledged"])
    await second.stop()
    #expect(try await bench.store.unbookedReadings().isEmpty)
    events.finish()
    try await bench.store.close()
  }

  @Test("More than it holds is dropped and counted, the newest first, and the sender is asked to wait before that")
  func limit() async throws {
    let bench = try await EventBench()
    let events = bench.log()
    let sink = LinkSink(endpoints: [Self.endpoint], board: ConnectivityBoard(), events: events)
    let pipeline = try await bench.pipeline(bench.configuration.pipelineLayout)
    for count in 1...(LinkSink.maxHeld + 7) {
      bench.clock.advance(by: .milliseconds(1))
      sink.accept(try batch(Double(count), bench), from: Self.endpoint)
      if count == LinkSink.maxHeld / 2 { #expect(!sink.hasRoom) }
    }
    #expect(sink.resume(target(pipeline)) == 7)
    #expect(pipeline.latest("battery")?.first?.value == .number(Double(LinkSink.maxHeld)))
    await pipeline.stop()
    events.finish()
    try await bench.store.close()
  }

  @Test("A link goes on when address, devices, profile and parameters stay as they were, whatever else changes")
  func same() throws {
    let bench = try ConfigurationTests.Bench()
    func configuration(_ text: String) throws -> GatewayConfiguration { try #require(bench.read(text).configuration) }
    let links = "links: [{id: bus, modbus: {tcp: \"10.0.0.1:502\"}}, {id: more, modbus: {tcp: \"10.0.0.2:502\"}}]\n"
    let before = try configuration(links + "devices: [{id: a, profile: test-meter, link: bus}]")
    let bus = try #require(before.links.first)
    let running = RunningLink(
      configuration: bus, adapter: try idle(bus), tap: FrameTap(endpoints: []), deviceIDs: ["a"],
      endpoints: LinkPlan(bus, in: before).endpoints)
    func goesOn(_ text: String) throws -> Bool {
      let next = try configuration(text)
      return next.links.contains { running.isSame(as: $0, LinkPlan($0, in: next).endpoints) }
    }
    let other = "{id: z, profile: test-meter, link: more}"
    #expect(try goesOn(links + "devices: [\(other), {id: a, name: New, profile: test-meter, link: bus, role: grid}]"))
    #expect(try !goesOn(links + "devices: [{id: a, profile: test-meter, link: bus, parameters: {unit: 2}}]"))
    #expect(try !goesOn(links + "devices: [{id: a, profile: test-meter, link: more}]"))
    #expect(
      try !goesOn(
        links
          + "devices: [{id: a, profile: test-meter, link: bus}, {id: b, profile: test-meter, link: bus, parameters: {unit: 2}}]"
      ))
    #expect(
      try !goesOn(links.replacing("10.0.0.1", with: "10.0.0.3") + "devices: [{id: a, profile: test-meter, link: bus}]"))
    let digest = bench.reader.paths.profileDigest
    #expect(before.profileDigest == digest && !digest.isEmpty)
    let profiles = bench.folder.appendingPathComponent("profiles")
    try ConfigurationTests.Bench.meter.replacing("Test meter", with: "Other meter").write(
      to: profiles.appendingPathComponent("meter.yaml"), atomically: true, encoding: .utf8)
    #expect(bench.reader.paths.profileDigest != digest)
  }

  /// An adapter that is never started.
  private func idle(_ link: LinkConfiguration) throws -> any Adapter {
    try LinkAssembly(
      time: TestClock().source, random: { 0 }, logger: .init(label: "test"), gatewayName: "test",
      logins: ForgetfulLogins()
    ).adapter(for: link, endpoints: [], sink: TrialSink())
  }
}
