import AdapterKit
import AsyncHTTPClient
import DeviceProfiles
import EnergyModel
import TimeSource
import NIOCore
import NIOHTTP1

extension HTTPLink {
  /// Sends one request of a profile with its headers and credentials, and checks the answer.
  ///
  /// Whatever is thrown has no secrets in it and was counted.
  ///
  /// - Parameter isPoll: nothing but a question, which may be asked twice.
  func exchange(
    _ data: HTTPRequestData, of index: Int, isPoll: Bool
  ) async throws(HTTPFailure) -> HTTPAnswer {
    do throws(HTTPFailure) {
      let answer = try await answer(to: data, of: index, isPoll: isPoll)
      try checkSession(answer, to: data, of: index)
      let redact = agenda.endpoints[index].redact
      if let failure = AnswerCheck.failure(of: answer, to: data, now: time.wall(), redact: redact) { throw failure }
      return answer
    } catch {
      throw account(for: error, of: index)
    }
  }

  /// The answer to a request, whatever it says.
  func answer(to data: HTTPRequestData, of index: Int, isPoll: Bool) async throws(HTTPFailure) -> HTTPAnswer {
    guard !isStopping, let exchanger else { throw HTTPFailure(kind: .stopped, message: "the link was stopped") }
    let deadline = time.monotonic() + agenda.endpoints[index].settings.timeout
    return try await authenticated(data, of: index, isPoll: isPoll, through: exchanger, until: deadline)
  }

  /// Sends a request, and once more if the device rejected the first with a digest challenge.
  ///
  /// This is the only repetition of a command: a request that got a 401 was not carried out.
  private func authenticated(
    _ data: HTTPRequestData, of index: Int, isPoll: Bool, through exchanger: HTTPExchanger, until deadline: Duration
  ) async throws(HTTPFailure) -> HTTPAnswer {
    let usedNonce = agenda.endpoints[index].digest?.challenge?.nonce
    let answer = try await send(data, of: index, isPoll: isPoll, through: exchanger, until: deadline)
    // A login has its own way to deal with this.
    guard answer.status == 401, agenda.endpoints[index].session == nil || agenda.endpoints[index].digest != nil
    else { return answer }
    guard agenda.endpoints[index].decoder.bound.httpCredentials != nil else {
      throw HTTPFailure(
        kind: .unauthorized, message: "HTTP 401: the device wants user and password, but the installation gives none")
    }
    guard agenda.endpoints[index].digest != nil else { return answer }
    let values = DigestChallenge.headerNames.flatMap { answer.headers[$0] }
    guard let challenge = DigestChallenge.best(in: values) else {
      throw HTTPFailure(
        kind: .unauthorized,
        message: "HTTP 401 without a digest challenge that is understood (MD5 or SHA-256, qop auth)")
    }
    agenda.endpoints[index].digest?.accept(challenge)
    // A rejected answer to this very nonce means that user or password is wrong.
    guard usedNonce == nil || challenge.isStale || challenge.nonce != usedNonce else { return answer }
    let second = try await send(data, of: index, isPoll: isPoll, through: exchanger, until: deadline)
    if second.status == 401 { agenda.endpoints[index].digest?.reset() }
    return second
  }

  private func send(
    _ data: HTTPRequestData, of index: Int, isPoll: Bool, through exchanger: HTTPExchanger, until deadline: Duration
  ) async throws(HTTPFailure) -> HTTPAnswer {
    let request = try clientRequest(data, of: index)
    let begin = time.monotonic()
    defer { meter.note(from: begin, to: time.monotonic()) }
    do throws(HTTPFailure) {
      let answer: HTTPAnswer
      do throws(HTTPFailure) {
        bookExchange(of: index)
        answer = try await exchanger.send(request, until: deadline)
      } catch {
        // Devices close idle connections whenever they like, so a poll may meet one that is just closing. It is asked
        // once more over a new connection. A command is not, also not by GET: vendors switch things with it.
        guard error.isStaleConnection, isPoll, data.method == "GET" else { throw error }
        bookExchange(of: index)
        answer = try await exchanger.send(try clientRequest(data, of: index), until: deadline)
      }
      agenda.quietUntil = time.monotonic() + agenda.endpoints[index].settings.minGap
      agenda.connectionWorked()
      isConnected = true
      let end = time.monotonic()
      responses.note(end - begin, at: end)
      return answer
    } catch {
      agenda.quietUntil = time.monotonic() + agenda.endpoints[index].settings.minGap
      isConnected = false
      if error.kind != .stopped { lastError = agenda.endpoints[index].redact(error.message) }
      throw error
    }
  }

  private func bookExchange(of index: Int) {
    exchanges += 1
    agenda.endpoints[index].spendQuota(now: time.monotonic())
  }

  func clientRequest(_ data: HTTPRequestData, of index: Int) throws(HTTPFailure) -> HTTPClientRequest {
    let session = agenda.endpoints[index].session
    guard let data = data.filled(login: session?.values ?? [:]) else {
      throw HTTPFailure(kind: .invalidRequest, message: "it needs a value that the login has not given")
    }
    guard let target = RequestTarget.text(prefix: configuration.pathPrefix, path: data.path) else {
      throw HTTPFailure(kind: .invalidRequest, message: "its path does not start with '/'")
    }
    var request = HTTPClientRequest(url: configuration.origin + target)
    request.method = HTTPMethod(rawValue: data.method)
    let bound = agenda.endpoints[index].decoder.bound
    for (name, value) in bound.httpHeaders {
      // While the session is being opened, headers that need it cannot be there yet.
      guard let value = LoginMark.fill(value, session?.values ?? [:]) else { continue }
      request.headers.add(name: name, value: value)
    }
    if let cookies = session?.cookies.header { request.headers.add(name: "Cookie", value: cookies) }
    if let body = data.body { request.body = .bytes(ByteBuffer(string: body)) }
    if let type = data.contentType { request.headers.replaceOrAdd(name: "Content-Type", value: type) }
    switch agenda.endpoints[index].settings.authentication {
    case .none: break
    case .basic:
      if let credentials = bound.httpCredentials {
        request.setBasicAuth(username: credentials.user, password: credentials.password)
      }
    case .digest:
      let header = agenda.endpoints[index].digest?.authorization(
        method: data.method, target: target, clientNonce: clientNonce())
      if let header { request.headers.replaceOrAdd(name: "Authorization", value: header) }
    }
    return request
  }

  private func clientNonce() -> String {
    (0..<4).map { _ in
      // The source promises 0 to 1; a broken one must not stop the gateway.
      let share = random()
      let digits = String(share > 0 && share < 1 ? UInt32(share * 4_294_967_296) : 0, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  /// Books a result of the connection and takes the secrets out of the failure's words.
  func account(for failure: HTTPFailure, of index: Int) -> HTTPFailure {
    var failure = failure
    failure.message = agenda.endpoints[index].redact(failure.message)
    guard failure.kind != .stopped else { return failure }
    count(failure.counter)
    return failure
  }

  func count(_ key: String) { errors[key, default: 0] += 1 }
}
