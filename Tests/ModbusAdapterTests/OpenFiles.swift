import Glibc

/// How many files this process may have open.
enum OpenFiles {
  static let hardLimit = limits.rlim_max

  private static var limits: rlimit {
    var limits = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
    return limits
  }

  static func raise(to number: rlim_t) {
    var wanted = limits
    wanted.rlim_cur = max(wanted.rlim_cur, number)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &wanted)
  }
}
