import LocalAPISchema

/// Shows a look around while it runs: finds as they come, and on a terminal how far it is.
struct DiscoveryReporter {
  let output: Output
  let json: Bool
  private var shownFinds = 0
  private var shownProblems = 0
  private var hasProgressLine = false

  init(output: Output, json: Bool) {
    self.output = output
    self.json = json
  }

  /// Shows what is new.
  mutating func show(_ discovery: DiscoveryResource) {
    let news = discovery.finds.dropFirst(shownFinds)
    let problems = discovery.problems.dropFirst(shownProblems)
    if !news.isEmpty || !problems.isEmpty { clearProgress() }
    for find in news {
      output.print(json ? [Session.text(find, pretty: false)] : DiscoveryView.lines(find, color: output.color) + [""])
    }
    for problem in problems { output.writeError("warning: \(problem.place): \(problem.message)\n") }
    shownFinds = discovery.finds.count
    shownProblems = discovery.problems.count
    guard discovery.status == .running, output.isTerminal, !json else { return }
    clearProgress()
    output.writeError(DiscoveryView.progress(discovery))
    hasProgressLine = true
  }

  /// Shows the rest and how it ended.
  mutating func finish(_ discovery: DiscoveryResource) {
    show(discovery)
    clearProgress()
    if discovery.unlistedFinds > 0 || discovery.unlistedProblems > 0 {
      output.writeError(
        "warning: \(discovery.unlistedFinds) more finds and \(discovery.unlistedProblems) more problems are not listed\n"
      )
    }
    guard !json else { return }
    output.print([DiscoveryView.summary(discovery)])
  }

  private mutating func clearProgress() {
    guard hasProgressLine else { return }
    output.writeError("\r\u{1B}[2K")
    hasProgressLine = false
  }
}

/// Finds in words.
enum DiscoveryView {
  static func lines(_ find: DiscoveryFind, color: Bool) -> [String] {
    let unit = find.unit.map { " unit \($0)" } ?? ""
    let name = find.product.map { "\($0) (\(find.profile ?? ""))" } ?? "a \(find.transport) device of no known product"
    var lines = ["\(find.place)\(unit)  \(TextTable.paint(name, tone(find.certainty), color))"]
    let said = [find.manufacturer, find.model, find.serialNumber.map { "serial \($0)" }].compactMap { $0 }
    lines.append("  \(find.certainty.rawValue): \(find.evidence)")
    if !said.isEmpty { lines.append("  \(said.joined(separator: ", "))") }
    if !find.alternatives.isEmpty { lines.append("  fits too: \(find.alternatives.joined(separator: ", "))") }
    if !find.deviceIds.isEmpty { lines.append("  configured as \(find.deviceIds.joined(separator: ", "))") }
    guard let add = find.add else { return lines }
    if !add.missing.isEmpty { lines.append("  parameters to fill in: \(add.missing.joined(separator: ", "))") }
    lines.append("  for the configuration file:")
    lines += add.yaml.split(separator: "\n").map { "    \($0)" }
    lines.append("  or:")
    return lines + add.commands.map { "    \($0)" }
  }

  static func progress(_ discovery: DiscoveryResource) -> String {
    let place = discovery.progress.place.map { ", \($0)" } ?? ""
    return "\(discovery.progress.done) of \(discovery.progress.total)\(place), \(discovery.finds.count) found"
  }

  static func summary(_ discovery: DiscoveryResource) -> String {
    let count = discovery.finds.count + discovery.unlistedFinds
    let words = count == 1 ? "1 device" : "\(count) devices"
    let known = discovery.finds.count { !$0.deviceIds.isEmpty }
    let end = discovery.status == .cancelled ? "ended early, " : ""
    return "\(end)\(words) found" + (known > 0 ? ", \(known) of them configured already" : "")
  }

  private static func tone(_ certainty: DiscoveryFind.Certainty) -> TextTable.Style {
    switch certainty {
    case .identified: .good
    case .likely: .warning
    case .unknown, .configured: .faint
    }
  }
}
