public import EnergyModel
public import Logging
public import TimeSource

/// What every lane of the dispatcher shares.
public struct DispatchContext: Sendable {
  /// The journal.
  public var store: any CommandJournal
  /// The clocks, for deadlines and leases.
  public var time: TimeSource
  /// Which start of the machine this is; what the journal says of the monotonic clock counts only within the same.
  public var bootID: String
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
    store: any CommandJournal, time: TimeSource, bootID: String, logger: Logger,
    connectivity: @escaping @Sendable (String) -> Connectivity,
    gridPower: @escaping @Sendable (String) -> Double?, changed: @escaping @Sendable (CommandRecord) async -> Void,
    found: @escaping @Sendable (CommandFinding) async -> Void, makeID: @escaping @Sendable () -> String
  ) {
    self.store = store
    self.time = time
    self.bootID = bootID
    self.logger = logger
    self.connectivity = connectivity
    self.gridPower = gridPower
    self.changed = changed
    self.found = found
    self.makeID = makeID
  }
}

extension DispatchContext {
  /// Now, as the journal keeps it.
  var bootTime: BootTime { BootTime(bootID: bootID, milliseconds: time.monotonic().milliseconds) }

  /// How long ago a moment was; `nil` where it belongs to another start of the machine.
  func age(of moment: BootTime?) -> Duration? {
    guard let moment, moment.bootID == bootID else { return nil }
    return .milliseconds(max(0, time.monotonic().milliseconds.subtractingReportingOverflow(moment.milliseconds).0))
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
  /// A lease that goes on after a restart may be due at once; first the journal has that it was proven.
  static let shortestRenewalDelay = Duration.seconds(1)
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
  /// How often it is looked whether a device is there again that has to be brought back to normal.
  static let reconnectInterval = Duration.seconds(1)
  /// How long a clean stop looks whether devices go back to normal. The links end soon after.
  static let stopPatience = Duration.milliseconds(1500)
  /// How long a reload looks whether devices go back that it removes or reaches in another way.
  static let releasePatience = Duration.seconds(10)
  /// How long a start looks whether a device went back that the last run had told so, before it is told again.
  static let secondLook = Duration.seconds(10)
  /// A lease whose end on the wall clock is wrong by more, because that clock was set, gets a new one.
  static let wallTolerance = Duration.seconds(1)
  /// Commands that may wait for one device; more are refused.
  static let maxWaiting = 8
  /// Commands of one device that may wait for a later time; more are refused.
  static let maxScheduled = 100
  /// How often wall time is looked at while a command waits for a time of day: it can jump.
  static let wallCheckInterval = Duration.seconds(30)
  /// How long after a start a device may take to come online before a command of the last run is given up as unknown.
  static let recoveryPatience = Duration.seconds(120)
}
