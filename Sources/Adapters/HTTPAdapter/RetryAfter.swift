import EnergyModel

/// The header with which a device asks for silence: seconds or an HTTP date (RFC 9110, 10.2.3).
enum RetryAfter {
  /// What is waited where a device that refuses by 429 does not say how long.
  static let defaultPause: Duration = .seconds(60)
  /// The longest pause that is granted; a device with a wrong clock could ask for years.
  static let maximumPause: Duration = .seconds(3600)

  /// The pause that a header value asks for, between zero and `maximumPause`; `defaultPause` if it cannot be read.
  static func pause(header: String?, now: Timestamp) -> Duration {
    guard let header else { return defaultPause }
    let text = header.split(separator: " ").joined(separator: " ")
    if !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
      // More digits than fit are a very long pause.
      return min(.seconds(Int32(text) ?? .max), maximumPause)
    }
    guard let date = date(text) else { return defaultPause }
    return min(max(.milliseconds(date.millisecondsSince(now)), .zero), maximumPause)
  }

  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// Reads `Wed, 21 Oct 2026 07:28:00 GMT`.
  private static func date(_ text: String) -> Timestamp? {
    let words = text.split(separator: " ")
    guard words.count == 6, words[5] == "GMT", words[1].utf8.count == 2,
      let month = months.firstIndex(of: String(words[2]))
    else { return nil }
    return Timestamp(rfc3339: "\(words[3])-\(month < 9 ? "0" : "")\(month + 1)-\(words[1])T\(words[4])Z")
  }
}
