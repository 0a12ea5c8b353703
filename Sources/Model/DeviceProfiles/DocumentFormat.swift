/// How the text of a message or an answer is built. Everything becomes a JSON document, so that paths work the same.
public enum DocumentFormat: String, CaseIterable, Sendable, Hashable {
  /// Taken as it is.
  case json
  /// `ret=OK,pow=1`: each key with its text. Commas, semicolons, `&` and line ends stand between pairs.
  case keyvalue
  /// Elements as keys, attributes as `@name`, repeated elements as lists, text beside them as `#text`.
  case xml
  /// A telegram of a Dutch, Belgian or Luxembourg smart meter (P1), by OBIS code; its checksum must be right.
  case dsmr
  /// Sparkplug B: metrics by name.
  case sparkplug

  /// The payload as a JSON document. Never traps, whatever the bytes are; larger and deeper documents than
  /// `JSONDocument` reads are refused.
  ///
  /// Sparkplug metrics without a name need what the device said at its birth: they are left out here.
  public func json(from payload: [UInt8]) throws(JSONDocumentError) -> [UInt8] {
    guard payload.count <= JSONDocument.maxBytes else {
      throw JSONDocumentError(
        message: "payload of \(payload.count) bytes, the limit is \(JSONDocument.maxBytes)", offset: 0)
    }
    switch self {
    case .json: return payload
    case .keyvalue: return Array(try KeyValueText.document(payload).text.utf8)
    case .xml:
      var reader = XMLReader(payload)
      return Array(try reader.document().text.utf8)
    case .dsmr: return Array(try MeterTelegram.document(payload).text.utf8)
    case .sparkplug: return Array(try SparkplugPayload(parsing: payload).document.text.utf8)
    }
  }
}
