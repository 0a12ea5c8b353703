public import EnergyModel

/// A metric of a Sparkplug B payload.
public struct SparkplugMetric: Sendable, Hashable {
  /// The data types with a single value, by their numbers in the specification.
  public enum DataType: UInt32, Sendable, Hashable {
    case int8 = 1, int16, int32, int64, uint8, uint16, uint32, uint64, float, double, boolean, string, dateTime, text
    case uuid
  }

  /// The name; `nil` where only the alias was sent.
  public var name: String?
  /// The number that stands for the name in data messages.
  public var alias: UInt64?
  /// `nil` where it was not sent, or is one without a single value (sets, templates, arrays, bytes).
  public var dataType: DataType?
  /// The value by its type; signed numbers as they came, see `value(as:)`.
  public var value: ScalarValue
  /// An old value that is sent later.
  public var isHistorical = false

  /// A metric by name.
  public init(name: String?, alias: UInt64? = nil, dataType: DataType?, value: ScalarValue) {
    self.name = name
    self.alias = alias
    self.dataType = dataType
    self.value = value
  }

  /// The value as a type: integers up to 32 bits travel as unsigned numbers in two's complement.
  public func value(as type: DataType?) -> ScalarValue {
    guard let type, case .number(let number) = value, number >= 0 else { return value }
    let bits: Double? =
      switch type {
      case .int8, .int16, .int32: 0x1_0000_0000
      case .int64: 0x1p64
      default: nil
      }
    guard let bits, number >= bits / 2, number < bits else { return value }
    return .number(number - bits)
  }
}

/// A Sparkplug B payload: protocol buffers, read and written by hand because it is six fields.
public struct SparkplugPayload: Sendable, Hashable {
  /// More metrics in one payload are refused.
  public static let maxMetrics = 10_000

  /// Milliseconds since 1970.
  public var timestamp: UInt64?
  /// 0 to 255, one more with each message of the edge node.
  public var sequence: UInt64?
  /// In the order of the payload.
  public var metrics: [SparkplugMetric]

  /// A payload to be sent.
  public init(timestamp: UInt64? = nil, sequence: UInt64? = nil, metrics: [SparkplugMetric]) {
    self.timestamp = timestamp
    self.sequence = sequence
    self.metrics = metrics
  }

  /// Reads a payload. Compressed payloads are refused.
  public init(parsing bytes: [UInt8]) throws(JSONDocumentError) {
    var reader = ProtobufReader(bytes[...])
    metrics = []
    while let field = try reader.next() {
      switch (field.number, field.content) {
      case (1, .number(let value)): timestamp = value
      case (2, .bytes(let inner)):
        guard metrics.count < Self.maxMetrics else {
          throw JSONDocumentError(message: "payload has more than \(Self.maxMetrics) metrics", offset: inner.startIndex)
        }
        metrics.append(try Self.metric(inner))
      case (3, .number(let value)): sequence = value
      case (4, .bytes(let text)) where String(decoding: text, as: UTF8.self) == "SPBV1.0_COMPRESSED":
        throw JSONDocumentError(message: "payload is compressed, which is not read", offset: text.startIndex)
      default: break
      }
    }
  }

  private static func metric(_ bytes: ArraySlice<UInt8>) throws(JSONDocumentError) -> SparkplugMetric {
    var metric = SparkplugMetric(name: nil, dataType: nil, value: .null)
    var isNull = false
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch (field.number, field.content) {
      case (1, .bytes(let text)): metric.name = String(decoding: text, as: UTF8.self)
      case (2, .number(let alias)): metric.alias = alias
      case (4, .number(let type)):
        metric.dataType = UInt32(exactly: type).flatMap { SparkplugMetric.DataType(rawValue: $0) }
      case (5, .number(let flag)): metric.isHistorical = flag != 0
      case (7, .number(let flag)): isNull = flag != 0
      case (10, .number(let value)), (11, .number(let value)): metric.value = .number(Double(value))
      case (12, .fixed32(let bits)): metric.value = ValueConverter.shortest(Float(bitPattern: bits)).finite
      case (13, .fixed64(let bits)): metric.value = Double(bitPattern: bits).finite
      case (14, .number(let flag)): metric.value = .flag(flag != 0)
      case (15, .bytes(let text)): metric.value = .text(String(decoding: text, as: UTF8.self))
      default: break
      }
    }
    if isNull { metric.value = .null }
    return metric
  }

  /// Metrics that have a name, with time and sequence as `@timestamp` and `@seq`.
  var document: DocumentTree {
    var members: [(key: String, value: DocumentTree)] = metrics.compactMap { metric in
      metric.name.map { ($0, .scalar(metric.value(as: metric.dataType))) }
    }
    if let timestamp { members.append(("@timestamp", .scalar(.number(Double(timestamp))))) }
    if let sequence { members.append(("@seq", .scalar(.number(Double(sequence))))) }
    return .object(members)
  }

  /// As it goes out.
  public var encoded: [UInt8] {
    var writer = ProtobufWriter()
    if let timestamp { writer.number(timestamp, 1) }
    for metric in metrics { writer.bytes(metric.encoded(timestamp), 2) }
    if let sequence { writer.number(sequence, 3) }
    return writer.result
  }
}

