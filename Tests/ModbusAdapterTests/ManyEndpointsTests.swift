import AdapterKit
import DeviceProfiles
import EnergyModel
import Foundation
import Glibc
import Logging
import ModbusAdapter
import TestSupport
import Testing
import TimeSource

@Suite("A thousand Modbus links", .timeLimit(.minutes(1)))
struct ManyEndpointsTests {
  static let count = 1100
  /// Both ends of each connection are in this process.
  static let descriptors: rlim_t = 4096
  /// The loops of the links and of the server, the pool's threads and those of the test itself.
  static let threadLimit = 32

  /// In a process of its own: libmodbus's `select` aborts any process that has so many descriptors open.
  @Test(
    "A thousand and one hundred sockets are polled by a few threads, and all come back after a reconnect",
    .enabled(if: OpenFiles.hardLimit >= descriptors, "the hard limit of open files is too low"))
  func all() async throws {
    await #expect(processExitsWith: .success) {
      OpenFiles.raise(to: Self.descriptors)
      let server = try await EndpointServer()
      let fleet = try Fleet(count: Self.count, port: UInt16(server.port))
      for link in fleet.links { await link.start() }
      #expect(await fleet.advance { $0.batches.count == Self.count })
      #expect(server.connectionCount == Self.count)
      let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
      #expect(threads <= Self.threadLimit)
      await server.dropConnections()
      fleet.sink.forgetBatches()
      #expect(await fleet.advance { $0.batches.count == Self.count })
      #expect(server.connectionCount == Self.count)
      for link in fleet.links {
        #expect(fleet.sink.state.states(EndpointID(link.name)) == [.online])
        await link.stop()
      }
    }
  }
}

/// Many links to one place, each with a device, on one clock.
private struct Fleet {
  let links: [Member]
  let sink = RecordingSink()
  let clock = TestClock()

  struct Member {
    let name: String
    let link: ModbusLink
    func start() async { await link.start() }
    func stop() async { await link.stop() }
  }

  init(count: Int, port: UInt16) throws {
    let profile = try #require(ProfileReader.read(text: meterText(timeout: "20 s"), file: "test.yaml").0)
    let bound = try BoundProfile(profile: profile, parameters: ["unit": .number(1)])
    let loops = SocketLoops()
    let (sink, time) = (sink, clock.source)
    links = try (0..<count).map { number in
      let name = "meter \(number)"
      let link = try ModbusLink(
        configuration: ModbusLinkConfiguration(
          name: name, medium: .tcp(host: "127.0.0.1", port: port), connectTimeout: .seconds(20)),
        endpoints: [EndpointSpecification(id: EndpointID(name), profile: bound)], loops: loops, sink: sink, time: time,
        random: { 0 }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      return Member(name: name, link: link)
    }
  }

  /// Moves the clock whenever all links wait, until something is so; false after a minute of it.
  func advance(until isTrue: (RecordingSink.State) -> Bool) async -> Bool {
    for _ in 0..<60 {
      await clock.untilSleeping(links.count)
      if isTrue(sink.state) { return true }
      clock.advance(by: .seconds(1))
    }
    return false
  }
}
