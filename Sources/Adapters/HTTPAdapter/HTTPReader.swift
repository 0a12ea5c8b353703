public import DeviceProfiles
import AsyncHTTPClient
import NIOHTTP1
public import TimeSource

/// Why a question was not answered.
public enum HTTPReadFailure: Error, Sendable, Hashable {
  /// Nobody is there, or nobody who speaks HTTP.
  case unreachable(String)
  /// Somebody is there and does not give what was asked for.
  case refused(String)
}

/// Asks a host single questions, for tools that look at a device. Only `GET` is ever sent.
///
/// A gateway reads through `HTTPLink`, which logs in, keeps its rhythm and lives with failures.
public struct HTTPReader: Sendable {
  private let configuration: HTTPLinkConfiguration
  private let exchanger: HTTPExchanger
  private let time: TimeSource

  /// Nothing is sent before the first question; `close` must be called at the end.
  public init(_ configuration: HTTPLinkConfiguration, time: TimeSource) {
    self.configuration = configuration
    self.time = time
    exchanger = HTTPExchanger(
      configuration: configuration, eventLoopGroup: HTTPClient.defaultEventLoopGroup, time: time)
  }

  /// The body of the answer to a polled request of a profile, if it is what the profile calls a success.
  public func get(_ request: HTTPRequestData, of profile: BoundProfile, timeout: Duration) async throws(HTTPReadFailure)
    -> [UInt8]
  {
    guard request.method == "GET", let target = RequestTarget.text(prefix: configuration.pathPrefix, path: request.path)
    else { throw .refused("\(request.method) \(request.path) is no question") }
    var question = HTTPClientRequest(url: configuration.origin + target)
    for (name, value) in profile.httpHeaders { question.headers.add(name: name, value: value) }
    let answer: HTTPAnswer
    do throws(HTTPFailure) {
      answer = try await exchanger.send(question, until: time.monotonic() + timeout)
    } catch {
      throw .unreachable(error.message)
    }
    if let failure = AnswerCheck.failure(of: answer, to: request, now: time.wall(), redact: SecretRedaction(profile)) {
      throw .refused(failure.message)
    }
    return answer.body
  }

  /// Closes the connection.
  public func close() { exchanger.close() }
}
