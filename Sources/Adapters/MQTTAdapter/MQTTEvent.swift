/// What libmosquitto reported through its callbacks, copied out of its memory.
enum MQTTEvent: Sendable {
  /// The broker's answer to CONNECT; 0 is acceptance.
  case connectAnswer(code: Int32)
  /// The broker's answer to SUBSCRIBE: the granted QoS per filter, 128 and more is a refusal.
  case subscribed(message: Int32, granted: [Int32])
  /// A PUBACK (or a QoS 0 message that left); 128 and more is a refusal.
  case published(message: Int32, reason: Int32)
  /// `qos` is that of the delivery: above 0, the broker waits for an acknowledgement.
  case message(topic: String, payload: [UInt8], isRetained: Bool, qos: Int32)
  /// A payload beyond the limit, already dropped.
  case oversized(topic: String, bytes: Int)
  /// MQTT 5: the broker said goodbye with a reason; otherwise the connection ended in the library.
  case disconnected(reason: Int32)
}

/// Where the callbacks put what they are told.
///
/// They only copy: what follows from an event is decided after the library's call returned, so nothing that is
/// forbidden inside a callback (destroying, stopping) can happen there. The library writes acknowledgements in
/// `mosquitto_loop_write` only, so everything that was received is delivered before its PUBACK leaves.
final class MQTTInbox {
  var events: [MQTTEvent] = []
  /// Errors in the library's words, until the connection is accepted.
  private(set) var logLines: [String] = []

  func log(_ line: String) {
    if logLines.count == MQTTLimits.logLines { logLines.removeFirst() }
    logLines.append(line)
  }
}
