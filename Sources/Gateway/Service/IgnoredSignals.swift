import Glibc

/// Signals that would end the daemon where an error code says the same.
enum IgnoredSignals {
  /// A peer that closed its end, and a file that reached its limit, are errors of the one call that met them.
  static func install() {
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
  }
}
