import EnergyModel
import LocalAPISchema

/// One screen: how the gateway, its links and its devices are.
enum StatusView {
  static func lines(_ status: GatewayStatus, color: Bool) -> [String] {
    var lines = header(status, color)
    lines += [""] + links(status.links, color)
    lines += [""] + devices(status.devices, color)
    let drops = status.drops.filter { $0.value > 0 }.sorted { $0.key < $1.key }
    if !drops.isEmpty {
      let text = drops.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
      lines += ["", TextTable.paint("dropped since the start: \(text)", .warning, color)]
    }
    return lines
  }

  private static func header(_ status: GatewayStatus, _ color: Bool) -> [String] {
    let waiting = status.store.pendingWindows == 1 ? "1 window" : "\(status.store.pendingWindows) windows"
    var lines = [
      "heddle \(status.version), up \(Phrasing.span(status.uptimeSeconds)), "
        + "store \(Phrasing.bytes(status.store.bytes)), \(waiting) to write"
    ]
    let addresses = [status.api.tcp, status.api.socket].compactMap { $0 }
    if !addresses.isEmpty { lines.append("API on \(addresses.joined(separator: " and "))") }
    lines += storage(status.store, color)
    if status.openAlerts > 0 {
      let words = status.openAlerts == 1 ? "1 alert needs" : "\(status.openAlerts) alerts need"
      lines.append(TextTable.paint("\(words) a person: heddle alert", .bad, color))
    }
    if let error = status.store.lastError {
      lines.append(TextTable.paint("the store does not write: \(error)", .bad, color))
    }
    return lines
  }

  private static func storage(_ store: StoreStatus, _ color: Bool) -> [String] {
    var parts: [String] = []
    if let count = store.rawReadings, count > 0 {
      parts.append("\(count) raw readings" + (store.rawSince.map { " since \($0)" } ?? ""))
    }
    if let rate = store.writtenBytesPerDay { parts.append("\(Phrasing.bytes(rate)) written a day") }
    if let free = store.freeBytes { parts.append("\(Phrasing.bytes(free)) free on the disk") }
    var lines = parts.isEmpty ? [] : [parts.joined(separator: ", ")]
    if !store.isKeepingRaw { lines.append(TextTable.paint("raw readings are not kept now", .warning, color)) }
    return lines
  }

  private static func links(_ links: [LinkStatus], _ color: Bool) -> [String] {
    guard !links.isEmpty else { return ["no links are configured"] }
    var table = TextTable("LINK", "TRANSPORT", "ADDRESS", "STATE", ">EXCHANGES", ">BUSY", ">ANSWERS IN", "ERRORS")
    for link in links {
      let errors = link.errors.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
      table.add([
        .init(link.id), .init(link.transport), .init(link.address),
        link.isConnected ? .init("connected", .good) : .init("not connected", .bad),
        .init(String(link.exchanges)), .init(Phrasing.share(link.busyShare)),
        .init(link.responseSeconds.map(LinkHealthView.span) ?? "–"),
        .init([errors, link.lastError ?? ""].filter { !$0.isEmpty }.joined(separator: "; ")),
      ])
    }
    return table.lines(color: color)
  }

  private static func devices(_ devices: [DeviceStatus], _ color: Bool) -> [String] {
    guard !devices.isEmpty else { return ["no devices are configured"] }
    var table = TextTable("DEVICE", "TYPE", "STATE", "HEARD", "LAST ERROR")
    for device in devices {
      table.add([
        .init(device.id), .init(device.type.rawValue), connectivity(device.connectivity),
        .init(Phrasing.age(device.ageSeconds)), .init(device.lastError ?? ""),
      ])
    }
    return table.lines(color: color)
  }

  static func connectivity(_ state: Connectivity.State) -> TextTable.Cell {
    switch state {
    case .online: .init("online", .good)
    case .degraded: .init("degraded", .warning)
    case .offline: .init("offline", .bad)
    case .unknown: .init("unknown", .faint)
    }
  }
}
