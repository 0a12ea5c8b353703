import LocalAPISchema

/// How a link is: its load, its errors, and how well the polls behind it keep their time.
enum LinkHealthView {
  static func lines(_ link: LinkStatus, color: Bool) -> [String] {
    var words = ["\(link.exchanges) exchanges", "\(link.connects) connections"]
    if let rate = link.requestsPerSecond { words.append("\(number(rate)) requests/s") }
    if let share = link.busyShare { words.append("busy \(Phrasing.share(share))") }
    if let response = link.responseSeconds { words.append("answers in \(span(response))") }
    var lines = [words.joined(separator: ", ")]
    let errors = link.errors.filter { $0.value > 0 }.sorted { $0.key < $1.key }
    if !errors.isEmpty {
      let text = errors.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
      lines.append(TextTable.paint("errors: \(text)", .warning, color))
    }
    if let error = link.lastError { lines.append(TextTable.paint(error, .bad, color)) }
    guard link.endpoints.contains(where: { !$0.polls.isEmpty }) else { return lines }
    return lines + [""] + polls(link.endpoints).lines(color: color)
  }

  private static func polls(_ endpoints: [EndpointMeasurements]) -> TextTable {
    var table = TextTable(
      "DEVICES", "POLL", ">EVERY", ">INTERVAL", ">DELAY", ">ANSWERS IN", ">TIMEOUT", ">POLLS", ">LATE", ">SKIPPED")
    for endpoint in endpoints {
      for (index, poll) in endpoint.polls.enumerated() {
        let isFirst = index == 0
        table.add([
          .init(isFirst ? endpoint.devices.joined(separator: ", ") : ""), .init(poll.pollClass),
          .init(poll.everySeconds.map(seconds) ?? "–"), .init(poll.intervalSeconds.map(span) ?? "–"),
          .init(poll.delaySeconds.map(span) ?? "–"),
          .init(isFirst ? endpoint.responseSeconds.map(span) ?? "–" : ""),
          .init(isFirst ? endpoint.timeoutSeconds.map(seconds) ?? "–" : ""), .init(String(poll.count)),
          poll.late > 0 ? .init(String(poll.late), .warning) : .init("0"),
          poll.skipped > 0 ? .init(String(poll.skipped), .warning) : .init("0"),
        ])
      }
    }
    return table
  }

  /// `12 / 40 ms`: half of them, and nineteen of twenty.
  static func span(_ measured: MeasuredSeconds) -> String {
    measured.p95 < 1
      ? "\(number(measured.p50 * 1000)) / \(number(measured.p95 * 1000)) ms"
      : "\(number(measured.p50)) / \(number(measured.p95)) s"
  }

  private static func seconds(_ value: Double) -> String {
    value < 1 ? "\(number(value * 1000)) ms" : "\(number(value)) s"
  }

  /// Two digits that count.
  private static func number(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e9 else { return "–" }
    if value >= 10 || value == value.rounded() { return String(Int(value.rounded())) }
    return String((value * 10).rounded() / 10)
  }
}
