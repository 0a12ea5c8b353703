import AdapterKit
import CommandDispatch
import DeviceProfiles
import EnergyModel
import Foundation
import GatewayStore
import LocalAPIServer
import LocatedYAML
import Logging
import TimeSource

/// `heddled failsafe`: gives the devices back that a gateway left under command when it died. Runs as `ExecStopPost`.
public struct FailSafe: Sendable {
  /// How long a device may take to answer before it is left to the next start.
  static let patience = Duration.seconds(10)
  /// The whole ends within this time, so that the service manager does not kill it half-way.
  static let limit = Duration.seconds(25)

  let paths: GatewayPaths
  let time: TimeSource
  let logger: Logger

  /// The fail-safe of an installation.
  public init(paths: GatewayPaths) {
    let time = TimeSource.system
    let isJournal = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] != nil
    self.paths = paths
    self.time = time
    logger = Logger(label: "heddled") { _ in
      LineLogHandler(level: .notice, isJournal: isJournal, time: { time.wall().rfc3339 })
    }
  }

  /// Undoes what is in force. Returns the exit code: 0 when no device is left under command, 78 for a wrong
  /// configuration, else 1.
  public func run() async -> Int32 {
    IgnoredSignals.install()
    let library = ConfigurationCheck.library(paths)
    let (loaded, findings) = ConfigurationCheck.load(paths.configuration, library: library, paths: paths)
    guard let configuration = loaded else {
      for finding in findings { logger.error("\(finding.oneLine)") }
      return ConfigurationCheck.configurationExitCode
    }
    let path = paths.store == GatewayPaths().store ? configuration.storePath : paths.store
    guard FileManager.default.fileExists(atPath: path) else {
      logger.notice("there is no journal yet, so no device is under command")
      return 0
    }
    do {
      let store = try await GatewayStore.open(path: path, now: time.wall(), logger: logger)
      let code = try await release(configuration, store)
      try await store.close()
      return code
    } catch {
      logger.error("the devices could not be given back: \(error)")
      return 1
    }
  }

  private func release(_ configuration: GatewayConfiguration, _ store: GatewayStore) async throws -> Int32 {
    let devices = Set(try await store.openCommands().filter(\.mayBeInForce).map(\.deviceID))
    guard !devices.isEmpty else {
      logger.notice("no device is under command")
      return 0
    }
    let directory = DeviceDirectory()
    directory.replace(configuration)
    let events = EventLog(store: store, hub: StreamHub(), directory: directory, time: time, logger: logger)
    // What is undone here is read later, from the event log of the next run.
    let writing = Task { await events.run() }
    let board = ConnectivityBoard()
    let links = try links(of: configuration, for: devices, board)
    let dispatcher = CommandDispatcher(context: context(directory, store, events, board))
    await dispatcher.configure(RunningConfiguration.targets(of: configuration, links))
    for link in links { await link.adapter.start() }
    let result = try await bounded { try await dispatcher.releaseAll(patience: Self.patience) }
    await withTaskGroup { group in for link in links { group.addTask { await link.adapter.stop() } } }
    events.finish()
    await writing.value
    guard let result else {
      logger.error("the devices did not go back to normal within \(Self.limit); the next start goes on")
      return 1
    }
    logger.notice(
      "\(result.undone) commands undone, \(result.open) left open", metadata: ["devices": "\(devices.count)"])
    return result.open == 0 ? 0 : 1
  }

  private func context(
    _ directory: DeviceDirectory, _ store: GatewayStore, _ events: EventLog, _ board: ConnectivityBoard
  ) -> DispatchContext {
    let time = time
    let makeID: @Sendable (String) -> String = { "\($0)_\(Identifiers.random(RandomBytes.system))" }
    let alerts = AlertBook(
      store: store, events: events, time: time, logger: logger, makeID: { makeID("alt") })
    return DispatchContext(
      store: store, time: time, bootID: BootIdentity.present(), logger: logger,
      connectivity: { id in
        directory.endpoint(of: id).flatMap { board.connectivity(of: $0) } ?? Connectivity(since: time.wall())
      }, gridPower: { _ in nil },
      changed: { record in events.record(record) },
      found: { await alerts.note($0) }, makeID: { makeID("cmd") })
  }

  /// Only the links that reach a device which is under command.
  private func links(
    of configuration: GatewayConfiguration, for devices: Set<String>, _ board: ConnectivityBoard
  ) throws -> [RunningLink] {
    let assembly = LinkAssembly(
      time: time, random: { Double.random(in: 0..<1) }, logger: logger,
      gatewayName: ProcessInfo.processInfo.hostName,
      logins: LoginFiles(configuration, paths, logger: logger), isFailSafe: true)
    return try configuration.links.compactMap { link in
      let plan = LinkPlan(link, in: configuration)
      guard plan.deviceIDs.contains(where: devices.contains) else { return nil }
      return RunningLink(
        configuration: link,
        adapter: try assembly.adapter(for: link, endpoints: plan.endpoints, sink: ConnectivitySink(board: board)),
        tap: FrameTap(endpoints: []), deviceIDs: plan.deviceIDs)
    }
  }

  /// The result, or `nil` when it took too long.
  private func bounded<T: Sendable>(_ work: @escaping @Sendable () async throws -> T) async throws -> T? {
    try await withThrowingTaskGroup(of: T?.self) { group in
      group.addTask { try await work() }
      group.addTask { [time] in
        try await time.sleep(for: Self.limit)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }
}

/// Takes what adapters say about their endpoints, and no telemetry.
private struct ConnectivitySink: AdapterSink {
  let board: ConnectivityBoard

  func accept(_ batch: borrowing ReadingBatch, from endpoint: EndpointID) {}

  func connectivityChanged(_ connectivity: Connectivity, of endpoint: EndpointID) {
    board.update(connectivity, of: endpoint)
  }
}
