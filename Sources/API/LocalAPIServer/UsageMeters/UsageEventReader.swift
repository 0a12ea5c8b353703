import Crypto
import EnergyModel
import Foundation
import LocalAPISchema
import NIOCore

/// Reads usage events in Heddle's spelling and in the seed's.
struct UsageEventReader {
  /// The longest idempotency key.
  static let maxKeyLength = 200
  /// Bytes of an event's metadata.
  static let maxMetadataBytes = 4096
  /// The longest value that `UNIQUE_COUNT` tells apart.
  static let maxUniqueLength = 200
  /// An event may be so much older than now: as long as its idempotency key would be known.
  static let lateDays: Int64 = 32
  /// An event may be so much later than now.
  static let futureSeconds: Int64 = 300

  private static let meterNames = ["meterId", "meterToken", "meterName", "meter_id", "meter_token", "meter_name"]
  private static let customerNames = ["customerId", "customer_id"]
  private static let referenceNames = ["customerExternalId", "customerReferenceId", "customer_external_id"]
  private static let keyNames = ["idempotencyKey", "idempotency_key"]
  private static let metadataNames = ["metadata", "properties"]
  private static let fields =
    meterNames + customerNames + referenceNames + ["quantity", "timestamp"] + keyNames + metadataNames

  private let now: Timestamp
  private let meters: [String: UsageMeterResource]

  init(meters: [UsageMeterResource], now: Timestamp) {
    self.now = now
    // Ids win over tokens and those over names, should one be written like another.
    let names = meters.map { ($0.id, $0) } + meters.map { ($0.token, $0) } + meters.map { ($0.name, $0) }
    self.meters = Dictionary(names) { first, _ in first }
  }

  /// - Parameters:
  ///   - place: JSON pointer of the object.
  ///   - header: the key of the header, where the body has none.
  /// - Throws: `APIError` with the pointer of what is wrong; 404 for a meter that is not there.
  func call(
    _ object: [String: JSONValue], at place: String = "", header: String? = nil
  ) throws(APIError) -> UsageEventCall {
    let unknown = object.keys.filter { !Self.fields.contains($0) }.sorted()
    if let name = unknown.first {
      throw .invalid(
        "\(place)/\(RequestBodyReader.pointerToken(name))", "there is no field '\(name)' here", code: "UNKNOWN_FIELD",
        hint: "possible are \(Self.fields.joined(separator: ", "))")
    }
    let reader = ObjectReader(object: object, place: place)
    let meter = try meter(reader)
    let metadata = try metadata(reader)
    let key = try reader.text(Self.keyNames, limit: Self.maxKeyLength) ?? header
    if let key, key.isEmpty || key.count > Self.maxKeyLength {
      throw .invalid(
        "\(place)/idempotencyKey", "an idempotency key has 1 to \(Self.maxKeyLength) characters", code: "OUT_OF_RANGE")
    }
    let given = try reader.text(["timestamp"], limit: 64)
    var call = UsageEventCall(
      meterId: meter.id, customer: try customer(reader), at: try time(given, place),
      quantity: try quantity(reader, meter, metadata), uniqueValue: try uniqueValue(meter, metadata, place),
      idempotencyKey: key, digest: "", metadata: metadata)
    call.digest = try digest(of: call, given: given)
    return call
  }

  private func meter(_ reader: ObjectReader) throws(APIError) -> UsageMeterResource {
    guard let (name, value) = try reader.pick(Self.meterNames) else {
      throw .invalid("\(reader.place)/meterId", "'meterId' is missing", code: "MISSING_FIELD")
    }
    guard case .text(let text) = value else { throw reader.wrongType(name, "a text") }
    guard let meter = meters[text] else {
      var error = APIError.notFound("usage meter", text)
      error.hint = "GET /v1/usage/meters lists them"
      error.errors = [.init(pointer: "\(reader.place)/\(name)", code: error.code, detail: error.message)]
      throw error
    }
    return meter
  }

  private func customer(_ reader: ObjectReader) throws(APIError) -> UsageEventCall.Customer {
    let limit = RecordReader.maxNameLength
    let id = try reader.text(Self.customerNames, limit: limit)
    let reference = try reader.text(Self.referenceNames, limit: limit)
    switch (id, reference) {
    case (let id?, nil) where !id.isEmpty: return .id(id)
    case (nil, let reference?) where !reference.isEmpty: return .reference(reference)
    case (.some, .some):
      throw .invalid("\(reader.place)/customerId", "give either the customer's id or its external id")
    default: throw .invalid("\(reader.place)/customerId", "'customerId' is missing", code: "MISSING_FIELD")
    }
  }

  private func time(_ text: String?, _ place: String) throws(APIError) -> Timestamp {
    guard let text else { return now }
    guard let time = Timestamp(rfc3339: text) else {
      throw .invalid(
        "\(place)/timestamp", "'\(text)' is not a time", hint: "RFC 3339 with a zone: 2026-05-01T10:00:00Z")
    }
    guard time >= now.advanced(byMilliseconds: -Self.lateDays * 86_400_000) else {
      throw .invalid(
        "\(place)/timestamp", "'\(text)' is more than \(Self.lateDays) days ago", code: "TOO_OLD",
        hint: "what is older could be counted twice, because idempotency keys are kept \(Self.lateDays) days")
    }
    guard time <= now.advanced(byMilliseconds: Self.futureSeconds * 1000) else {
      throw .invalid(
        "\(place)/timestamp", "'\(text)' is more than \(Self.futureSeconds) s in the future", code: "IN_THE_FUTURE",
        hint: "check the sender's clock")
    }
    return time
  }

