internal import CMosquitto
internal import Glibc

/// One connection to the broker, from the attempt to its end.
final class BrokerConnection {
  let handle: MQTTHandle
  /// Whether the broker said yes to CONNECT.
  private(set) var isAccepted = false
  /// The filters of each SUBSCRIBE that is not answered yet.
  var pendingSubscriptions: [Int32: [String]] = [:]
  /// Why the broker ends the session, where MQTT 5 says it.
  var goodbye: Int32?
  /// What the operating system said about the socket, 0 if nothing.
  private(set) var socketError: CInt = 0
  private var lastCode: CInt = 0
  private var lastWords = ""

  init(_ handle: consuming MQTTHandle) { self.handle = handle }

  func accept() {
    isAccepted = true
    handle.stopLogging()
  }

  /// Starts the connection; the broker's answer comes as an event.
  func connect(_ configuration: MQTTLinkConfiguration, host: String, bindAddress: String?) {
    let code = handle.connect(configuration, host: host, bindAddress: bindAddress)
    if code == MOSQ_ERR_ERRNO.rawValue { socketError = errno }
    note(code)
  }

  /// Whether the last look found nothing more to read.
  private(set) var isDry = true

  /// What to wait for. The end of the peer's side is asked for too: during a TLS handshake the library does not notice.
  func interest(reads: Bool, writes: Bool) -> Int16 {
    CBinding.peerClosed | (reads || !isAccepted ? Int16(POLLIN) : 0)
      | (handle.wantsWrite && (writes || !isAccepted) ? Int16(POLLOUT) : 0)
  }

  /// Reads until the socket is dry or the turn is over. Returns what was reported; `isBroken` says how it ended.
  func receive(_ ready: Int16) -> [MQTTEvent] {
    isDry = true
    if ready & Int16(POLLERR | POLLHUP) != 0 { noteSocketError() }
    let isEnding = ready & (Int16(POLLERR | POLLHUP) | CBinding.peerClosed) != 0
    // A handshake is driven by reading, also when the socket became writable.
    if isEnding || ready & Int16(POLLIN) != 0 || !isAccepted { readUntilDry() }
    if isEnding && lastCode == 0 && handle.socket >= 0 && isPeerGone() { lastCode = MOSQ_ERR_CONN_LOST.rawValue }
    return takeEvents()
  }

  /// Sends what is queued (acknowledgements, commands) and looks after the keep-alive. Returns what was reported.
  func send() -> [MQTTEvent] {
    if lastCode == 0 && handle.wantsWrite { note(handle.write()) }
    if lastCode == 0 && handle.socket >= 0 { note(handle.misc()) }
    return takeEvents()
  }

  /// Whether the connection has ended.
  var isBroken: Bool { lastCode != 0 || handle.socket < 0 || (!isAccepted && socketError != 0) }

  /// Why it has ended.
  func failure(on configuration: MQTTLinkConfiguration) -> LinkFailure {
    .ended(
      code: lastCode, words: lastWords, socketError: socketError, goodbye: goodbye, wasAccepted: isAccepted,
      logLines: handle.inbox.logLines, on: configuration)
  }

  private func readUntilDry() {
    for _ in 0..<MQTTLimits.readsPerTurn {
      let known = handle.inbox.events.count
      note(handle.read())
      guard lastCode == 0, handle.socket >= 0 else { return }
      // The library reads one packet. Where it tells of none, nothing is there, or a packet that nobody waits for: asking
      // the system each time would be a call more for every message.
      if handle.inbox.events.count == known { return }
    }
    isDry = false
  }

  private func note(_ code: CInt) {
    guard lastCode == 0, code != 0 else { return }
    lastWords = MQTTHandle.words(for: code)
    lastCode = code
  }

  private func takeEvents() -> [MQTTEvent] {
    var events: [MQTTEvent] = []
    swap(&events, &handle.inbox.events)
    return events
  }

  /// Whether nothing is left to read and nothing will come.
  private func isPeerGone() -> Bool {
    var byte: UInt8 = 0
    let count = recv(handle.socket, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT))
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)
  }

  private func noteSocketError() {
    var value: CInt = 0
    var length = socklen_t(MemoryLayout<CInt>.size)
    getsockopt(handle.socket, SOL_SOCKET, SO_ERROR, &value, &length)
    if value != 0 { socketError = value }
  }

  /// Constants that the importer does not know.
  private enum CBinding {
    /// `POLLRDHUP`, which glibc hides behind `_GNU_SOURCE`.
    static let peerClosed: Int16 = 0x2000
  }
}
