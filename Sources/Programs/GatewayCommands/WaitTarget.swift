import ArgumentParser
import EnergyModel
import LocalAPISchema

/// How far a command is followed, and what counts as success.
enum WaitTarget: String, CaseIterable, ExpressibleByArgument {
  /// Fresh telemetry shows that the device does it.
  case confirmed
  /// The device said yes on the protocol level, whatever it does then.
  case acknowledged
  /// The gateway took it.
  case none

  /// Whether a command came so far, or ended before.
  func isReached(_ command: CommandResource) -> Bool {
    switch self {
    case .none: true
    case .acknowledged: command.isSettled || command.status == .acknowledged
    case .confirmed: command.isSettled
    }
  }

  /// Success where a command came so far. What is known to have gone wrong is none, also when it was not waited for.
  func outcome(of command: CommandResource) -> ExitStatus {
    if command.isSettled { return CommandSender.outcome(of: command.status) }
    // What waits for its time did what was asked for.
    if self == .none || command.status == .scheduled { return .fine }
    if self == .acknowledged, command.status == .acknowledged { return .fine }
    return .notConfirmed
  }

  /// Whether all devices of a batch came so far, or cannot any more.
  func isReached(_ batch: BatchResource) -> Bool {
    switch self {
    case .none: true
    case .acknowledged: batch.status != .running || batch.results.allSatisfy { !Self.isOnItsWay($0) }
    case .confirmed: batch.status != .running
    }
  }

  /// The same for a batch: every device that was meant.
  func outcome(of batch: BatchResource) -> ExitStatus {
    let isAnswered = batch.results.allSatisfy { result in
      [BatchResource.Result.skipped, "acknowledged", "confirmed", "completed"].contains(result.status)
    }
    switch self {
    case .none: return .fine
    case .acknowledged where isAnswered: return .fine
    case .acknowledged, .confirmed: return BatchView.outcome(of: batch)
    }
  }

  private static func isOnItsWay(_ result: BatchResource.Result) -> Bool {
    switch CommandStatus(rawValue: result.status) {
    case .accepted, .scheduled, .queued, .dispatched: true
    case nil: result.status == BatchResource.Result.waiting
    default: false
    }
  }
}
