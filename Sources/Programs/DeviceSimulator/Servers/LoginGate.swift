import DeviceProfiles
import EnergyModel
import Synchronization
import TimeSource

/// What stands before a simulated vendor API: the login of its profile, and its quota.
///
/// The API behind it sees requests as the profile writes them: the values that the gate gave out are marks again.
final class LoginGate: Sendable {
  struct Answer: Sendable {
    var status = 200
    var headers: [(name: String, value: String)] = []
    var body = "{}"
  }

  enum Verdict: Sendable {
    /// The gate answers by itself.
    case answered(Answer)
    /// The request goes on, with these in the place of its own.
    case passed(path: String, body: String)
  }

  private struct State {
    /// What was given out last, by name; empty while nobody is logged in.
    var values: [String: String] = [:]
    var cookie: String?
    var logins = 0
    /// Times of the requests that still count for the quota.
    var requests: [Duration] = []
  }

  private let bound: BoundProfile
  private let login: HTTPLogin<HTTPRequestData>?
  private let quota: HTTPQuota?
  private let time: TimeSource
  private let state = Mutex(State())

  /// `nil` for profiles without login and quota.
  init?(_ bound: BoundProfile, time: TimeSource) {
    guard case .http(let settings) = bound.profile.transport, settings.quota != nil || bound.httpLogin != nil
    else { return nil }
    self.bound = bound
    login = bound.httpLogin
    quota = settings.quota
    self.time = time
  }

  func pass(method: String, path: String, headers: [(name: String, value: String)], body: String) -> Verdict {
    state.withLock { state in
      if let answer = limit(&state) { return .answered(answer) }
      guard let login else { return .passed(path: path, body: body) }
      let innerPath = marked(path, state)
      let innerBody = marked(body, state)
      for step in login.steps + [login.refresh].compactMap(\.self)
      where step.request.method == method && step.request.path == innerPath && (step.request.body ?? "") == innerBody {
        return .answered(open(step, &state))
      }
      if let logout = login.logout, logout.method == method, logout.path == innerPath {
        state.values = [:]
        state.cookie = nil
        return .answered(Answer())
      }
      guard isKnown(headers, state, path: innerPath, body: innerBody) else {
        return .answered(refusal(of: method, innerPath))
      }
      return .passed(path: innerPath, body: innerBody)
    }
  }

  private func limit(_ state: inout State) -> Answer? {
    guard let quota else { return nil }
    let now = time.monotonic()
    state.requests.removeAll { now - $0 >= quota.per }
    guard state.requests.count < quota.requests else {
      return Answer(status: 429, headers: [("Retry-After", "60")], body: "{}")
    }
    state.requests.append(now)
    return nil
  }

  /// New values for everything that a step keeps.
  private func open(_ step: HTTPLogin<HTTPRequestData>.Step, _ state: inout State) -> Answer {
    state.logins += 1
    var answer = Answer()
    var tree = JSONTree.object([])
    for expectation in step.request.expect { tree.set(expectation.equals, at: expectation.path) }
    for kept in step.keep {
      let value = "simulated-\(kept.name)-\(state.logins)"
      state.values[kept.name] = value
      switch kept.place {
      case .path(let path): tree.set(.text(value), at: path)
      case .header(let name): answer.headers.append((name, value))
      case .cookie(let name): answer.headers.append(("Set-Cookie", "\(name)=\(value); Path=/"))
      }
    }
    if case .stated(let path)? = login?.lifetime { tree.set(.number(3600), at: path) }
    if login?.usesCookies == true {
      let cookie = "simulated=\(state.logins)"
      state.cookie = cookie
      answer.headers.append(("Set-Cookie", "\(cookie); Path=/"))
    }
    answer.body = String(decoding: DocumentWriter.bytes(tree, as: step.request.format), as: UTF8.self)
    return answer
  }

  /// Whether a request carries what the last login gave, wherever the profile puts it.
  private func isKnown(
    _ headers: [(name: String, value: String)], _ state: State, path: String, body: String
  ) -> Bool {
    if state.logins == 0 || state.values.isEmpty && state.cookie == nil { return false }
    let sent = { (name: String) in headers.filter { $0.name.lowercased() == name }.map(\.value).joined(separator: "; ")
    }
    if let cookie = state.cookie, !sent("cookie").contains(cookie) { return false }
    return bound.httpHeaders.allSatisfy { header in
      guard !LoginMark.names(in: header.value).isEmpty else { return true }
      return LoginMark.fill(header.value, state.values) == sent(header.name.lowercased())
    }
  }

  /// The values that were given out, as marks again.
  private func marked(_ text: String, _ state: State) -> String {
    state.values.reduce(text) { $0.replacing($1.value, with: "${login.\($1.key)}") }
  }

  /// What a request gets without a session, in its own format where the profile has one for it.
  private func refusal(of method: String, _ path: String) -> Answer {
    for end in login?.renewOn ?? [] {
      switch end {
      case .status(let status): return Answer(status: status)
      case .answer(let expectation):
        var tree = JSONTree.object([])
        tree.set(expectation.equals, at: expectation.path)
        let asked = bound.polledRequests.first { $0.request.method == method && $0.request.path == path }
        let bytes = DocumentWriter.bytes(tree, as: asked?.request.format ?? .json)
        return Answer(body: String(decoding: bytes, as: UTF8.self))
      }
    }
    return Answer(status: 401)
  }
}
