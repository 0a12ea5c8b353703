import HTTPTypes
import LocalAPISchema
import Synchronization
import TimeSource

/// A bucket of requests for each key, which fills up evenly. What comes through the Unix socket is not counted.
final class RateLimiter: Sendable {
  /// Keys whose refusals are counted one by one; those of more keys are counted together.
  static let maxCounted = 1000
  /// Under this name.
  static let others = "others"

  private struct Bucket {
    var tokens: Double
    var at: Duration
  }

  private struct State {
    var buckets: [String: Bucket] = [:]
    var refused: [String: UInt64] = [:]
  }

  /// What became of a request, in the words of its answer's headers.
  struct Verdict: Hashable {
    var isAllowed: Bool
    var limit: Int
    var remaining: Int
    /// Until the bucket is full again.
    var resetSeconds: Int
    /// Until one more request is possible.
    var retrySeconds: Int
  }

  private let limit: RateLimit
  private let time: TimeSource
  private let state = Mutex(State())

  init(_ limit: RateLimit, time: TimeSource) {
    self.limit = limit
    self.time = time
  }

  /// Requests that were refused since the start, by key.
  var refused: [String: UInt64] { state.withLock { $0.refused } }

  /// Notes the headers of the answer; throws 429 where the bucket is empty.
  func admit(_ key: String, _ answer: AnswerHeaders) throws(APIError) {
    let verdict = take(for: key)
    answer.add([
      .rateLimitLimit: String(verdict.limit), .rateLimitRemaining: String(verdict.remaining),
      .rateLimitReset: String(verdict.resetSeconds),
    ])
    guard !verdict.isAllowed else { return }
    throw APIError(
      status: 429, code: "RATE_LIMITED", message: "this key has made more requests than it may",
      hint: "wait \(verdict.retrySeconds) s; the stream and longer lists need fewer requests",
      retryAfterSeconds: verdict.retrySeconds)
  }

  func take(for key: String) -> Verdict {
    let now = time.monotonic()
    return state.withLock { state in
      let full = Double(limit.burst)
      var bucket = state.buckets[key] ?? Bucket(tokens: full, at: now)
      bucket.tokens = min(full, bucket.tokens + (now - bucket.at) / .seconds(1) * limit.requestsPerSecond)
      bucket.at = now
      let isAllowed = bucket.tokens >= 1
      if isAllowed {
        bucket.tokens -= 1
      } else {
        let name = state.refused[key] != nil || state.refused.count < Self.maxCounted ? key : Self.others
        state.refused[name, default: 0] += 1
      }
      state.buckets[key] = bucket
      if state.buckets.count > GatewayRoutes.maxKeys { forgetFull(&state.buckets, at: now) }
      return Verdict(
        isAllowed: isAllowed, limit: limit.burst, remaining: Int(bucket.tokens),
        resetSeconds: seconds(full - bucket.tokens), retrySeconds: max(1, seconds(1 - bucket.tokens)))
    }
  }

  /// Whole seconds until so many requests more are possible.
  private func seconds(_ tokens: Double) -> Int {
    Int(min(max(0, tokens / limit.requestsPerSecond).rounded(.up), 1e9))
  }

  /// A full bucket is what a key starts with: nothing is lost.
  private func forgetFull(_ buckets: inout [String: Bucket], at now: Duration) {
    buckets = buckets.filter { _, bucket in
      bucket.tokens + (now - bucket.at) / .seconds(1) * limit.requestsPerSecond < Double(limit.burst)
    }
  }
}

/// Headers that an answer gets, also where it is a problem.
final class AnswerHeaders: Sendable {
  private let fields = Mutex<[HTTPField.Name: String]>([:])

  func add(_ more: [HTTPField.Name: String]) { fields.withLock { $0.merge(more) { _, new in new } } }

  func write(to headers: inout HTTPFields) {
    for (name, value) in fields.withLock({ $0 }) { headers[name] = value }
  }
}
