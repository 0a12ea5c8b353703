internal import CMosquitto
internal import Glibc

/// One client of libmosquitto, for one connection.
///
/// A new connection gets a new handle. The library repeats unacknowledged publications of a handle when it reconnects;
/// a setpoint that was reported as failed must not arrive minutes later.
///
/// Every call happens on the thread of the link, and the callbacks come inside these calls.
struct MQTTHandle: ~Copyable {
  private let pointer: OpaquePointer
  let inbox: MQTTInbox

  /// The library wants to be initialised once per process.
  private static let isLibraryReady: Bool = mosquitto_lib_init() == 0

  /// Allocates and registers the callbacks; `nil` if there is no memory or the client id is not valid UTF-8.
  init?(clientID: String, cleanSession: Bool) {
    guard Self.isLibraryReady else { return nil }
    let inbox = MQTTInbox()
    guard let pointer = mosquitto_new(clientID, cleanSession, Unmanaged.passUnretained(inbox).toOpaque()) else {
      return nil
    }
    self.pointer = pointer
    self.inbox = inbox
    // Without this the library sends the PUBACK before it hands over the message, and a crash in between loses it.
    mosquitto_threaded_set(pointer, true)
    registerCallbacks()
  }

  deinit { mosquitto_destroy(pointer) }

  /// The descriptor to wait on, or -1 when the connection is gone.
  var socket: CInt { mosquitto_socket(pointer) }
  var wantsWrite: Bool { mosquitto_want_write(pointer) }

  func read() -> CInt { mosquitto_loop_read(pointer, 1) }
  func write() -> CInt { mosquitto_loop_write(pointer, 1) }
  /// Keep-alive.
  func misc() -> CInt { mosquitto_loop_misc(pointer) }
  /// Queues a DISCONNECT, so that the broker does not publish a last will or wait for the keep-alive.
  func disconnect() { mosquitto_disconnect(pointer) }

  /// The library formats a line per packet as long as somebody listens, so listening ends with the acceptance.
  func stopLogging() { mosquitto_log_callback_set(pointer, nil) }

  /// The library's words for one of its result codes; `errno` must not have changed since.
  static func words(for code: CInt) -> String {
    if code == MOSQ_ERR_ERRNO.rawValue { return words(forSystemError: errno) }
    return String(cString: mosquitto_strerror(code))
  }

  /// The operating system's words for an `errno`.
  static func words(forSystemError code: CInt) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
  }

  /// The library's words for an MQTT 5 reason code.
  static func words(forReason code: Int32) -> String { String(cString: mosquitto_reason_string(code)) }

  /// Whether a topic matches a filter with wildcards.
  static func topic(_ topic: String, matches filter: String) -> Bool {
    var result = false
    return mosquitto_topic_matches_sub(filter, topic, &result) == 0 && result
  }
}

extension MQTTHandle {
  /// Sets version, login and certificates. Returns words if a file cannot be used.
  func configure(_ configuration: MQTTLinkConfiguration) -> String? {
    let version = configuration.protocolVersion == .v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311
    mosquitto_int_option(pointer, MOSQ_OPT_PROTOCOL_VERSION, version)
    mosquitto_int_option(pointer, MOSQ_OPT_TCP_NODELAY, 1)
    if let user = configuration.user {
      let code = mosquitto_username_pw_set(pointer, user, configuration.password)
      if code != 0 { return "user name or password cannot be used: \(Self.words(for: code))" }
    }
    guard let tls = configuration.tls else { return nil }
    let files = [tls.authorityFile, tls.clientCertificate?.certificateFile, tls.clientCertificate?.keyFile]
    for case let file? in files where access(file, R_OK) != 0 {
      return "cannot read \(file): \(Self.words(forSystemError: errno))"
    }
    let code = mosquitto_tls_set(
      pointer, tls.authorityFile, tls.authorityFile == nil ? Self.systemAuthorities : nil,
      tls.clientCertificate?.certificateFile, tls.clientCertificate?.keyFile,
      // Without a callback OpenSSL would ask for a passphrase on the terminal and block the thread.
      { _, _, _, _ in 0 })
    return code == 0 ? nil : "TLS cannot be set up: \(Self.words(for: code))"
  }

  /// Where Debian keeps the authorities that the system trusts.
  private static let systemAuthorities = "/etc/ssl/certs"

  /// Starts a connection and returns at once; the answer comes as `connectAnswer`.
  ///
  /// `bindAddress` is the wildcard address of the family that is to be tried: the library itself takes the first
  /// address of a name only.
  func connect(_ configuration: MQTTLinkConfiguration, host: String, bindAddress: String?) -> CInt {
    let keepAlive = configuration.keepAliveSeconds
    if configuration.protocolVersion == .v5, case .persistent(let expiry) = configuration.session {
      storeConnectProperties(sessionExpiry: MQTTLinkConfiguration.seconds(expiry), host: host, keepAlive: keepAlive)
    }
    return mosquitto_connect_bind_async(pointer, host, CInt(clamping: configuration.port), keepAlive, bindAddress)
  }

