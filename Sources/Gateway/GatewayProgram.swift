import DeviceProfiles
import EnergyModel
import Foundation
import LocatedYAML
import Logging
import TimeSource
import UnixSignals

/// The daemon from its first to its last line: what `heddled run` does.
public struct GatewayProgram: Sendable {
  let paths: GatewayPaths
  let logLevel: String

  /// `logLevel` is a word of swift-log; an unknown one ends `run` with 64.
  public init(paths: GatewayPaths, logLevel: String) {
    self.paths = paths
    self.logLevel = logLevel
  }

  /// Runs until a signal ends it. Returns the exit code: 0 after a clean stop, 78 for a wrong configuration, else 1.
  public func run() async -> Int32 {
    let environment = ProcessInfo.processInfo.environment
    let time = TimeSource.system
    let isJournal = environment["JOURNAL_STREAM"] != nil
    guard let level = Logger.Level(rawValue: logLevel) else {
      FileHandle.standardError.write(Data("heddled: unknown log level '\(logLevel)'\n".utf8))
      return 64
    }
    LoggingSystem.bootstrap { _ in
      LineLogHandler(level: level, isJournal: isJournal, time: { time.wall().rfc3339 })
    }
    let logger = Logger(label: "heddled")
    IgnoredSignals.install()
    ResourceLimits.raiseOpenFiles()
    ProcessMemory.bound()
    guard let (loaded, library) = load(logger, previous: nil) else { return ConfigurationCheck.configurationExitCode }

    // From here on a signal waits until the start is over: a half-started gateway is stopped cleanly as well.
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
    let daemon: GatewayDaemon
    do {
      daemon = try await GatewayDaemon.start(
        loaded, paths: paths, time: time, notifier: SystemdNotifier(environment: environment), logger: logger)
    } catch {
      logger.critical("the gateway could not start: \(error)")
      return 1
    }
    return await untilStopped(daemon, library, signals, time, logger)
  }

  private func untilStopped(
    _ daemon: GatewayDaemon, _ library: ProfileLibrary, _ signals: UnixSignalsSequence, _ time: TimeSource,
    _ logger: Logger
  ) async -> Int32 {
    let failure = Task { await daemon.untilFailed() }
    return await withTaskGroup(of: Int32?.self) { group in
      group.addTask {
        var library = library
        for await signal in signals {
          guard signal == .sighup else { return 0 }
          library = await reload(daemon, library, logger)
        }
        return 0
      }
      group.addTask { await failure.value ? 1 : nil }
      group.addTask {
        await ProcessMemory.run(time)
        return nil
      }
      let code = await group.next() ?? 0
      group.cancelAll()
      failure.cancel()
      await daemon.stop()
      return code ?? 0
    }
  }

  /// Returns the profiles that are in force from now on.
  private func reload(_ daemon: GatewayDaemon, _ library: ProfileLibrary, _ logger: Logger) async -> ProfileLibrary {
    await daemon.reloading()
    guard let (loaded, changed) = load(logger, previous: library) else {
      logger.error("the configuration has errors; the old one stays in force")
      await daemon.reloaded()
      return library
    }
    Self.logDifferences(library, changed, Set(loaded.devices.map(\.profile.profile.id)), logger)
    do {
      try await daemon.apply(loaded)
      logger.notice("the configuration was reloaded", metadata: ["file": "\(paths.configuration)"])
    } catch {
      logger.error("the new configuration could not be applied: \(error)")
      await daemon.reloaded()
      return library
    }
    await daemon.reloaded()
    return changed
  }

  /// The configuration and the profiles with their findings logged; `nil` when the configuration is wrong.
  ///
  /// - Parameter previous: what stays in force where a profile has errors now.
  private func load(
    _ logger: Logger, previous: ProfileLibrary?
  ) -> (configuration: GatewayConfiguration, library: ProfileLibrary)? {
    var library = ConfigurationCheck.library(paths)
    for finding in library.diagnostics { Self.log(finding, logger) }
    if let previous {
      for id in library.keepLastGood(of: previous) {
        logger.error("the profile \(id) has errors; its last good version stays in force")
      }
    }
    let (configuration, diagnostics) = ConfigurationCheck.load(paths.configuration, library: library, paths: paths)
    for finding in diagnostics { Self.log(finding, logger) }
    return configuration.map { ($0, library) }
  }

  /// What the profiles in use will do otherwise from now on.
  private static func logDifferences(
    _ old: ProfileLibrary, _ new: ProfileLibrary, _ used: Set<String>, _ logger: Logger
  ) {
    for id in used.sorted() {
      guard let before = old.profile(id), let after = new.profile(id) else { continue }
      for sentence in ProfileDifference(from: before, to: after).sentences {
        logger.notice("the profile \(id) changed: \(sentence)")
      }
    }
  }

  private static func log(_ finding: Diagnostic, _ logger: Logger) {
    logger.log(level: finding.severity == .error ? .error : .warning, "\(finding.oneLine)")
  }
}
