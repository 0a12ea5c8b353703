import DeviceProfiles
import ModbusAdapter
import ModbusWire
import PinnedThread
import TimeSource

/// Asks buses, on a thread of its own because looking up a name blocks.
actor BusProber {
  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  private let thread: PinnedThread
  private let catalogue: ProductCatalogue
  private let loops: SocketLoops
  private let time: TimeSource

  init(_ catalogue: ProductCatalogue, loops: SocketLoops, time: TimeSource) throws(PinnedThreadError) {
    thread = try PinnedThread(name: "discovery")
    self.catalogue = catalogue
    self.loops = loops
    self.time = time
  }

  /// What came of asking a bus.
  struct Outcome: Sendable {
    var finds: [BusFind] = []
    var problem: String?
    var isUnreachable = false
  }

  func addresses(of name: String) -> [String] { NetworkAddress.addresses(of: name) }

  /// The links whose places are given by names, with their addresses too.
  func resolved(_ links: [KnownLink]) -> [(link: KnownLink, places: [KnownLink.Place])] {
    links.map { ($0, $0.place.resolved) }
  }

  func examine(
    _ configuration: ModbusLinkConfiguration, framing: ModbusFraming, units: [UInt8], isNamed: Bool, timeout: Duration
  ) async throws -> Outcome {
    var examination = BusExamination(
      try ModbusReader(configuration, loops: loops), framing: framing, catalogue: catalogue, timeout: timeout,
      time: time)
    let finds = try await examination.finds(units: units, isNamed: isNamed)
    return Outcome(finds: finds, problem: examination.problem, isUnreachable: examination.isUnreachable)
  }
}
