import DeviceProfiles
import EnergyModel
import NIOHTTP1

/// A complete answer of a device.
struct HTTPAnswer: Sendable {
  var status: Int
  var headers: HTTPHeaders
  var body: [UInt8]
}

/// Decides whether an answer is what the profile calls a success.
enum AnswerCheck {
  /// `nil` if the answer is good.
  ///
  /// - Parameters:
  ///   - now: wall time, for a `Retry-After` that is a date.
  ///   - redact: takes out secrets that the device repeats. It comes before texts are cut: what is left of a secret
  ///     that was cut would not be known as one any more.
  static func failure(
    of answer: HTTPAnswer, to request: HTTPRequestData, now: Timestamp, redact: SecretRedaction
  ) -> HTTPFailure? {
    if let failure = statusFailure(answer, now: now, redact) { return failure }
    if !request.mayAnswerPage, isWebPage(answer) {
      return HTTPFailure(
        kind: .notUnderstood, message: "a web page (HTML) came instead of data; is the address of the link right?")
    }
    return request.expect.isEmpty ? nil : expectationFailure(answer, request, redact)
  }

  private static func statusFailure(
    _ answer: HTTPAnswer, now: Timestamp, _ redact: SecretRedaction
  ) -> HTTPFailure? {
    let header = answer.headers.first(name: "Retry-After")
    switch answer.status {
    case 200..<300: return nil
    case 300..<400:
      let target = answer.headers.first(name: "Location").map { " to \(presentable($0, redact))" } ?? ""
      return HTTPFailure(
        kind: .refused(answer.status),
        message: "HTTP \(answer.status): a redirection\(target), which is not followed; configure the final address")
    case 401:
      return HTTPFailure(kind: .unauthorized, message: "HTTP 401: the device does not accept user and password")
    case 429:
      let pause = RetryAfter.pause(header: header, now: now)
      return HTTPFailure(kind: .busy(pause: pause), message: "HTTP 429: the device asks for fewer requests")
    case 503 where header != nil:
      let pause = RetryAfter.pause(header: header, now: now)
      return HTTPFailure(kind: .busy(pause: pause), message: "HTTP 503: the device asks to be left alone for a while")
    case 400..<500:
      return HTTPFailure(kind: .refused(answer.status), message: described(answer))
    default:
      return HTTPFailure(kind: .serverError(answer.status), message: described(answer))
    }
  }

  private static func described(_ answer: HTTPAnswer) -> String {
    let phrase = HTTPResponseStatus(statusCode: answer.status).reasonPhrase
    return phrase.isEmpty ? "HTTP \(answer.status)" : "HTTP \(answer.status) (\(phrase))"
  }

  private static func isWebPage(_ answer: HTTPAnswer) -> Bool {
    let blank = Set(" \t\r\n\u{FEFF}".utf8)
    let start = answer.body.drop { blank.contains($0) }.prefix(16)
    let text = String(decoding: start, as: UTF8.self).lowercased()
    return text.hasPrefix("<!doctype html") || text.hasPrefix("<html") || text.hasPrefix("<head")
  }

  private static func expectationFailure(
    _ answer: HTTPAnswer, _ request: HTTPRequestData, _ redact: SecretRedaction
  ) -> HTTPFailure? {
    let document: JSONDocument
    do {
      document = try request.document(of: answer.body)
    } catch {
      return HTTPFailure(kind: .notUnderstood, message: "the answer cannot be read: \(error.message)")
    }
    for expectation in request.expect {
      let value = document.value(at: expectation.path)
      guard !expectation.holds(for: value) else { continue }
      var message = "\(expectation.path) is \(value.map { presentable($0.description, redact) } ?? "missing")"
      if expectation.equals != HTTPRequestData.Expectation.anything { message += ", expected \(expectation.equals)" }
      if let path = request.reasonPath, let reason = document.value(at: path), reason != .null {
        message += ": \(presentable(reason.description, redact))"
      }
      return HTTPFailure(kind: .refused(answer.status), message: message)
    }
    return nil
  }
}
