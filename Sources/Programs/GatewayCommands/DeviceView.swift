import EnergyModel
import LocalAPISchema

/// Devices as a list and one device in full.
enum DeviceView {
  static func list(_ devices: [DeviceResource], color: Bool) -> [String] {
    guard !devices.isEmpty else { return ["no devices"] }
    var table = TextTable("DEVICE", "TYPE", "NAME", "CUSTOMER", "NOW", "STATE", "AGE")
    for device in devices {
      table.add([
        .init(device.id, .strong), .init(typeWord(device)), .init(device.name),
        .init(device.customerId ?? Phrasing.unknown),
        .init(DevicePhrases.summary(of: device), device.state.isStale ? .warning : .plain),
        StatusView.connectivity(device.connectivity.state), .init(Phrasing.age(device.state.ageSeconds)),
      ])
    }
    return table.lines(color: color)
  }

  static func lines(_ device: DeviceResource, color: Bool) -> [String] {
    header(device, color) + [""] + fields(device, color) + commands(device, color)
  }

  private static func typeWord(_ device: DeviceResource) -> String {
    device.role.map { "\($0.rawValue) \(device.type.rawValue)" } ?? device.type.rawValue
  }

  private static func header(_ device: DeviceResource, _ color: Bool) -> [String] {
    var lines = ["\(TextTable.paint(device.id, .strong, color))  \(device.name), \(typeWord(device))"]
    let product = [
      [device.manufacturer, device.model].compactMap { $0 }.joined(separator: " "),
      device.serialNumber.map { "serial \($0)" } ?? "", device.firmwareVersion.map { "firmware \($0)" } ?? "",
    ].filter { !$0.isEmpty }.joined(separator: ", ")
    if !product.isEmpty { lines.append("  \(product)") }
    let place = [
      device.customerId.map { "customer \($0)" }, device.siteId.map { "site \($0)" },
      device.linkId.map { "link \($0)" }, device.profile.map { "profile \($0)" },
      device.variant.map { "variant \($0)" },
      device.reported.map { values in
        "says " + values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
      },
    ].compactMap { $0 }.joined(separator: ", ")
    if !place.isEmpty { lines.append("  \(place)") }
    let cell = StatusView.connectivity(device.connectivity.state)
    var state = "  " + TextTable.paint(cell.text, cell.style, color)
    state += ", heard \(Phrasing.age(device.state.ageSeconds)), \(DevicePhrases.summary(of: device))"
    lines.append(state)
    if let error = device.connectivity.lastError {
      lines.append("  " + TextTable.paint("last error: \(error)", .bad, color))
    }
    return lines
  }

  private static func fields(_ device: DeviceResource, _ color: Bool) -> [String] {
    guard !device.state.fields.isEmpty else { return ["nothing was read yet"] }
    var table = TextTable("FIELD", ">VALUE", "UNIT", "QUALITY", "AGE", "")
    for name in order(device.state.fields.keys) {
      let value = device.state.fields[name] ?? .null
      let meta = device.state.fieldMeta[name]
      let isStale = meta?.isStale ?? false
      let quality = isStale ? "stale" : meta?.quality ?? device.state.quality
      table.add([
        .init(name), .init(Phrasing.value(value, of: name), isStale ? .warning : .plain),
        .init(Field.named(name)?.unit.rawValue ?? ""), .init(quality, style(quality)),
        .init(Phrasing.age(meta?.ageSeconds ?? device.state.ageSeconds)),
        .init(DevicePhrases.meaning(of: name, value: value, device: device) ?? "", .faint),
      ])
    }
    return table.lines(color: color)
  }

  /// The order of the model's catalogue, unknown names behind it by their letters.
  static func order(_ names: some Sequence<String>) -> [String] {
    names.sorted { left, right in
      let places = (Field.named(left)?.index ?? .max, Field.named(right)?.index ?? .max)
      return places.0 == places.1 ? left < right : places.0 < places.1
    }
  }

  private static func style(_ quality: String) -> TextTable.Style {
    switch quality {
    case "good": .plain
    case "estimated": .faint
    case "missing", "stale": .warning
    default: .bad
    }
  }

  private static func commands(_ device: DeviceResource, _ color: Bool) -> [String] {
    guard !device.availableCommands.isEmpty else { return [] }
    var table = TextTable("COMMAND", "INPUT", "")
    for command in device.availableCommands.sorted(by: { $0.slug < $1.slug }) {
      let names = command.input.properties.keys.sorted()
      let input = names.compactMap { name in
        command.input.properties[name].map { describe($0, name, isRequired: command.input.required.contains(name)) }
      }
      table.add([
        .init(command.slug), .init(input.isEmpty ? "" : input.joined(separator: ", ")),
        .init(command.description, .faint),
      ])
    }
    return [""] + table.lines(color: color)
  }

  private static func describe(_ property: InputSchema.Property, _ name: String, isRequired: Bool) -> String {
    var text = name
    let unit = property.unit.map { $0.isEmpty ? "" : " \($0)" } ?? ""
    if let words = property.enum {
      text += " \(words.joined(separator: "|"))"
    } else if property.minimum != nil || property.maximum != nil {
      let low = property.minimum.map { Phrasing.shortened($0, 1) } ?? "…"
      let high = property.maximum.map { Phrasing.shortened($0, 1) } ?? "…"
      text += " \(low) to \(high)\(unit)"
    } else if !unit.isEmpty {
      text += unit
    }
    return isRequired ? text : "[\(text)]"
  }
}