  /// MQTT 5 sessions end with the connection unless CONNECT says otherwise.
  ///
  /// Library 2.0 takes properties in the blocking call only. It stores them before it looks at the port and uses them
  /// in the asynchronous call, so a port that it must refuse stores them without connecting.
  private func storeConnectProperties(sessionExpiry: UInt32, host: String, keepAlive: Int32) {
    var properties: OpaquePointer?
    mosquitto_property_add_int32(&properties, CInt(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue), sessionExpiry)
    mosquitto_connect_bind_v5(pointer, host, -1, keepAlive, nil, properties)
    mosquitto_property_free_all(&properties)
  }

  /// Queues a SUBSCRIBE with QoS 1. Returns the packet's number or the library's error code.
  func subscribe(_ filters: [String]) -> Result<Int32, MQTTCallError> {
    var message: Int32 = 0
    var texts = filters.map { strdup($0) }
    defer { for text in texts { free(text) } }
    let code = mosquitto_subscribe_multiple(pointer, &message, CInt(texts.count), &texts, 1, 0, nil)
    return code == 0 ? .success(message) : .failure(MQTTCallError(code: code))
  }

  /// Queues a publication. Returns the packet's number or the library's error code.
  func publish(
    topic: String, payload: [UInt8], qos: CInt, retain: Bool, expirySeconds: UInt32?
  ) -> Result<Int32, MQTTCallError> {
    var message: Int32 = 0
    var properties: OpaquePointer?
    if let expirySeconds {
      mosquitto_property_add_int32(&properties, CInt(MQTT_PROP_MESSAGE_EXPIRY_INTERVAL.rawValue), expirySeconds)
    }
    defer { mosquitto_property_free_all(&properties) }
    let code = mosquitto_publish_v5(
      pointer, &message, topic, CInt(clamping: payload.count), payload, qos, retain, properties)
    return code == 0 ? .success(message) : .failure(MQTTCallError(code: code))
  }
}

/// A result code of the library other than success.
struct MQTTCallError: Error {
  let code: CInt
  let message: String

  init(code: CInt) {
    self.code = code
    message = MQTTHandle.words(for: code)
  }
}

extension MQTTHandle {
  private func registerCallbacks() {
    mosquitto_connect_v5_callback_set(pointer) { _, context, code, _, _ in
      MQTTHandle.inbox(context)?.events.append(.connectAnswer(code: code))
    }
    mosquitto_disconnect_v5_callback_set(pointer) { _, context, reason, _ in
      MQTTHandle.inbox(context)?.events.append(.disconnected(reason: reason))
    }
    mosquitto_publish_v5_callback_set(pointer) { _, context, message, reason, _ in
      MQTTHandle.inbox(context)?.events.append(.published(message: message, reason: reason))
    }
    mosquitto_subscribe_v5_callback_set(pointer) { _, context, message, count, granted, _ in
      let codes = Array(UnsafeBufferPointer(start: granted, count: Int(max(count, 0))))
      MQTTHandle.inbox(context)?.events.append(.subscribed(message: message, granted: codes))
    }
    mosquitto_message_v5_callback_set(pointer) { _, context, message, _ in
      guard let message = message?.pointee, let topic = message.topic else { return }
      MQTTHandle.inbox(context)?.events.append(MQTTHandle.event(for: message, topic: String(cString: topic)))
    }
    mosquitto_log_callback_set(pointer) { _, context, level, text in
      guard level == MOSQ_LOG_ERR || level == MOSQ_LOG_WARNING, let text else { return }
      MQTTHandle.inbox(context)?.log(String(cString: text))
    }
  }

  private static func event(for message: mosquitto_message, topic: String) -> MQTTEvent {
    let bytes = Int(max(message.payloadlen, 0))
    guard bytes <= MQTTLimits.payloadBytes else { return .oversized(topic: topic, bytes: bytes) }
    let payload = [UInt8](UnsafeRawBufferPointer(start: message.payload, count: message.payload == nil ? 0 : bytes))
    return .message(topic: topic, payload: payload, isRetained: message.retain, qos: message.qos)
  }

  /// The context is the inbox of the handle, which outlives the library's object.
  private static func inbox(_ context: UnsafeMutableRawPointer?) -> MQTTInbox? {
    context.map { Unmanaged<MQTTInbox>.fromOpaque($0).takeUnretainedValue() }
  }
}
