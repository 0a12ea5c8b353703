import EnergyModel
import HTTPTypes
import LocalAPISchema
import Synchronization
import TimeSource

/// Tells from a request who asks.
final class Authenticator: Sendable {
  private let service: any GatewayService
  private let time: TimeSource
  private let limiter = Mutex(FailedKeyLimiter())

  /// A caller as the audit names whoever changes something.
  func author(_ caller: Caller) -> Author { Author(actor: caller.actor, at: time.wall()) }

  init(service: any GatewayService, time: TimeSource) {
    self.service = service
    self.time = time
  }

  /// The owner of the key in the headers.
  ///
  /// - Throws: `APIError` 401 without a key or with a wrong one, 429 after too many wrong ones from one address.
  /// - Parameter acceptsCookie: Whether the key may come as the cookie `access_token`.
  func caller(headers: HTTPFields, address: String, acceptsCookie: Bool = false) async throws -> Caller {
    guard let text = Self.credential(in: headers) ?? (acceptsCookie ? Self.cookie(in: headers) : nil) else {
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
    if let end = stored.expiresAt, end <= time.wall() {
      throw APIError(
        status: 401, code: "KEY_EXPIRED", message: "this API key has expired at \(end.rfc3339)",
        hint: "heddle key create --expires makes a new one")
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

  /// The key in a cookie. Not from a browser's page: there the cookie may come without the person's will.
  private static func cookie(in headers: HTTPFields) -> String? {
    guard headers[.origin] == nil, headers[.secFetchSite].map({ $0 == "same-origin" || $0 == "none" }) ?? true else {
      return nil
    }
    let cookies = headers[values: .cookie].flatMap { $0.split(separator: ";") }
    let name = "access_token="
    return cookies.map { $0.drop { $0 == " " } }.first { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
  }
}

extension HTTPField.Name {
  /// The names below are constant and valid; the fallback only satisfies the failable initializer.
  private static func constant(_ name: String) -> HTTPField.Name { HTTPField.Name(name) ?? .userAgent }

  static let xAPIKey = constant("X-API-Key")
  static let textureAPIKey = constant("Texture-Api-Key")
  static let secFetchSite = constant("Sec-Fetch-Site")
  static let xRequestID = constant("X-Request-Id")
  static let idempotencyKey = constant("Idempotency-Key")
  static let idempotentReplayed = constant("Idempotent-Replayed")
  static let prefer = constant("Prefer")
  static let preferenceApplied = constant("Preference-Applied")
  static let lastEventID = constant("Last-Event-ID")
  static let xAccelBuffering = constant("X-Accel-Buffering")
  static let rateLimitLimit = constant("RateLimit-Limit")
  static let rateLimitRemaining = constant("RateLimit-Remaining")
  static let rateLimitReset = constant("RateLimit-Reset")
}
