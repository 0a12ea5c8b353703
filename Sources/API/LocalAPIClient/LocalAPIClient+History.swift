import AsyncHTTPClient
import Foundation
public import LocalAPISchema

/// Which history is wanted, in the words of the API.
public struct HistorySelection: Sendable, Hashable {
  /// Id of the device.
  public var deviceId: String
  /// Names with commas.
  public var fields: String?
  /// `raw`, `1m`, `15m`, `1h` or `1d`.
  public var resolution: String?
  /// From a date or time.
  public var from: String?
  /// To a date or time, excluded.
  public var to: String?
  /// Words with commas.
  public var quality: String?
  /// IANA zone.
  public var timezone: String?
  /// Rows at most.
  public var limit: Int?

  /// A history; of a day in minutes without anything else.
  public init(
    deviceId: String, fields: String? = nil, resolution: String? = nil, from: String? = nil, to: String? = nil,
    quality: String? = nil, timezone: String? = nil, limit: Int? = nil
  ) {
    self.deviceId = deviceId
    self.fields = fields
    self.resolution = resolution
    self.from = from
    self.to = to
    self.quality = quality
    self.timezone = timezone
    self.limit = limit
  }

  var path: String { "/v1/devices/\(LocalAPIClient.escaped(deviceId))/history" }

  var query: [(String, String?)] {
    [
      ("fields", fields), ("resolution", resolution), ("from", from), ("to", to), ("quality", quality),
      ("timezone", timezone), ("limit", limit.map(String.init)),
    ]
  }
}

extension LocalAPIClient {
  /// `GET /v1/devices/{id}/history`
  public func history(_ selection: HistorySelection) async throws(APIClientError) -> APIReply<HistoryReport> {
    try await send("GET", selection.path, query: selection.query)
  }

  /// The same as CSV, in pieces of whole lines as they come.
  public func historyCSV(
    _ selection: HistorySelection, _ write: (String) -> Void
  ) async throws(APIClientError) {
    try await download(selection.path, selection.query, accept: "text/csv", write)
  }
}

extension LocalAPIClient {
  /// `GET /v1/devices/{id}/explain`
  ///
  /// - Parameter fields: names of points with commas; all without it.
  public func explanation(
    _ deviceId: String, fields: String? = nil
  ) async throws(APIClientError) -> APIReply<DeviceExplanation> {
    try await send("GET", "/v1/devices/\(Self.escaped(deviceId))/explain", query: [("fields", fields)])
  }
}
