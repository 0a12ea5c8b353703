import EnergyModel
import LocalAPISchema

/// What became of a command, with the proof.
enum CommandView {
  static func lines(_ command: CommandResource, now: Timestamp?, color: Bool) -> [String] {
    var lines = [headline(command, color), "  \(request(command))", "  \(lifeLine(command))"]
    lines += proof(command, color)
    if let error = command.error {
      lines.append("  " + TextTable.paint("reason  \(error.message) (\(error.code.rawValue))", .bad, color))
      if error.retryable { lines.append("          sending it again may help") }
    }
    if let ended = command.statusHistory.first(where: { $0.status == .acknowledged })?.detail {
      lines.append("  \(ended)")
    }
    if let other = command.waitsFor { lines.append("  waits   for \(other)") }
    if let end = command.leaseExpiresAt, !command.isTerminal {
      let left = now.map { Double(end.millisecondsSince($0)) / 1000 }
      let remaining = left.map { $0 > 0 ? " (\(Phrasing.span($0)) left)" : "" } ?? ""
      lines.append("  until   \(end.rfc3339)\(remaining), then back to normal")
    }
    return lines
  }

  /// `accepted → dispatched → acknowledged → confirmed (1.8 s)`
  static func lifeLine(_ command: CommandResource) -> String {
    var words: [String] = []
    for change in command.statusHistory where words.last != change.status.rawValue {
      words.append(change.status.rawValue)
    }
    if words.last != command.status.rawValue { words.append(command.status.rawValue) }
    var text = words.joined(separator: " → ")
    if let first = command.statusHistory.first, let last = command.statusHistory.last, command.statusHistory.count > 1 {
      text += " (\(Phrasing.decimal(Double(max(0, last.at.millisecondsSince(first.at))) / 1000, 1)) s)"
    }
    return text
  }

  static func list(_ commands: [CommandResource], color: Bool) -> [String] {
    guard !commands.isEmpty else { return ["no commands"] }
    var table = TextTable("COMMAND", "TIME", "DEVICE", "WHAT", "STATUS", "REASON")
    for command in commands {
      table.add([
        .init(command.id), .init(command.createdAt.rfc3339), .init(command.deviceId), .init(what(command)),
        .init(command.status.rawValue, style(command.status)), .init(command.error?.message ?? ""),
      ])
    }
    return table.lines(color: color)
  }

  static func preview(_ preview: CommandPreview, color: Bool) -> [String] {
    let input = inputText(preview.input)
    var line = "dry run: \(preview.command)\(input.isEmpty ? "" : " \(input)") on \(preview.deviceId) would be accepted"
    if let seconds = preview.durationSeconds { line += " for \(Phrasing.duration(seconds))" }
    return [line + " and would do"]
      + (preview.operations.isEmpty ? ["  nothing"] : preview.operations.map { "  \($0)" })
  }

  private static func headline(_ command: CommandResource, _ color: Bool) -> String {
    let style = style(command.status)
    let words =
      switch command.status {
      case .confirmed where command.command.hasSuffix(":auto"): "confirmed: \(command.deviceId) is back to normal"
      case .confirmed where command.command == "device:refresh": "confirmed: \(command.deviceId) was read"
      case .confirmed: "confirmed: \(command.deviceId) does it"
      case .completed: "completed: \(command.deviceId) did it and is back to normal"
      case .unconfirmed: "not confirmed: \(command.deviceId) took it, but does not show it"
      case .drifted where command.statusHistory.contains { $0.status == .confirmed }:
        "drifted: \(command.deviceId) did it and does not do it any more"
      case .drifted: "drifted: \(command.deviceId) never showed it and is not back to normal yet; that is tried again"
      case .failed: "failed: \(command.deviceId) did not do it"
      case .reverted: "reverted: it was undone before its time"
      case .cancelled: "cancelled"
      case .superseded: "superseded by a later command"
      case .expired: "expired before it could be sent"
      case .rejected: "rejected, nothing was sent"
      case .scheduled: "scheduled for \(command.notBefore?.rfc3339 ?? "later")"
      case .accepted, .queued: "\(command.status.rawValue), not sent yet"
      case .dispatched, .acknowledged: "\(command.status.rawValue), not confirmed yet"
      }
    return TextTable.paint(words, style, color)
  }

  private static func request(_ command: CommandResource) -> String {
    let priority = command.priority == .user ? "" : ", priority \(command.priority.rawValue)"
    let by = command.origin.schedule.map { "schedule \($0)" } ?? command.origin.actor
    return "\(command.id)  \(what(command)), sent by \(by)\(priority)"
  }

  private static func what(_ command: CommandResource) -> String {
    var text = command.command
    let input = inputText(command.input)
    if !input.isEmpty { text += " " + input }
    if let seconds = command.durationSeconds { text += " for \(Phrasing.duration(seconds))" }
    return text
  }

  private static func inputText(_ input: [String: ScalarValue]) -> String {
    input.sorted { $0.key < $1.key }.map { "\($0.key)=\(Phrasing.value($0.value, of: $0.key))" }
      .joined(separator: " ")
  }

  private static func proof(_ command: CommandResource, _ color: Bool) -> [String] {
    guard let evidence = command.evidence else { return [] }
    let held = evidence.latencyMs.map { ", held after \(Phrasing.decimal(Double($0) / 1000, 1)) s" } ?? ", never held"
    var lines = ["  proof   \(evidence.predicate)\(held)"]
    // Values from before that the proof does not look at are kept to undo the command; here they would only be noise.
    let words = Set(evidence.predicate.split { !$0.isLetter && !$0.isNumber }.map(String.init))
    let names = DeviceView.order(Set(evidence.after.keys).union(words.intersection(evidence.before.keys)))
    for name in names {
      let before = evidence.before[name].map { Phrasing.valueAndUnit($0, of: name) } ?? Phrasing.unknown
      let after = evidence.after[name].map { Phrasing.valueAndUnit($0, of: name) } ?? Phrasing.unknown
      lines.append("          \(name)  \(before) → \(after)")
    }
    return lines
  }

  static func style(_ status: CommandStatus) -> TextTable.Style {
    switch status {
    case .confirmed, .completed: .good
    case .unconfirmed, .drifted, .reverted: .warning
    case .failed, .rejected, .expired: .bad
    case .accepted, .scheduled, .queued, .dispatched, .acknowledged, .cancelled, .superseded: .plain
    }
  }
}
