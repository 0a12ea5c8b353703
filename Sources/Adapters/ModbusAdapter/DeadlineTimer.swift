import CModbus
import Glibc

/// A deadline of the kernel: a descriptor that becomes readable when the time is over. So nobody here reads a clock.
final class DeadlineTimer {
  private let timer: CInt

  init() throws(ModbusFailure) {
    timer = timerfd_create(CInt(CLOCK_MONOTONIC), CInt(O_NONBLOCK | O_CLOEXEC))
    guard timer >= 0 else { throw .notSent("cannot make a timer: \(ModbusFailure.words(forSystemError: errno))") }
  }

  deinit { close(timer) }

  /// From now on the time runs; what ran before is forgotten.
  func start(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    // Zero would mean never.
    var setting = itimerspec()
    setting.it_value = timespec(tv_sec: Int(seconds), tv_nsec: max(1, Int(attoseconds / 1_000_000_000)))
    timerfd_settime(timer, 0, &setting, nil)
  }

  /// Waits until a descriptor can be read, or until the time is over.
  ///
  /// - Returns: whether the descriptor is ready; false = the time is over.
  func wait(for descriptor: CInt) -> Bool {
    var waiting = [descriptor, timer].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    while poll(&waiting, 2, -1) < 0 { if errno != EINTR { return false } }
    // What has come counts, even if the time is over by now.
    return waiting[0].revents != 0
  }
}
