import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// JSON as the API writes it.
enum JSONText {
  static func encode(
    _ value: some Encodable, keys: JSONEncoder.KeyEncodingStrategy = .useDefaultKeys
  ) throws -> ByteBuffer {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = keys
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return ByteBuffer(bytes: try encoder.encode(value))
  }

  /// An answer whose names have underscores, as the seed's; the keys of free objects stay as they are.
  static func seedResponse(
    _ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) throws -> Response {
    try response(value, status: status, headers: headers, keys: .convertToSnakeCase)
  }

  static func response(
    _ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:],
    keys: JSONEncoder.KeyEncodingStrategy = .useDefaultKeys
  ) throws -> Response {
    var headers = headers
    headers[.contentType] = "application/json"
    headers[.cacheControl] = "no-store"
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: try encode(value, keys: keys)))
  }
}
