import LocalAPISchema

/// How many events of a kind a device may cause: some at once, then one after each pause. What finds no room is told
/// when there is some, as it is then, so that a device that goes to and fro neither fills the log nor ends in a lie.
struct EventAllowance {
  /// Events of a kind that a device may cause at once.
  static let burst = 4
  /// The time after which it may cause one more.
  static let pause = Duration.seconds(900)

  private struct Key: Hashable {
    var kind: EventKind
    var device: String
  }

  /// When everything that was taken is given back, on the monotonic clock.
  private var settled: [Key: Duration] = [:]

  /// Takes one; `false` where none is left.
  mutating func take(_ kind: EventKind, of device: String, now: Duration) -> Bool {
    let key = Key(kind: kind, device: device)
    let from = max(settled[key] ?? now, now)
    guard from - now <= Self.pause * (Self.burst - 1) else { return false }
    settled[key] = from + Self.pause
    return true
  }

  /// Forgets devices that are not there any more.
  mutating func keep(_ devices: Set<String>) { settled = settled.filter { devices.contains($0.key.device) } }
}
