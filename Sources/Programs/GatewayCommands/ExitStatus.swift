/// What the exit code says. Part of the CLI's contract.
enum ExitStatus: Int32, Sendable {
  case fine = 0
  /// Refused or failed.
  case failed = 1
  /// One of several things worked.
  case partial = 2
  /// The device did not show that it does what it was told.
  case notConfirmed = 3
  case usage = 64
  /// No gateway there.
  case unreachable = 69
  case configuration = 78
}

/// An end of the program in words.
struct CommandFailure: Error, Hashable {
  var message: String
  var hint: String?
  var status = ExitStatus.failed
}
