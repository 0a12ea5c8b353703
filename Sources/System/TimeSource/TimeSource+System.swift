import EnergyModel

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

extension TimeSource {
  /// The clocks of the machine. Made once, in the composition root of a program.
  public static let system = TimeSource(
    wall: {
      var now = timespec()
      clock_gettime(CLOCK_REALTIME, &now)
      return Timestamp(milliseconds: Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000)
    },
    monotonic: {
      var now = timespec()
      clock_gettime(CLOCK_MONOTONIC, &now)
      return .seconds(Int64(now.tv_sec)) + .nanoseconds(Int64(now.tv_nsec))
    },
    sleepUntil: { deadline in
      var now = timespec()
      clock_gettime(CLOCK_MONOTONIC, &now)
      let remaining = deadline - (.seconds(Int64(now.tv_sec)) + .nanoseconds(Int64(now.tv_nsec)))
      if remaining > .zero { try await ContinuousClock().sleep(for: remaining) } else { try Task.checkCancellation() }
    }, isRealTime: true)
}
