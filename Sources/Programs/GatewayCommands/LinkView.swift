import EnergyModel
import LocalAPISchema

/// Links and their tests in words.
enum LinkView {
  static func list(_ links: [LinkResource], color: Bool) -> [String] {
    guard !links.isEmpty else { return ["no links"] }
    var table = TextTable("LINK", "TRANSPORT", "ADDRESS", "STATE", "DEVICES", "FROM")
    for link in links {
      table.add([
        .init(link.id, .strong), .init(link.transport), .init(link.address), state(link),
        .init(link.devices.isEmpty ? Phrasing.unknown : link.devices.joined(separator: ",")),
        .init(link.source.rawValue, .faint),
      ])
    }
    return table.lines(color: color)
  }

  static func lines(_ link: LinkResource, color: Bool) -> [String] {
    var lines = list([link], color: color)
    for (name, settings) in link.draft.sorted(by: { $0.key < $1.key }) {
      lines += ["", "\(name): \(Session.text(settings, pretty: false))"]
    }
    if let place = link.definedAt { lines.append("defined in \(place)") }
    return lines + (link.status.map { [""] + LinkHealthView.lines($0, color: color) } ?? [])
  }

  private static func state(_ link: LinkResource) -> TextTable.Cell {
    guard let status = link.status else { return .init(Phrasing.unknown) }
    return status.isConnected ? .init("connected", .good) : .init("not connected", .bad)
  }

  static func test(_ test: LinkTestResource, color: Bool) -> [String] {
    guard test.isReached else {
      let problem = test.problem
      return [TextTable.paint("no values from \(test.link): \(problem?.message ?? "")", .bad, color)]
        + [problem.map { "hint: \($0.hint)" }].compactMap(\.self)
    }
    var lines = ["\(test.profile) answers at \(test.link) within \(test.seconds) s"]
    for device in test.devices {
      lines += ["", TextTable.paint("\(device.part) (\(device.type.rawValue))", .strong, color)]
      for (name, value) in device.fields.sorted(by: { $0.key < $1.key }) { lines.append("  \(name)  \(value)") }
    }
    return lines
  }
}
