package import EnergyModel
package import LocalAPISchema
package import LocalAPIServer

/// A reading each minute of the last day; the mean and the difference of a window are its length in minutes.
extension InMemoryGateway {
  private static let dayMilliseconds: Int64 = 86_400_000

  package func historyFields(_ deviceId: String) async throws(APIError) -> [Field] {
    _ = try await device(deviceId)
    return ["powerW", "chargingState", "energyChargedTotalWh"].compactMap(Field.named)
  }

  package func oldestReading() async throws(APIError) -> Timestamp? {
    Self.now.advanced(byMilliseconds: -Self.dayMilliseconds)
  }

  package func readings(
    _ deviceId: String, _ field: Field, from: Timestamp, to: Timestamp
  ) async throws(APIError) -> [HistoryReading] {
    let first = max(from, Self.now.advanced(byMilliseconds: -Self.dayMilliseconds)).milliseconds
    return stride(from: (first + 59_999) / 60_000, to: (min(to, Self.now).milliseconds + 59_999) / 60_000, by: 1).map {
      minute in
      let time = Timestamp(milliseconds: minute * 60_000)
      if minute % 3 == 0 { return HistoryReading(observedAt: time, value: .null, quality: .missing) }
      return HistoryReading(
        observedAt: time, value: field.isNumeric ? .number(100.5) : .text("a \"b\", c"), quality: .good)
    }
  }

  package func windows(
    _ deviceId: String, _ field: Field, boundaries: [Timestamp]
  ) async throws(APIError) -> [HistoryWindow?] {
    zip(boundaries, boundaries.dropFirst()).map { start, end in
      let minutes = Double(end.millisecondsSince(start)) / 60_000
      return field.behavior == .counter
        ? HistoryWindow(last: 5, difference: minutes, samples: 1, quality: .good)
        : HistoryWindow(avg: minutes, min: 0, max: minutes, last: 1, samples: 1, quality: .good)
    }
  }
}
