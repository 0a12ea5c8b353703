import ProfileExplanation

extension ProfileSummary {
  func lines(color: Bool) -> [String] {
    var lines = [
      "\(TextTable.paint(id, .strong, color))  \(name), \(manufacturer)",
      "  products  \(products.joined(separator: ", "))",
      "  devices   \(devices.map { "\($0.part) (\($0.type))" }.joined(separator: ", ")) over \(transport)",
      "  maturity  \(maturity)",
      "  document  \(document)",
      "  file      \(file)",
    ]
    if let base { lines.append("  extends   \(base)") }
    if !caveats.isEmpty { lines += ["", "CAVEATS"] + caveats.map { "  - \($0)" } }
    if !parameters.isEmpty {
      var table = TextTable("PARAMETER", "TAKES", "MEANING")
      for parameter in parameters {
        let read = parameter.read.map { ", read from \($0)" } ?? ""
        table.add(parameter.name, parameter.takes + read, parameter.help)
      }
      lines += [""] + table.lines(color: color)
    }
    for device in devices { lines += [""] + device.lines(color: color) }
    if !variants.isEmpty {
      var table = TextTable("VARIANT", "WHEN", "CHANGES")
      for variant in variants { table.add(variant.name, variant.when, variant.changes.joined(separator: ", ")) }
      lines += [""] + table.lines(color: color)
    }
    lines += ["", "MAY WRITE"]
    guard !writes.isEmpty else { return lines + ["  nothing"] }
    let width = writes.map(\.place.count).max() ?? 0
    for write in writes {
      let padding = String(repeating: " ", count: width - write.place.count)
      lines.append(write.detail.isEmpty ? "  \(write.place)" : "  \(write.place)\(padding)  \(write.detail)")
    }
    return lines
  }
}

extension ProfileSummary.Device {
  func lines(color: Bool) -> [String] {
    var table = TextTable("\(part.uppercased()) POINT", "SOURCE", "CONVERSION", "UNIT", "SIGN", "POLL", "")
    for point in points {
      table.add(
        point.name, ProfileWords.short(point.source), point.conversion, point.unit, point.isNegated ? "turned" : "",
        point.poll,
        [point.isLocal ? "local" : "", point.isOptional ? "optional" : ""].filter { !$0.isEmpty }
          .joined(separator: ", "))
    }
    var lines = table.lines(color: color)
    for point in points where ProfileWords.short(point.source) != point.source {
      lines += ["", "\(point.name) \(point.source)"]
    }
    for command in commands { lines += [""] + command.lines(color: color) }
    return lines
  }
}

extension ProfileSummary.Command {
  func lines(color: Bool) -> [String] {
    var lines = ["\(TextTable.paint(name, .strong, color))\(summary.isEmpty ? "" : "  \(summary)")"]
    for input in inputs {
      let fallback = input.defaultValue.map { ", default \($0)" } ?? (input.isRequired ? "" : ", optional")
      lines.append("  input     \(input.name): \(input.limits)\(fallback)")
    }
    lines += requires.map { "  only if   \($0)" }
    lines.append("  proof     \(proof ?? "none, the device does not show it")")
    if let keepAlive { lines.append("  timer     \(keepAlive)") }
    if let revert { lines.append("  revert    \(revert)") }
    if storage != "unknown" { lines.append("  storage   \(storage)") }
    return lines
  }
}
