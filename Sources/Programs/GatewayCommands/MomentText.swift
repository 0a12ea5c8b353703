import EnergyModel
import Foundation

/// A time as people write it: `22:00` (the next one, on this machine's clock), `+30m`, or RFC 3339.
enum MomentText: Hashable {
  case at(Timestamp)
  case after(seconds: Double)
  case timeOfDay(hour: Int, minute: Int)

  init(_ text: String) throws(Quantity.ParseError) {
    if let time = Timestamp(rfc3339: text) {
      self = .at(time)
    } else if text.hasPrefix("+") {
      self = .after(seconds: try Quantity.duration(String(text.dropFirst())))
    } else {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, let hour = Int(parts[0]), let minute = Int(parts[1]), (0..<24).contains(hour),
        (0..<60).contains(minute), parts[1].count == 2
      else {
        throw Quantity.ParseError(description: "'\(text)' is not a time; write 22:00, +30m or 2026-05-01T22:00:00Z")
      }
      self = .timeOfDay(hour: hour, minute: minute)
    }
  }

  /// The moment itself. A time of day that the clock leaves out when it is put forward is the first moment after it.
  func timestamp(now: Timestamp, calendar: Calendar = .current) -> Timestamp {
    switch self {
    case .at(let time): return time
    case .after(let seconds): return now.advanced(byMilliseconds: Int64(min(seconds, 1e9) * 1000))
    case .timeOfDay(let hour, let minute):
      let date = Date(timeIntervalSince1970: Double(now.milliseconds) / 1000)
      let next = calendar.nextDate(
        after: date, matching: DateComponents(hour: hour, minute: minute, second: 0), matchingPolicy: .nextTime)
      return Timestamp(milliseconds: Int64(((next ?? date).timeIntervalSince1970 * 1000).rounded()))
    }
  }
}
