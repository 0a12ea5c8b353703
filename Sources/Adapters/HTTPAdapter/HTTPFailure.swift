import AdapterKit
import DeviceProfiles

/// Why a request did not give what was asked for.
struct HTTPFailure: Error, Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    /// There was no connection, so nothing was sent.
    case unreachable
    /// Nothing, or only a part, came in time.
    case timeout
    /// The connection ended in the middle.
    case brokenOff
    /// An answer came, but it is not what the profile describes.
    case notUnderstood
    /// A status that says that the device could not.
    case serverError(Int)
    /// A status that says that the device would not, or an expectation that failed.
    case refused(Int)
    /// The session is over; a new one is opened and the request sent again.
    case sessionEnded
    /// The device does not accept user and password.
    case unauthorized
    /// The device asks to be left alone for a while.
    case busy(pause: Duration)
    /// The request cannot be written as HTTP.
    case invalidRequest
    /// The link was stopped in the middle.
    case stopped
  }

  var kind: Kind
  /// In words, without the name of the request and without secrets.
  var message: String
  /// Whether a connection that had served before ended before any of the answer came: the device may have closed it
  /// as idle just when the request left.
  var isStaleConnection = false

  /// The key under which statistics count it: few, and the same for the same cause.
  var counter: String {
    switch kind {
    case .unreachable: "unreachable"
    case .timeout: "timeout"
    case .brokenOff: "broken off"
    case .notUnderstood: "not understood"
    case .serverError(let status): "HTTP \(status)"
    case .refused(200..<300): "expectation failed"
    case .refused(let status): "HTTP \(status)"
    case .sessionEnded: "session ended"
    case .unauthorized: "HTTP 401"
    case .busy: "asked to wait"
    case .invalidRequest: "invalid request"
    case .stopped: "stopped"
    }
  }

  /// What it means for a command.
  ///
  /// A 5xx may come from a device that stumbled after it acted, so only what was refused or never sent is certain.
  var faultKind: CommandFault.Kind {
    switch kind {
    case .unreachable, .invalidRequest: .notSent
    case .timeout: .timeout
    case .brokenOff, .notUnderstood, .serverError, .stopped: .brokenOff
    case .refused, .unauthorized, .sessionEnded, .busy: .refused
    }
  }
}

/// Text of a device made fit for one line of a log: no secrets, no control characters, not too long.
func presentable(_ text: String, _ redact: SecretRedaction) -> String {
  let limit = 200
  // An answer may have megabytes. What lies within the length of a secret before the end of the searched part may be the
  // beginning of one, so it is not shown.
  let reach = 3 * LoginSession.maxValueBytes
  var searched = ""
  searched.unicodeScalars.append(contentsOf: text.unicodeScalars.prefix(limit + reach))
  let isCut = searched.unicodeScalars.count == limit + reach
  let visible = redact(searched).unicodeScalars.dropLast(isCut ? reach : 0)
  var result = ""
  result.unicodeScalars.append(
    contentsOf: visible.prefix(limit).lazy.map { $0.properties.generalCategory == .control ? " " : $0 })
  return result
}
