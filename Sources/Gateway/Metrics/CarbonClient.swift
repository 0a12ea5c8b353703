import AsyncHTTPClient
import EnergyModel
import NIOCore
import NIOHTTP1

/// Asks one source of carbon intensities over HTTP.
struct CarbonClient: Sendable {
  /// Bytes of an answer: a year of quarter hours with a lot around each.
  static let maxAnswerBytes = 8 << 20
  /// How long an answer may take, connection and body included.
  static let timeoutSeconds: Int64 = 30
  /// A source's wish to be asked later counts up to this.
  static let maxRetryAfterSeconds = 86_400

  /// What says whether something changed since the last answer.
  struct Validators: Sendable, Equatable {
    var entityTag: String?
    var modified: String?
  }

  /// What came.
  enum Answer: Sendable {
    case text(String, Validators)
    case unchanged
  }

  /// Why nothing came; without secrets.
  struct Failure: Error {
    var message: String
    /// In how many seconds it wants to be asked again.
    var retryAfterSeconds: Int?
  }

  /// One client for all: what is kept of connections is theirs alone.
  private static let client = HTTPClient(
    eventLoopGroupProvider: .singleton, configuration: .outgoing(connectSeconds: timeoutSeconds))

  func ask(_ request: CarbonRequest, since validators: Validators) async throws(Failure) -> Answer {
    do {
      return try await exchange(request, validators)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(message: Self.words(for: error))
    }
  }

  private func exchange(_ request: CarbonRequest, _ validators: Validators) async throws -> Answer {
    var get = HTTPClientRequest(url: request.url.value)
    get.headers.add(name: "Accept", value: "application/json, text/csv;q=0.9, */*;q=0.1")
    get.headers.add(name: "User-Agent", value: "heddle")
    for (name, value) in request.headers { get.headers.replaceOrAdd(name: name, value: value.value) }
    if let tag = validators.entityTag { get.headers.add(name: "If-None-Match", value: tag) }
    if let modified = validators.modified { get.headers.add(name: "If-Modified-Since", value: modified) }
    let response = try await Self.client.execute(get, timeout: .seconds(Self.timeoutSeconds))
    guard response.status != .notModified else { return .unchanged }
    guard response.status == .ok else {
      throw Failure(
        message: "it answers with HTTP \(response.status.code)",
        retryAfterSeconds: response.retryAfterSeconds.map { min($0, Self.maxRetryAfterSeconds) })
    }
    let body: ByteBuffer
    do {
      body = try await response.body.collect(upTo: Self.maxAnswerBytes)
    } catch is NIOTooManyBytesError {
      throw Failure(message: "its answer has more than \(Self.maxAnswerBytes >> 20) MiB")
    }
    return .text(
      String(buffer: body),
      Validators(
        entityTag: response.headers.first(name: "ETag"), modified: response.headers.first(name: "Last-Modified")))
  }

  private static func words(for error: any Error) -> String {
    guard let error = error as? HTTPClientError else { return "there is no connection (\(type(of: error)))" }
    return error.isTimeout ? "no complete answer within \(timeoutSeconds) s" : error.shortDescription
  }
}
