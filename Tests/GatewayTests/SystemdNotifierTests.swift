import Foundation
import Glibc
import Testing

@testable import Gateway

@Suite("Talking to the service manager")
struct SystemdNotifierTests {
  @Test("READY, STATUS, RELOADING and WATCHDOG arrive as systemd wants them")
  func messages() throws {
    let path = "/tmp/heddle-notify-\(UUID().uuidString.prefix(8))"
    let receiver = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    defer {
      close(receiver)
      unlink(path)
    }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(receiver, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    #expect(bound == 0)
    let notifier = SystemdNotifier(environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "10000000"])
    #expect(notifier.watchdogInterval == .seconds(5))
    notifier.ready("4 of 4 devices online")
    notifier.watchdog()
    notifier.reloading(monotonic: .milliseconds(1500))
    #expect(receive(receiver) == "READY=1\nSTATUS=4 of 4 devices online")
    #expect(receive(receiver) == "WATCHDOG=1")
    #expect(receive(receiver) == "RELOADING=1\nMONOTONIC_USEC=1500000")
  }

  @Test("Without a service manager nothing is said")
  func silent() {
    let notifier = SystemdNotifier(environment: [:])
    #expect(notifier.watchdogInterval == nil)
    notifier.ready("x")
  }

  private func receive(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
