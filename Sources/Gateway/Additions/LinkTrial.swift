import AdapterKit
import DeviceProfiles
import EnergyModel
import HTTPAdapter
import LocalAPISchema
import Synchronization
import TimeSource

/// Reads a device once with its real adapter, before anything of it is kept.
struct LinkTrial: Sendable {
  /// A device has this time from the connection to its values.
  static let limit = Duration.seconds(15)
  /// What reports by itself has this time after its first message for the others.
  static let settling = Duration.seconds(1)

  let link: LinkConfiguration
  let profile: BoundProfile
  let time: TimeSource

  private enum Ending: Sendable {
    case read
    case failed(String)
    case tooLate
  }

  /// - Parameter assembly: makes the adapter; what a login gives is forgotten.
  func run(with assembly: LinkAssembly) async throws -> LinkTestResource {
    let sink = TrialSink()
    let endpoint = EndpointID("test")
    let adapter = try assembly.adapter(
      for: link, endpoints: [EndpointSpecification(id: endpoint, profile: profile)], sink: sink)
    let start = time.monotonic()
    await adapter.start()
    let ending = await withTaskGroup(of: Ending.self) { group in
      group.addTask { await Self.watch(sink, adapter, endpoint, settling: settling, time) }
      group.addTask {
        try? await time.sleep(for: Self.limit)
        return .tooLate
      }
      let first = await group.next() ?? .tooLate
      group.cancelAll()
      // What still waits for the adapter ends with it.
      await adapter.stop()
      return first
    }
    let statistics = await adapter.statistics()
    var result = LinkTestResource(
      isReached: !sink.values.isEmpty, link: link.address, profile: profile.profile.id,
      seconds: LocalGateway.seconds(time.monotonic() - start), devices: devices(sink.values))
    if !result.isReached { result.problem = problem(of: ending, statistics, sink.problem) }
    return result
  }

  private var settling: Duration { link.transportName == "mqtt" ? Self.settling : .zero }

  /// Until it was read completely or cannot be.
  private static func watch(
    _ sink: TrialSink, _ adapter: any Adapter, _ endpoint: EndpointID, settling: Duration, _ time: TimeSource
  ) async -> Ending {
    for await signal in sink.signals {
      switch signal {
      case .connectivity(let connectivity) where connectivity.state == .offline:
        return .failed(connectivity.lastError ?? "it does not answer")
      case .connectivity: continue
      case .read:
        // The first values are there; what else it says comes with this, or is left out.
        try? await adapter.refresh(endpoint)
        if settling > .zero { try? await time.sleep(for: settling) }
        return .read
      }
    }
    return .tooLate
  }

  private func devices(_ values: [Int: [String: ReadingValue]]) -> [LinkTestResource.Device] {
    values.sorted { $0.key < $1.key }.compactMap { part, values in
      guard profile.profile.parts.indices.contains(part) else { return nil }
      let description = profile.profile.parts[part]
      return .init(
        part: description.name, type: description.kind, fields: values.mapValues { ScalarValue($0) })
    }
  }

  private func problem(
    of ending: Ending, _ statistics: LinkStatistics, _ misunderstood: String?
  ) -> LinkTestResource.Problem {
    let redact = SecretRedaction(profile)
    func told(_ message: String, _ hint: String) -> LinkTestResource.Problem {
      .init(message: redact(message), hint: hint)
    }
    if case .failed(let reason) = ending {
      return told(reason, statistics.connects > 0 ? Self.unheard(link) : Self.unreached(link))
    }
    if let misunderstood { return told(misunderstood, "is it the right profile?") }
    guard statistics.isConnected || statistics.connects > 0 else {
      return told(statistics.lastError ?? "\(link.address) is not reached", Self.unreached(link))
    }
    let seconds = Self.limit.components.seconds
    return told(
      link.transportName == "mqtt"
        ? "connected, but nothing came on \(profile.subscriptions.joined(separator: ", ")) within \(seconds) s"
        : "connected, but there was no value within \(seconds) s", Self.unheard(link))
  }

  private static func unreached(_ link: LinkConfiguration) -> String {
    switch link.transport {
    case .modbusSocket: "check host and port, and that the device's Modbus interface is switched on"
    case .modbusSerial: "check the device file, and that no other program uses the line"
    case .mqtt: "check host, port, user and password of the broker"
    case .http: "check the address in a browser, and user and password"
    }
  }

  private static func unheard(_ link: LinkConfiguration) -> String {
    switch link.transport {
    case .modbusSocket, .modbusSerial:
      "check the unit identifier and the profile; many devices serve one connection at a time only"
    case .mqtt: "check the topic; a device that reports seldom can be added without this test"
    case .http: "check the profile, and user and password"
    }
  }
}

/// Keeps nothing of a login.
struct ForgetfulLogins: LoginStore {
  func values(of endpoint: EndpointID) -> [String: String] { [:] }
  func keep(_ values: [String: String], of endpoint: EndpointID) {}
}

/// How many trials run: each has a thread and a connection of its own.
final class TrialSeats: Sendable {
  static let limit = 4
  private let taken = Mutex(0)

  /// `nil` where all are taken.
  func run<T: Sendable>(_ work: () async throws -> T) async rethrows -> T? {
    let isFree = taken.withLock { taken in
      guard taken < Self.limit else { return false }
      taken += 1
      return true
    }
    guard isFree else { return nil }
    defer { taken.withLock { $0 -= 1 } }
    return try await work()
  }
}
