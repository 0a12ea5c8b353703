import EnergyModel
import HTTPTypes
import Hummingbird
import LocalAPISchema
import NIOCore

/// The answer of a history, written as it is read: an hour of readings or some hundred windows at a time.
struct HistoryStream: Sendable {
  /// Readings are read for so long at once.
  static let rawSliceMilliseconds: Int64 = 3_600_000
  /// Windows are read so many at once.
  static let windowsPerSlice = 512
  /// Bytes are sent when there are so many.
  static let chunkBytes = 32 << 10

  let service: any HistoryService
  let deviceId: String
  let query: HistoryQuery

  func response() -> Response {
    let type =
      switch query.format {
      case .json: "application/json"
      case .csv: "text/csv; charset=utf-8"
      case .ndjson: "application/x-ndjson"
      }
    var headers: HTTPFields = [.contentType: type, .cacheControl: "no-store"]
    headers[.vary] = "Accept"
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { writer in
        try await write(to: &writer)
      })
  }

  @concurrent
  private func write(to writer: inout any ResponseBodyWriter) async throws {
    var page = HistoryPage(query, deviceId: deviceId)
    page.begin()
    if query.resolution == .raw {
      try await writeReadings(&page, to: &writer)
    } else {
      try await writeWindows(&page, to: &writer)
    }
    page.end()
    try await writer.write(page.take())
    try await writer.finish(nil)
  }

  @concurrent
  private func writeReadings(_ page: inout HistoryPage, to writer: inout any ResponseBodyWriter) async throws {
    guard let oldest = try await service.oldestReading() else { return }
    // What is older than everything has no slices.
    var start = max(query.interval.start, oldest, query.after?.time ?? oldest)
    while start < query.interval.end, !page.isFull {
      let end = min(start.advanced(byMilliseconds: Self.rawSliceMilliseconds), query.interval.end)
      var rows: [(reading: HistoryReading, field: Int)] = []
      for (index, field) in query.fields.enumerated() {
        rows += try await service.readings(deviceId, field, from: start, to: end).map { ($0, index) }
      }
      rows.sort { ($0.reading.observedAt, $0.field) < ($1.reading.observedAt, $1.field) }
      for row in rows where !page.isFull {
        page.add(row.reading, field: row.field)
        if page.count >= Self.chunkBytes { try await writer.write(page.take()) }
      }
      start = end
    }
  }

  @concurrent
  private func writeWindows(_ page: inout HistoryPage, to writer: inout any ResponseBodyWriter) async throws {
    var start = max(query.interval.start, query.after?.time ?? query.interval.start)
    while start < query.interval.end, !page.isFull {
      var boundaries = [start]
      while boundaries.count <= Self.windowsPerSlice, start < query.interval.end {
        start = min(query.calendar.boundary(after: start, resolution: query.resolution), query.interval.end)
        boundaries.append(start)
      }
      var columns: [[HistoryWindow?]] = []
      for field in query.fields {
        columns.append(try await service.windows(deviceId, field, boundaries: boundaries))
      }
      for (row, time) in boundaries.dropLast().enumerated() where !page.isFull {
        for (field, column) in columns.enumerated() where column.indices.contains(row) && !page.isFull {
          if let window = column[row] { page.add(window, field: field, at: time) }
        }
        if page.count >= Self.chunkBytes { try await writer.write(page.take()) }
      }
    }
  }
}

extension UsageCalendar {
  /// Where the window ends that a time is in.
  func boundary(after time: Timestamp, resolution: HistoryResolution) -> Timestamp {
    switch resolution {
    case .raw, .minute: boundary(afterMinute: time)
    case .quarterHour: boundary(after: time, .quarterHour)
    case .hour: boundary(after: time, .hour)
    case .day: boundary(after: time, .day)
    }
  }
}
