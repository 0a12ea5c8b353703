import DeviceProfiles
import EnergyModel
import NIOHTTP1

/// The session with one device: what the login gave, until when, and when it may be tried again.
///
/// A wrong password must not lock an account, and a device that rejects a request for good must not be logged in to for
/// each of its polls: both are tried again after pauses that grow.
struct LoginSession: Sendable {
  enum Stage: Sendable, Hashable { case steps, refresh }

  /// A session is renewed this long before it ends, or at nine tenths of short ones.
  static let margin: Duration = .seconds(60)
  /// A session that is younger is not given up because a request is rejected; doubles while that does not help.
  static let firstPatience: Duration = .seconds(60)
  static let maxPatience: Duration = .seconds(3600)
  /// After a login that could not be carried out; doubles.
  static let firstRetry: Duration = .seconds(10)
  static let maxRetry: Duration = .seconds(600)
  /// After a login that the device refused; doubles.
  static let firstRefusalPause: Duration = .seconds(600)
  static let maxRefusalPause: Duration = .seconds(4 * 3600)
  /// A longer value is not kept.
  static let maxValueBytes = 16 * 1024
  /// Shorter values are no secrets: they would be taken out of every text.
  static let shortestSecret = 4

  let login: HTTPLogin<HTTPRequestData>
  private(set) var values: [String: String]
  private(set) var cookies = CookieJar()
  private(set) var isOpen = false
  /// Sessions opened or renewed so far.
  private(set) var openings: UInt64 = 0
  private var openedAt: Duration = .zero
  private var endsAt: Duration?
  /// The device did not take the refresh: the next login is from the start.
  private var refreshFailed = false
  private var troubles = 0
  private var refusals = 0
  private var fruitlessRenewals = 0
  /// The request whose rejection made the last renewal necessary.
  private var rejected: String?

  /// - Parameter values: what outlived the last run of the program.
  init(_ login: HTTPLogin<HTTPRequestData>, values: [String: String] = [:]) {
    self.login = login
    self.values = values
  }

  // MARK: What has to be done

  /// What has to be done before anything else is sent; `nil` while the session is open.
  func due(now: Duration) -> Stage? {
    if isOpen, endsAt.map({ now < $0 }) ?? true { return nil }
    guard let refresh = login.refresh, !refreshFailed, refresh.request.filled(login: values) != nil, !values.isEmpty
    else { return .steps }
    return .refresh
  }

  func steps(_ stage: Stage) -> [HTTPLogin<HTTPRequestData>.Step] {
    switch stage {
    case .steps: login.steps
    case .refresh: login.refresh.map { [$0] } ?? []
    }
  }

  // MARK: What happened

  mutating func begin(_ stage: Stage) {
    isOpen = false
    if stage == .steps { cookies = CookieJar() }
  }

  /// Keeps what a step's answer says; returns what is missing in it.
  mutating func take(_ answer: HTTPAnswer, of step: HTTPLogin<HTTPRequestData>.Step) -> String? {
    if login.usesCookies { cookies.take(answer.headers) }
    let document = try? step.request.document(of: answer.body)
    for kept in step.keep {
      let text: String?
      let place: String
      switch kept.place {
      case .path(let path):
        place = "\(path)"
        text = document?.value(at: path).flatMap { $0 == .null ? nil : $0.description }
      case .header(let name):
        place = "header \(name)"
        text = answer.headers.first(name: name)
      case .cookie(let name):
        place = "cookie \(name)"
        var jar = CookieJar()
        jar.take(answer.headers)
        text = jar.values[name] ?? cookies.values[name]
      }
      guard let text, !text.isEmpty, text.utf8.count <= Self.maxValueBytes, Self.isPlain(text) else { return place }
      values[kept.name] = text
    }
    return nil
  }

  /// All steps worked.
  mutating func open(last: (answer: HTTPAnswer, request: HTTPRequestData)?, now: Duration) {
    isOpen = true
    openings += 1
    openedAt = now
    refreshFailed = false
    troubles = 0
    refusals = 0
    endsAt = lifetime(last).map { now + max($0 - Self.margin, $0 * 0.9) }
  }

  /// A step did not work; returns how long nothing is sent.
  mutating func failed(_ failure: HTTPFailure, stage: Stage, now: Duration) -> Duration {
    isOpen = false
    switch failure.kind {
    case .busy(let pause): return max(pause, Self.firstRetry)
    case .refused, .unauthorized, .sessionEnded:
      if stage == .refresh {
        // The credentials were not in question: the login from the start follows at once.
        refreshFailed = true
        return .zero
      }
      refusals += 1
      return Self.grown(Self.firstRefusalPause, refusals - 1, Self.maxRefusalPause)
    default:
      troubles += 1
      return Self.grown(Self.firstRetry, troubles - 1, Self.maxRetry)
    }
  }

  /// The device rejected a request as one without a session; returns whether a new session is tried.
  mutating func reject(_ request: String, now: Duration) -> Bool {
    let patience =
      fruitlessRenewals == 0 ? .zero : Self.grown(Self.firstPatience, fruitlessRenewals - 1, Self.maxPatience)
    guard isOpen, now - openedAt >= patience else { return false }
    fruitlessRenewals += 1
    rejected = request
    isOpen = false
    return true
  }

  mutating func worked(_ request: String) {
    guard rejected == request else { return }
    rejected = nil
    fruitlessRenewals = 0
  }

  /// Takes cookies, which come with any answer; returns whether they are others now.
  mutating func note(_ headers: HTTPHeaders) -> Bool {
    guard login.usesCookies else { return false }
    let before = cookies
    cookies.take(headers)
    return cookies != before
  }

  /// The session is over, as far as this side is concerned.
  mutating func close() { isOpen = false }

  // MARK: Questions

  /// Whether an answer says that the session is over.
  func isEnd(_ answer: HTTPAnswer, to request: HTTPRequestData) -> Bool {
    var document: JSONDocument?
    return login.renewOn.contains { end in
      switch end {
      case .status(let status): return answer.status == status
      case .answer(let expectation):
        if document == nil { document = try? request.document(of: answer.body) }
        return expectation.holds(for: document?.value(at: expectation.path))
      }
    }
  }

  /// Everything that must not be shown.
  var secrets: [String] {
    (Array(values.values) + Array(cookies.values.values)).filter { $0.utf8.count >= Self.shortestSecret }
  }

  /// What is to be kept for the next run of the program.
  var lastingValues: [String: String] { values.filter { login.lasting.contains($0.key) } }

  private func lifetime(_ last: (answer: HTTPAnswer, request: HTTPRequestData)?) -> Duration? {
    switch login.lifetime {
    case nil: return nil
    case .fixed(let time): return time
    case .stated(let path):
      let document = last.flatMap { try? $0.request.document(of: $0.answer.body) }
      // A device may say a number, or a text with a number in it; years are as good as never.
      guard let seconds = document?.value(at: path).flatMap({ Double($0.description) }), seconds > 0
      else { return nil }
      return .seconds(min(seconds, 10 * 365 * 86_400))
    }
  }

  private static func grown(_ first: Duration, _ doublings: Int, _ limit: Duration) -> Duration {
    min(first * (1 << min(max(0, doublings), 16)), limit)
  }

  /// Text that can stand in a header.
  static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }
}

extension LoginSession: CustomStringConvertible {
  /// Says nothing about what was kept.
  var description: String { isOpen ? "logged in" : "not logged in" }
}