extension SparkplugMetric {
  fileprivate func encoded(_ timestamp: UInt64?) -> [UInt8] {
    var writer = ProtobufWriter()
    if let name { writer.bytes(Array(name.utf8), 1) }
    if let alias { writer.number(alias, 2) }
    if let timestamp { writer.number(timestamp, 3) }
    if let dataType { writer.number(UInt64(dataType.rawValue), 4) }
    switch value {
    case .null: writer.number(1, 7)
    case .flag(let flag): writer.number(flag ? 1 : 0, 14)
    case .text(let text): writer.bytes(Array(text.utf8), 15)
    case .number(let number): encode(number, &writer)
    }
    return writer.result
  }

  /// A number that does not fit its type goes to the nearest that does.
  private func encode(_ number: Double, _ writer: inout ProtobufWriter) {
    let whole = number.isFinite ? number.rounded() : 0
    switch dataType {
    case .int8, .int16, .int32:
      writer.number(UInt64(UInt32(bitPattern: Int32(Swift.max(-0x1p31, Swift.min(whole, 0x1p31 - 1))))), 10)
    case .uint8, .uint16, .uint32: writer.number(UInt64(Swift.max(0, Swift.min(whole, 0x1p32 - 1))), 10)
    case .int64:
      writer.number(UInt64(bitPattern: Int64(Swift.max(-0x1p62, Swift.min(whole, 0x1p62)))), 11)
    case .uint64, .dateTime: writer.number(UInt64(Swift.max(0, Swift.min(whole, 0x1p63))), 11)
    case .float: writer.fixed32(Float(number).bitPattern, 12)
    case .boolean: writer.number(number == 0 ? 0 : 1, 14)
    case .double, .string, .text, .uuid, nil: writer.fixed64(number.bitPattern, 13)
    }
  }
}

/// The wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding/).
private struct ProtobufReader {
  enum Content {
    case number(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    case bytes(ArraySlice<UInt8>)
  }

  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// The next field; `nil` at the end.
  mutating func next() throws(JSONDocumentError) -> (number: UInt64, content: Content)? {
    guard !rest.isEmpty else { return nil }
    let tag = try varint()
    switch tag & 7 {
    case 0: return (tag >> 3, .number(try varint()))
    case 1: return (tag >> 3, .fixed64(littleEndian(try take(8))))
    case 2: return (tag >> 3, .bytes(try take(try varint())))
    case 5: return (tag >> 3, .fixed32(UInt32(truncatingIfNeeded: littleEndian(try take(4)))))
    default: throw failure
    }
  }

  private var failure: JSONDocumentError {
    JSONDocumentError(message: "payload is not Sparkplug B (at byte \(rest.startIndex))", offset: rest.startIndex)
  }

  private mutating func varint() throws(JSONDocumentError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = rest.popFirst() else { throw failure }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw failure
  }

  private mutating func take(_ count: UInt64) throws(JSONDocumentError) -> ArraySlice<UInt8> {
    guard let count = Int(exactly: count), count <= rest.count else { throw failure }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  private func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

private struct ProtobufWriter {
  private(set) var result: [UInt8] = []

  mutating func number(_ value: UInt64, _ field: UInt64) {
    varint(field << 3)
    varint(value)
  }

  mutating func bytes(_ bytes: [UInt8], _ field: UInt64) {
    varint(field << 3 | 2)
    varint(UInt64(bytes.count))
    result += bytes
  }

  mutating func fixed32(_ bits: UInt32, _ field: UInt64) {
    varint(field << 3 | 5)
    for shift in stride(from: UInt32(0), to: 32, by: 8) { result.append(UInt8(truncatingIfNeeded: bits >> shift)) }
  }

  mutating func fixed64(_ bits: UInt64, _ field: UInt64) {
    varint(field << 3 | 1)
    for shift in stride(from: UInt64(0), to: 64, by: 8) { result.append(UInt8(truncatingIfNeeded: bits >> shift)) }
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      result.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    result.append(UInt8(truncatingIfNeeded: rest))
  }
}
