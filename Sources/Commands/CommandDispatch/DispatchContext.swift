public import EnergyModel
public import Logging
public import TimeSource

/// What every lane of the dispatcher shares.
public struct DispatchContext: Sendable {
  /// The journal.
  public var store: any CommandJournal
  /// The clocks, for deadlines and leases.
  public var time: TimeSource
  /// Where lanes tell what a person should look at.
  public var logger: Logger
  /// Whether the gateway hears from a device now.
  public var connectivity: @Sendable (String) -> Connectivity
  /// What the grid meter at a device's site shows, in W, positive importing; `nil` without a fresh value.
  public var gridPower: @Sendable (String) -> Double?
  /// Told after each durable change of a command.
  public var changed: @Sendable (CommandRecord) async -> Void
  /// Told when a device needs a person, and when that is over.
  public var found: @Sendable (CommandFinding) async -> Void
  /// A fresh id, such as `cmd_…`.
  public var makeID: @Sendable () -> String

  /// Puts together what all lanes share; nothing starts here.
  public init(
    store: any CommandJournal, time: TimeSource, logger: Logger,
    connectivity: @escaping @Sendable (String) -> Connectivity,
    gridPower: @escaping @Sendable (String) -> Double?, changed: @escaping @Sendable (CommandRecord) async -> Void,
    found: @escaping @Sendable (CommandFinding) async -> Void, makeID: @escaping @Sendable () -> String
  ) {
    self.store = store
    self.time = time
    self.logger = logger
    self.connectivity = connectivity
    self.gridPower = gridPower
    self.changed = changed
    self.found = found
    self.makeID = makeID
  }
}

/// What a person has to look at.
public enum CommandFinding: Sendable, Hashable {
  /// Something is wrong with what a command left on its device. May be said again while it is so.
  case wrong(AlertRecord.Kind, CommandRecord, message: String)
  /// It is over for a device.
  case over(AlertRecord.Kind, deviceID: String)
}

/// The times that the dispatcher keeps.
enum DispatchTiming {
  /// How often the read-back predicate is looked at.
  static let checkInterval = Duration.milliseconds(250)
  /// How often the device is asked for fresh values while a read-back waits.
  static let refreshInterval = Duration.seconds(1)
  /// How often a running lease is supervised.
  static let superviseInterval = Duration.seconds(5)
  /// A predicate that does not hold for so long during a lease is drift.
  static let driftAfter = Duration.seconds(15)
  /// A product that needs longer than this to show a command is not said to drift before its own time.
  static let slowestUsual = Duration.seconds(30)
  /// The pauses before a state is written again that the journal could not take: the first, and the longest.
  static let firstJournalRetry = Duration.seconds(1)
  static let lastJournalRetry = Duration.seconds(60)
  /// How long a device may take to be read when somebody asks for it.
  static let readPatience = Duration.seconds(30)
  /// How often a drifted command is written again before the dispatcher only reports.
  static let maxReasserts = 2
  /// How long a revert is waited for at each attempt.
  static let revertRetryInterval = Duration.seconds(30)
  /// Commands that may wait for one device; more are refused.
  static let maxWaiting = 8
  /// Commands of one device that may wait for a later time; more are refused.
  static let maxScheduled = 100
  /// How often wall time is looked at while a command waits for a time of day: it can jump.
  static let wallCheckInterval = Duration.seconds(30)
  /// How long after a start a device may take to come online before a command of the last run is given up as unknown.
  static let recoveryPatience = Duration.seconds(120)
}
