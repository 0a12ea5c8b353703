import Foundation
import Testing

/// What systemd hears from the daemon.
@Suite("Service manager", .serialized, .enabled(if: Programs.hasOwn, "the programs are not built"))
struct ServiceManagerTests {
  @Test("The daemon says READY, STATUS, WATCHDOG, RELOADING and STOPPING, and stops cleanly")
  func notify() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    let socket = try NotifySocket(path: gateway.path("notify"))
    try gateway.configure("links: []\n")
    try await gateway.start(environment: ["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "400000"])
    #expect(await socket.hears("READY=1"))
    #expect(await socket.hears("STATUS=0 of 0 devices online"), "\(socket.messages)")
    #expect(await socket.hears("WATCHDOG=1"))
    let daemon = try #require(gateway.daemon)
    let seen = socket.messages.count
    daemon.send(SIGHUP)
    #expect(await socket.hears("RELOADING=1\nMONOTONIC_USEC="))
    let isReady = await eventually(within: 10) {
      _ = await socket.hears("STOPPING=1", within: 0)
      return socket.messages.dropFirst(seen).contains { $0.hasPrefix("READY=1") }
    }
    #expect(isReady, "a reload ends with READY: \(socket.messages)")
    daemon.send(SIGTERM)
    #expect(await socket.hears("STOPPING=1"))
    #expect(await daemon.end(within: 5) == 0)
  }

  @Test(
    "A clean stop does not wait for somebody who watches",
    .enabled(if: Programs.system("curl") != nil, "curl is not installed"))
  func watcher() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    try gateway.configure("links: []\n")
    try await gateway.start()
    let watcher = try gateway.peer(
      try Programs.required("curl"),
      ["-siN", "--unix-socket", gateway.path("heddle.sock"), "http://localhost/v1/stream"])
    #expect(await eventually(within: 10) { watcher.said.contains("text/event-stream") }, "\(watcher.said)")
    let daemon = try #require(gateway.daemon)
    daemon.send(SIGTERM)
    #expect(await daemon.end(within: 5) == 0, "\(gateway.log)")
  }
}
