import AdapterKit
import DeviceProfiles

/// A command or a refresh that waits for its turn on the bus.
struct LinkJob {
  enum Work {
    case write([WireOperation])
    case refresh([RegisterRange])
  }

  /// Attempts of an operation after the first one, for a device that is busy, and the pause before each.
  static let busyLimit = 3
  static let busyPause = Duration.milliseconds(500)

  /// Index of the endpoint on its link.
  let endpoint: Int
  /// What is left to do; the first is next.
  var work: Work
  /// Operations that are done.
  var done = 0
  /// What stands in the register whose bits the next operation changes, once it was read.
  var present: UInt16?
  /// How often the device said that it is busy with the next operation.
  var busyAnswers = 0
  /// A wait between two operations.
  var notBefore = Duration.zero
  let continuation: CheckedContinuation<CommandFault?, Never>

  var hasBegun: Bool { done > 0 }

  var isFinished: Bool {
    switch work {
    case .write(let operations): operations.isEmpty
    case .refresh(let ranges): ranges.isEmpty
    }
  }

  /// Ends the job.
  func finish(_ fault: CommandFault?) { continuation.resume(returning: fault) }

  /// The fault for a failure of the next operation, honest about what may have happened.
  ///
  /// - Parameter isRead: nothing was written, because the read before it failed.
  func fault(_ failure: ModbusFailure, operation: String, isRead: Bool = false) -> CommandFault {
    let earlier = done == 0 ? "" : "; \(done) operation\(done == 1 ? "" : "s") before it worked"
    return CommandFault(kind: kind(of: failure, isRead: isRead), message: "\(operation): \(failure.reason)\(earlier)")
  }

  private func kind(of failure: ModbusFailure, isRead: Bool) -> CommandFault.Kind {
    switch failure {
    case .timeout, .closed, .garbled, .exception(5), .exception(11):
      if isRead { return hasBegun ? .brokenOff : .notSent }
    default: break
    }
    return switch failure {
    case .notSent: hasBegun ? .brokenOff : .notSent
    // 5: the device took it and still works on it. 11: the gateway sent it, and the device did not answer in time.
    case .timeout, .exception(5), .exception(11): .timeout
    case .exception: .refused
    case .closed, .garbled: .brokenOff
    }
  }
}
