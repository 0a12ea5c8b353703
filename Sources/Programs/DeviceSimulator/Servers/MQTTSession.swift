import CMosquitto
import Glibc

/// One simulated device's connection to the broker. Lives on the thread of its player; never leaves it.
final class MQTTSession {
  let endpoint: EndpointIndex
  let identity: MQTTIdentity
  private var client: OpaquePointer?
  private let host: String
  private let port: Int
  /// Messages that arrived and were not looked at yet.
  private(set) var inbox: [SimulatedMessage] = []
  private(set) var isConnected = false
  /// Counts connections, so that a test can wait for one.
  private(set) var connects = 0
  /// What was published last on each topic, and when on the monotonic clock.
  private var published: [String: (payload: [UInt8], at: Duration)] = [:]
  var nextAttempt = Duration.zero
  private(set) var lastError: String?

  /// The broker hears from the session at least this often, in seconds.
  static let keepAliveSeconds: CInt = 15
  /// Messages that wait to be looked at; more are dropped, oldest first.
  static let maxInbox = 256
  /// A device repeats itself at least this often.
  static let repeatInterval = Duration.seconds(10)

  init(endpoint: EndpointIndex, identity: MQTTIdentity, host: String, port: Int) throws(SimulatorError) {
    self.endpoint = endpoint
    self.identity = identity
    self.host = host
    self.port = port
    let context = Unmanaged.passUnretained(self).toOpaque()
    guard let client = mosquitto_new(identity.clientID, true, context) else {
      throw SimulatorError("mqtt \(identity.clientID): \(String(cString: strerror(errno)))")
    }
    self.client = client
    // Without it the library acknowledges a message before the callback saw it.
    mosquitto_threaded_set(client, true)
    setCallbacks(client)
    if let availability = identity.availability.first {
      let payload = Array(availability.offline.utf8)
      mosquitto_will_set(client, availability.topic, CInt(payload.count), payload, 1, true)
    }
  }

  deinit { if let client { mosquitto_destroy(client) } }

  private func setCallbacks(_ client: OpaquePointer) {
    mosquitto_connect_callback_set(client) { _, context, code in
      guard let context else { return }
      Unmanaged<MQTTSession>.fromOpaque(context).takeUnretainedValue().connected(code)
    }
    mosquitto_disconnect_callback_set(client) { _, context, _ in
      guard let context else { return }
      Unmanaged<MQTTSession>.fromOpaque(context).takeUnretainedValue().isConnected = false
    }
    mosquitto_message_callback_set(client) { _, context, message in
      guard let context, let message = message?.pointee, let topic = message.topic else { return }
      let bytes = UnsafeRawBufferPointer(start: message.payload, count: Int(max(0, message.payloadlen)))
      Unmanaged<MQTTSession>.fromOpaque(context).takeUnretainedValue().received(
        SimulatedMessage(
          topic: String(cString: topic), bytes: Array(bytes), isRetained: message.retain))
    }
  }

  private func connected(_ code: CInt) {
    guard code == 0 else {
      lastError = String(cString: mosquitto_connack_string(code))
      return
    }
    isConnected = true
    connects += 1
    lastError = nil
    published = [:]
    for filter in identity.subscriptions { mosquitto_subscribe(client, nil, filter, 1) }
    for availability in identity.availability {
      publish(SimulatedMessage(topic: availability.topic, payload: availability.online, isRetained: true))
    }
  }

  private func received(_ message: SimulatedMessage) {
    // A retained command would be executed again at every connect; devices do not keep them either.
    guard !message.isRetained else { return }
    if inbox.count >= Self.maxInbox { inbox.removeFirst() }
    inbox.append(message)
  }

  func takeInbox() -> [SimulatedMessage] {
    defer { inbox = [] }
    return inbox
  }

  // MARK: Connection

  /// The socket, or -1.
  var socket: CInt { client.map { mosquitto_socket($0) } ?? -1 }
  var wantsToWrite: Bool { client.map { mosquitto_want_write($0) } ?? false }

  func connect() {
    guard let client else { return }
    let result = mosquitto_connect(client, host, CInt(port), Self.keepAliveSeconds)
    if result != MOSQ_ERR_SUCCESS.rawValue.asCInt {
      lastError =
        result == MOSQ_ERR_ERRNO.rawValue.asCInt
        ? String(cString: strerror(errno)) : String(cString: mosquitto_strerror(result))
    }
  }

  func read() { if let client { note(mosquitto_loop_read(client, 16)) } }
  func write() { if let client { note(mosquitto_loop_write(client, 16)) } }
  func keepAlive() { if let client, socket >= 0 { note(mosquitto_loop_misc(client)) } }

  private func note(_ result: CInt) {
    guard result != MOSQ_ERR_SUCCESS.rawValue.asCInt else { return }
    isConnected = false
    lastError = String(cString: mosquitto_strerror(result))
  }

  /// Says goodbye the way a device does that is switched off properly: offline is published, then the session ends.
  func disconnect() {
    guard let client, socket >= 0 else { return }
    for availability in identity.availability {
      publish(SimulatedMessage(topic: availability.topic, payload: availability.offline, isRetained: true))
    }
    mosquitto_disconnect(client)
    write()
    isConnected = false
  }

  /// Ends without a word, so that the broker publishes the last will.
  func vanish() {
    let descriptor = socket
    guard descriptor >= 0 else { return }
    shutdown(descriptor, CInt(SHUT_RDWR))
    read()
    isConnected = false
  }

  // MARK: Messages

  /// Publishes what changed since it was last published, and everything when it is time or when `everything` is set.
  func publish(_ messages: [SimulatedMessage], now: Duration, everything: Bool) {
    for message in messages {
      if let last = published[message.topic], !everything, last.payload == message.bytes,
        now - last.at < Self.repeatInterval
      {
        continue
      }
      published[message.topic] = (message.bytes, now)
      publish(message)
    }
  }

  /// Publishes a message.
  func publish(_ message: SimulatedMessage) {
    guard let client else { return }
    mosquitto_publish(
      client, nil, message.topic, CInt(message.bytes.count), message.bytes, 1, message.isRetained)
  }
}

extension UInt32 {
  /// The C library declares its error codes as an enumeration and returns them as `int`.
  fileprivate var asCInt: CInt { CInt(bitPattern: self) }
}

extension Int32 {
  fileprivate var asCInt: CInt { self }
}
