/// How a session with a device is opened, kept and closed; with templates in a profile, with complete requests once the
/// parameters are known.
public struct HTTPLogin<Request: Sendable>: Sendable {
  /// A request and what is kept of its answer.
  public struct Step: Sendable {
    /// What is sent.
    public var request: Request
    /// What later requests use.
    public var keep: [LoginValue]

    func map<Other: Sendable>(_ change: (Request) throws(EncodingError) -> Other) throws(EncodingError)
      -> HTTPLogin<Other>.Step
    {
      HTTPLogin<Other>.Step(request: try change(request), keep: keep)
    }
  }

  /// Done in order.
  public var steps: [Step]
  /// Renews a session without the credentials; `nil` = the steps again.
  public var refresh: Step?
  /// Ends the session when the gateway stops.
  public var logout: Request?
  /// Whether cookies of the device are kept and sent back.
  public var usesCookies: Bool
  /// Answers that mean that the session is over.
  public var renewOn: [LoginEnd]
  /// How long a session lasts; `nil` = until the device says otherwise.
  public var lifetime: LoginLifetime?
  /// Kept values that outlive the program, because the device gives a new one each time and forgets the old.
  public var lasting: [String]

  /// The same with other requests.
  func map<Other: Sendable>(
    _ change: (Request) throws(EncodingError) -> Other
  ) throws(EncodingError) -> HTTPLogin<Other> {
    var others: [HTTPLogin<Other>.Step] = []
    for step in steps { others.append(try step.map(change)) }
    var login = HTTPLogin<Other>(
      steps: others, usesCookies: usesCookies, renewOn: renewOn, lifetime: lifetime, lasting: lasting)
    if let refresh { login.refresh = try refresh.map(change) }
    if let logout { login.logout = try change(logout) }
    return login
  }
}

/// Something of an answer that later requests use as `${login.name}`.
public struct LoginValue: Sendable, Hashable {
  /// Where it stands.
  public enum Place: Sendable, Hashable {
    case path(DocumentPath)
    case header(String)
    case cookie(String)
  }

  /// The name in `${login.name}`.
  public var name: String
  /// Where it stands in the answer.
  public var place: Place
}

/// An answer that means that the session is over and that the request was not carried out.
public enum LoginEnd: Sendable, Hashable {
  case status(Int)
  /// A value in the answer, whatever its status.
  case answer(HTTPRequestData.Expectation)
}

/// How long a session lasts.
public enum LoginLifetime: Sendable, Hashable {
  case fixed(Duration)
  /// Seconds, at this path of the last step's answer.
  case stated(DocumentPath)
}

/// How often a vendor lets itself be asked.
public struct HTTPQuota: Sendable, Hashable {
  /// The share of the quota that polls take; the rest is for logins, commands and repetitions.
  public static let pollShare = 0.9

  /// So many requests…
  public var requests: Int
  /// …in this time.
  public var per: Duration

  /// The time between two requests when they are spread evenly.
  public var spacing: Duration { per / max(1, requests) }

  /// By how much poll intervals have to be longer for the quota to last; never less than 1.
  ///
  /// - Parameter demand: requests per second that the profile would like to send.
  func stretch(demand: Double) -> Double {
    max(1, demand * spacing.inSeconds / Self.pollShare)
  }
}

extension Duration {
  /// In seconds, with a fraction.
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
