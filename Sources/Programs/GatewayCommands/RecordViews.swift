import EnergyModel
import LocalAPISchema

/// Customers, sites, keys and events as tables.
enum RecordViews {
  static func customers(_ customers: [CustomerResource], color: Bool) -> [String] {
    guard !customers.isEmpty else { return ["no customers"] }
    var table = TextTable("CUSTOMER", "NAME", "REFERENCE", "EMAIL", "FROM")
    for customer in customers {
      table.add([
        .init(customer.id, .strong), .init(customer.name), .init(customer.referenceId ?? Phrasing.unknown),
        .init(customer.email ?? Phrasing.unknown), .init(customer.source.rawValue, .faint),
      ])
    }
    return table.lines(color: color)
  }

  static func sites(_ sites: [SiteResource], color: Bool) -> [String] {
    guard !sites.isEmpty else { return ["no sites"] }
    var table = TextTable("SITE", "NAME", "CUSTOMER", "TIME ZONE", "ADDRESS", "FROM")
    for site in sites {
      table.add([
        .init(site.id, .strong), .init(site.name), .init(site.customerId ?? Phrasing.unknown), .init(site.timezone),
        .init(site.address?.description ?? Phrasing.unknown), .init(site.source.rawValue, .faint),
      ])
    }
    return table.lines(color: color)
  }

  static func connections(_ connections: [ConnectionResource], color: Bool) -> [String] {
    guard !connections.isEmpty else { return ["no connections"] }
    var table = TextTable("CONNECTION", "STATUS", "REFERENCE", "CUSTOMER", "PROFILE", "DEVICES", "UNTIL")
    for connection in connections {
      table.add([
        .init(connection.id, .strong), .init(connection.status.rawValue), .init(connection.referenceId),
        .init(connection.customerId ?? Phrasing.unknown), .init(connection.profile ?? Phrasing.unknown),
        .init(connection.deviceIds.isEmpty ? Phrasing.unknown : connection.deviceIds.joined(separator: ",")),
        .init((connection.endedAt ?? connection.expiresAt).rfc3339),
      ])
    }
    return table.lines(color: color)
  }

  static func customer(
    _ customer: CustomerResource, sites: [SiteResource], devices: [DeviceResource], color: Bool
  ) -> [String] {
    var lines = ["\(TextTable.paint(customer.id, .strong, color))  \(customer.name)"]
    if let reference = customer.referenceId { lines.append("  reference \(reference)") }
    if let email = customer.email { lines.append("  \(email)") }
    return lines + [""] + Self.sites(sites, color: color) + [""] + DeviceView.list(devices, color: color)
  }

  static func keys(_ keys: [APIKeyResource], color: Bool) -> [String] {
    guard !keys.isEmpty else { return ["no keys"] }
    var table = TextTable("KEY", "LABEL", "SCOPES", "CUSTOMER", "MADE", "EXPIRES")
    for key in keys {
      table.add([
        .init(key.id, .strong), .init(key.label.isEmpty ? Phrasing.unknown : key.label),
        .init(key.scopes.map(\.rawValue).joined(separator: ",")), .init(key.customerId ?? "all"),
        .init(key.createdAt.rfc3339), .init(key.expiresAt?.rfc3339 ?? "never"),
      ])
    }
    return table.lines(color: color)
  }

  /// `2026-05-01T10:00:00.000Z  device.offline  battery-1  no answer for 3 s`
  /// One line: when, what, which device, and the rest of it in words.
  static func event(_ event: EventResource) -> String {
    let keys = ["command", "commandId", "state", "name", "reason", "detail", "message"]
    let words = [event.deviceId] + keys.map { if case .text(let text)? = event.data[$0] { text } else { nil } }
    let text = ([event.timestamp.rfc3339, event.type] + words.compactMap(\.self)).joined(separator: "  ")
    return String(text.map { $0.isNewline ? " " : $0 }.reversed().drop { $0 == " " }.reversed())
  }
}