  /// From the event, else from its metadata; something that is only counted needs none.
  private func quantity(
    _ reader: ObjectReader, _ meter: UsageMeterResource, _ metadata: [String: JSONValue]?
  ) throws(APIError) -> ExactQuantity {
    let place = "\(reader.place)/quantity"
    let number: Double?
    switch reader.object["quantity"] ?? metadata?[meter.property] {
    case .number(let value)?: number = value
    case .text(let text)?: number = Double(text)
    default: number = meter.aggregation == .uniqueCount ? 1 : nil
    }
    guard let number else {
      let code = reader.object["quantity"] == nil ? "MISSING_FIELD" : "INVALID_TYPE"
      // A text in the metadata that is no number is what UNIQUE_COUNT counts.
      if meter.aggregation == .uniqueCount, reader.object["quantity"] == nil { return ExactQuantity(1) ?? .zero }
      throw .invalid(place, "'quantity' must be a number", code: code)
    }
    let isLevel = [.last, .max, .weightedSum].contains(meter.aggregation)
    guard let quantity = ExactQuantity(number), quantity > .zero || (isLevel && quantity == .zero) else {
      throw .invalid(
        place, "'quantity' must be \(isLevel ? "at least" : "above") 0 and at most \(Int64(ExactQuantity.largest))",
        code: "OUT_OF_RANGE", hint: "with at most \(ExactQuantity.places) places after the point")
    }
    return quantity
  }

  private func uniqueValue(
    _ meter: UsageMeterResource, _ metadata: [String: JSONValue]?, _ place: String
  ) throws(APIError) -> String? {
    guard meter.aggregation == .uniqueCount else { return nil }
    let pointer = "\(place)/metadata/\(RequestBodyReader.pointerToken(meter.property))"
    let text: String
    switch metadata?[meter.property] {
    case .text(let value)? where !value.isEmpty: text = value
    case .number(let value)?: text = "\(value)"
    default:
      throw .invalid(
        pointer, "this meter counts different values of '\(meter.property)', and there is none", code: "MISSING_FIELD")
    }
    guard text.count <= Self.maxUniqueLength else {
      throw .invalid(pointer, "it may have \(Self.maxUniqueLength) characters", code: "OUT_OF_RANGE")
    }
    return text
  }

  private func metadata(_ reader: ObjectReader) throws(APIError) -> [String: JSONValue]? {
    guard let (name, value) = try reader.pick(Self.metadataNames) else { return nil }
    guard case .object(let members) = value else { throw reader.wrongType(name, "an object") }
    let bytes = (try? JSONText.encode(value))?.readableBytes ?? .max
    guard bytes <= Self.maxMetadataBytes else {
      throw .invalid(
        "\(reader.place)/\(name)", "'\(name)' has more than \(Self.maxMetadataBytes) bytes", code: "OUT_OF_RANGE")
    }
    return members
  }

  /// Two requests mean the same if this is the same; a time that the gateway filled in is not part of it.
  private func digest(of call: UsageEventCall, given: String?) throws(APIError) -> String {
    struct Meaning: Encodable {
      var customer: String
      var quantity: String
      var time: Int64?
      var metadata: [String: JSONValue]?
    }
    let customer =
      switch call.customer {
      case .id(let id): "id \(id)"
      case .reference(let reference): "reference \(reference)"
      }
    let meaning = Meaning(
      customer: customer, quantity: call.quantity.description, time: given == nil ? nil : call.at.milliseconds,
      metadata: call.metadata)
    guard let bytes = try? JSONText.encode(meaning) else {
      throw APIError(status: 400, code: "MALFORMED_JSON", message: "the event cannot be read")
    }
    return SHA256.hash(data: bytes.readableBytesView).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}

/// Looks for members of an object that have several spellings.
private struct ObjectReader {
  let object: [String: JSONValue]
  /// JSON pointer of the object.
  let place: String

  /// The one that is there and not `null`; two spellings at once are an error.
  func pick(_ names: [String]) throws(APIError) -> (name: String, value: JSONValue)? {
    let given = names.filter { object[$0].map { $0 != .null } ?? false }
    guard given.count < 2 else {
      throw .invalid("\(place)/\(given[1])", "'\(given[0])' and '\(given[1])' say the same: give one of them")
    }
    return given.first.flatMap { name in object[name].map { (name, $0) } }
  }

  func text(_ names: [String], limit: Int) throws(APIError) -> String? {
    guard let (name, value) = try pick(names) else { return nil }
    guard case .text(let text) = value else { throw wrongType(name, "a text") }
    guard text.count <= limit else {
      throw .invalid("\(place)/\(name)", "'\(name)' has at most \(limit) characters", code: "OUT_OF_RANGE")
    }
    return text
  }

  func wrongType(_ name: String, _ type: String) -> APIError {
    .invalid("\(place)/\(name)", "'\(name)' must be \(type)", code: "INVALID_TYPE")
  }
}
