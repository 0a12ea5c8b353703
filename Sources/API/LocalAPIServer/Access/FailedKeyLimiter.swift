/// Counts wrong keys per address and says when it is enough. Right keys are never held back.
struct FailedKeyLimiter {
  /// Wrong keys that an address may show within the window.
  static let maxFailures = 10
  /// The length of the window.
  static let window: Duration = .seconds(60)
  /// Addresses that are remembered; beyond that the one that was quiet for longest is forgotten.
  static let maxAddresses = 1024

  private var failures: [String: [Duration]] = [:]

  /// Notes a wrong key; returns the seconds to wait when the address has shown too many, else `nil`.
  mutating func noteFailure(from address: String, at now: Duration) -> Int? {
    var recent = failures[address, default: []].filter { now - $0 < Self.window }
    guard recent.count < Self.maxFailures else {
      failures[address] = recent
      let wait = Self.window - (now - recent[0])
      return max(1, Int(wait.components.seconds) + (wait.components.attoseconds > 0 ? 1 : 0))
    }
    recent.append(now)
    failures[address] = recent
    if failures.count > Self.maxAddresses { forgetQuietest() }
    return nil
  }

  private mutating func forgetQuietest() {
    let quietest = failures.min { ($0.value.last ?? .zero) < ($1.value.last ?? .zero) }
    if let quietest { failures[quietest.key] = nil }
  }
}
