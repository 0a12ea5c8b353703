import Glibc

/// Tells the service manager how the daemon is: the sd_notify protocol, one datagram per message.
///
/// Without `$NOTIFY_SOCKET` (started by hand) it says nothing.
public struct SystemdNotifier: Sendable {
  private let path: String?
  /// Half of the time within which the service manager wants a sign of life; `nil` without a watchdog.
  public let watchdogInterval: Duration?

  /// - Parameter environment: `NOTIFY_SOCKET` and `WATCHDOG_USEC` are looked at.
  public init(environment: [String: String]) {
    let socket = environment["NOTIFY_SOCKET"] ?? ""
    path = socket.hasPrefix("/") || socket.hasPrefix("@") ? socket : nil
    watchdogInterval = environment["WATCHDOG_USEC"].flatMap(Int.init).flatMap { $0 > 0 ? .microseconds($0 / 2) : nil }
  }

  /// Everything is started.
  public func ready(_ status: String) { send("READY=1\nSTATUS=\(status)") }
  /// A line for `systemctl status`.
  public func status(_ status: String) { send("STATUS=\(status)") }
  /// A sign of life.
  public func watchdog() { send("WATCHDOG=1") }
  /// The clean stop began.
  public func stopping() { send("STOPPING=1\nSTATUS=stopping") }
  /// A reload began; `ready` ends it. systemd wants the monotonic time with it.
  public func reloading(monotonic: Duration) {
    let (seconds, attoseconds) = monotonic.components
    send("RELOADING=1\nMONOTONIC_USEC=\(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)")
  }

  private func send(_ message: String) {
    guard let path else { return }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(path.utf8)
    // An abstract socket is written with @ and addressed with a zero byte.
    if path.hasPrefix("@") { name[0] = 0 }
    guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    let bytes = Array(message.utf8)
    // Losing a status line is harmless; the service manager notices a missing READY or WATCHDOG by itself.
    _ = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
      }
    }
  }
}
