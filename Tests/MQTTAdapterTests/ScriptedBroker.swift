import Foundation
import PinnedThread

/// A broker that does what a test says, byte by byte: for what the real one never does. MQTT 3.1.1 only.
actor ScriptedBroker {
  struct Packet: Sendable {
    /// The first byte, without flags.
    var type: UInt8
    var body: [UInt8]
    /// The packet identifier of SUBSCRIBE (first in the body).
    var leadingIdentifier: [UInt8] { Array(body.prefix(2)) }
  }

  static let connect: UInt8 = 0x10
  static let publish: UInt8 = 0x30
  static let acknowledgement: UInt8 = 0x40
  static let subscribe: UInt8 = 0x80

  nonisolated let port: Int
  private let thread: PinnedThread
  private let listener: CInt
  /// The socket of the client, for looks from elsewhere.
  private(set) var client: CInt = -1

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  init?() throws {
    thread = try PinnedThread(name: "scripted broker")
    guard let listener = Listener.open(), let port = Listener.port(of: listener) else { return nil }
    self.listener = listener
    self.port = port
  }

  deinit {
    close(listener)
    if client >= 0 { close(client) }
  }

  /// Takes the next connection; false if none comes in 20 s.
  func accept() -> Bool {
    hangUp()
    var descriptor = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
    guard poll(&descriptor, 1, 20_000) == 1 else { return false }
    client = Glibc.accept(listener, nil, nil)
    return client >= 0
  }

  /// Takes a connection and answers until the client has subscribed.
  func acceptSession() -> Bool {
    guard accept(), read()?.type == Self.connect else { return false }
    send([0x20, 2, 0, 0])
    guard let subscribe = read(), subscribe.type == Self.subscribe else { return false }
    var (filters, offset) = (0, 2)
    while offset + 2 <= subscribe.body.count {
      offset += 3 + Int(subscribe.body[offset]) << 8 + Int(subscribe.body[offset + 1])
      filters += 1
    }
    send([0x90, UInt8(2 + filters)] + subscribe.leadingIdentifier + Array(repeating: 1, count: filters))
    return true
  }

  func send(_ bytes: [UInt8]) { _ = Glibc.send(client, bytes, bytes.count, CInt(MSG_NOSIGNAL)) }

  /// Sends a PUBLISH with QoS 1.
  func publish(_ topic: String, _ payload: String, identifier: UInt8) {
    let body = [0, UInt8(topic.utf8.count)] + Array(topic.utf8) + [0, identifier] + Array(payload.utf8)
    send([0x32, UInt8(body.count)] + body)
  }

  /// The next packet; `nil` at the end of the connection or if none comes in time.
  func read(atMost limit: CInt = 20_000) -> Packet? {
    guard let first = byte(atMost: limit) else { return nil }
    var (length, shift) = (0, 0)
    while let next = byte(atMost: limit) {
      length |= Int(next & 0x7F) << shift
      shift += 7
      if next & 0x80 == 0 { break }
    }
    var body: [UInt8] = []
    while body.count < length, let next = byte(atMost: limit) { body.append(next) }
    return body.count == length ? Packet(type: first & 0xF0, body: body) : nil
  }

  func hangUp() {
    if client >= 0 { close(client) }
    client = -1
  }

  private func byte(atMost limit: CInt) -> UInt8? {
    var descriptor = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
    guard poll(&descriptor, 1, limit) == 1 else { return nil }
    var byte: UInt8 = 0
    return recv(client, &byte, 1, 0) == 1 ? byte : nil
  }
}
