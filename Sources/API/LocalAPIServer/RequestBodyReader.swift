import Foundation
import Hummingbird
import LocalAPISchema
import NIOCore

/// Reads JSON bodies: bounded, with the place of every mistake, and without a silent "I do not know this field".
struct RequestBodyReader {
  /// 413 for a body over the limit.
  static let tooLarge = APIError(
    status: 413, code: "BODY_TOO_LARGE",
    message: "the body is longer than \(LocalAPIConfiguration.maxBodyBytes) bytes", hint: "send less at once")

  /// The object in the body of a request.
  static func object(_ request: Request) async throws -> [String: JSONValue] {
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > LocalAPIConfiguration.maxBodyBytes {
      throw tooLarge
    }
    var buffer = try await request.body.collect(upTo: LocalAPIConfiguration.maxBodyBytes)
    return try object(bytes: buffer.readBytes(length: buffer.readableBytes) ?? [])
  }

  static func object(bytes: [UInt8]) throws(APIError) -> [String: JSONValue] {
    let data = Data(bytes)
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: data) else { throw malformed(data) }
    guard case .object(let object) = value else {
      throw APIError(
        status: 400, code: "MALFORMED_JSON", message: "the body must be a JSON object", hint: "{\"name\": …}")
    }
    return object
  }

  /// Turns an object into a type.
  ///
  /// - Parameter fields: all names that the object may have.
  static func decode<Value: Decodable>(
    _ type: Value.Type, from object: [String: JSONValue], fields: [String]
  ) throws(APIError) -> Value {
    try checkFields(of: object, allowed: fields)
    do {
      return try JSONDecoder().decode(type, from: JSONEncoder().encode(JSONValue.object(object)))
    } catch let error as DecodingError {
      throw invalid(error)
    } catch {
      throw APIError(status: 400, code: "MALFORMED_JSON", message: "the body cannot be read: \(error)")
    }
  }

  static func checkFields(of object: [String: JSONValue], allowed: [String]) throws(APIError) {
    let unknown = object.keys.filter { !allowed.contains($0) }.sorted()
    guard let first = unknown.first else { return }
    throw APIError(
      status: 422, code: "UNKNOWN_FIELD", message: "there is no field '\(first)' here",
      hint: "possible are \(allowed.joined(separator: ", "))",
      errors: unknown.map {
        APIError.FieldError(
          pointer: "/" + pointerToken($0), code: "UNKNOWN_FIELD", detail: "there is no field '\($0)' here")
      })
  }

  /// A name inside a JSON pointer (RFC 6901).
  static func pointerToken(_ name: String) -> String { name.replacing("~", with: "~0").replacing("/", with: "~1") }

  private static func malformed(_ data: Data) -> APIError {
    var place = ""
    do {
      _ = try JSONSerialization.jsonObject(with: data, options: [.fragmentsAllowed])
    } catch {
      place = (error as NSError).userInfo["NSDebugDescription"] as? String ?? ""
    }
    // The decoder says nothing, the older parser gives the byte: "Invalid value around character 6."
    let digits = place.split(separator: " ").last?.filter(\.isNumber) ?? ""
    var message = "the body is not JSON"
    if data.isEmpty {
      message += ": it is empty"
    } else if let offset = Int(digits), offset <= data.count {
      let before = data.prefix(offset)
      let line = before.count { $0 == 0x0A } + 1
      let column = before.count - ((before.lastIndex(of: 0x0A)).map { $0 + 1 } ?? 0) + 1
      message += ": line \(line), column \(column)"
    } else if place.contains("end of file") {
      message += ": it ends too early"
    } else if !place.isEmpty {
      message += ": \(place)"
    }
    return APIError(status: 400, code: "MALFORMED_JSON", message: message)
  }

  private static func invalid(_ error: DecodingError) -> APIError {
    func pointer(_ path: [any CodingKey]) -> String {
      path.map { "/" + ($0.intValue.map(String.init) ?? pointerToken($0.stringValue)) }.joined()
    }
    switch error {
    case .keyNotFound(let key, let context):
      let place = pointer(context.codingPath + [key])
      return .invalid(place, "'\(key.stringValue)' is missing", code: "MISSING_FIELD")
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      let place = pointer(context.codingPath)
      return .invalid(place, "\(place) must be \(words(for: type))", code: "INVALID_TYPE")
    case .dataCorrupted(let context):
      let place = pointer(context.codingPath)
      return .invalid(place, "\(place): \(context.debugDescription)")
    @unknown default:
      return .invalid("", "the body cannot be read: \(error)")
    }
  }

  private static func words(for type: any Any.Type) -> String {
    switch type {
    case is String.Type: "a text"
    case is Double.Type, is Int.Type: "a number"
    case is Bool.Type: "true or false"
    default: "\(type)".hasPrefix("Dictionary") ? "an object" : "\(type)".hasPrefix("Array") ? "a list" : "a \(type)"
    }
  }
}
