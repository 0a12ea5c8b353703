import HTTPTypes
import LocalAPISchema
import Synchronization
import TimeSource

/// Tells from a request who asks.
final class Authenticator: Sendable {
  private let service: any GatewayService
  private let time: TimeSource
  private let limiter = Mutex(FailedKeyLimiter())

  init(service: any GatewayService, time: TimeSource) {
    self.service = service
    self.time = time
  }

  /// The owner of the key in the headers.
  ///
  /// - Throws: `APIError` 401 without a key or with a wrong one, 429 after too many wrong ones from one address.
  func caller(headers: HTTPFields, address: String) async throws -> Caller {
    guard let text = Self.credential(in: headers) else {
      throw APIError(
        status: 401, code: "UNAUTHENTICATED", message: "this needs an API key",
        hint: "send it as 'Authorization: Bearer hdl_…'; heddle key create makes one")
    }
    guard let key = APIKey(text), let stored = try await service.storedKey(key.id), key.matches(stored.digest) else {
      let now = time.monotonic()
      if let seconds = limiter.withLock({ $0.noteFailure(from: address, at: now) }) {
        throw APIError(
          status: 429, code: "TOO_MANY_FAILURES", message: "too many wrong keys from \(address)",
          hint: "wait \(seconds) s and use a right one", retryAfterSeconds: seconds)
      }
      throw APIError(
        status: 401, code: "INVALID_KEY", message: "this API key is not known here",
        hint: "it may be revoked or cut off; heddle key list shows the ids")
    }
    return Caller(actor: stored.id, scopes: Set(stored.scopes), customerId: stored.customerId)
  }

  static func credential(in headers: HTTPFields) -> String? {
    if let value = headers[.authorization] {
      let parts = value.split(separator: " ", maxSplits: 1)
      if parts.count == 2, parts[0].lowercased() == "bearer" { return String(parts[1].filter { $0 != " " }) }
    }
    return headers[.xAPIKey] ?? headers[.textureAPIKey]
  }
}

extension HTTPField.Name {
  /// The names below are constant and valid; the fallback only satisfies the failable initializer.
  private static func constant(_ name: String) -> HTTPField.Name { HTTPField.Name(name) ?? .userAgent }

  static let xAPIKey = constant("X-API-Key")
  static let textureAPIKey = constant("Texture-Api-Key")
  static let xRequestID = constant("X-Request-Id")
  static let idempotencyKey = constant("Idempotency-Key")
  static let idempotentReplayed = constant("Idempotent-Replayed")
  static let prefer = constant("Prefer")
  static let preferenceApplied = constant("Preference-Applied")
  static let lastEventID = constant("Last-Event-ID")
  static let xAccelBuffering = constant("X-Accel-Buffering")
}
