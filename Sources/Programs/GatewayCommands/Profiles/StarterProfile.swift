import ArgumentParser
import EnergyModel

/// The transports that a profile to start from can have.
enum StarterTransport: String, CaseIterable, ExpressibleByArgument { case modbus, mqtt, http }

/// A whole profile with comments, of places that have to be replaced.
struct StarterProfile {
  let id: String
  let transport: StarterTransport
  let device: StarterDevice

  private static let firstRegister = 100
  private static let firstControl = 200
  private static let stateTopic = "$topic/state"
  private static let commandTopic = "$topic/set"

  var text: String { (header + transportLines + deviceLines + testLines).joined(separator: "\n") + "\n" }

  private var part: String { device.kind.rawValue }

  private var header: [String] {
    [
      "# A profile to start from. Replace the example's names and places by those of the product's document, and the",
      "# tests by what the device really says. Every key is explained in ProfileReference.md.",
      "schema: heddle.profile/1",
      "id: \(id)",
      "name: My \(part)",
      "manufacturer: Example",
      "products: [Example*]            # names of the products, * for any text",
      "maturity: documentation         # capture or device once it was checked against one",
      "source:",
      "  document: \"the document that it is written from, with its revision\"",
      "  caveats:",
      "    - \"An example: no product has these places.\"",
      "",
    ]
  }

  private var transportLines: [String] {
    switch transport {
    case .modbus:
      [
        "parameters:                     # what an installation has to say",
        "  unit: {type: integer, range: 1..247, default: 1, help: \"unit identifier set at the device\"}",
        "",
        "transport:",
        "  modbus:",
        "    unit: $unit",
        "    maxRegisters: 64            # that the device gives in one answer, at most 125",
        "    maxGap: 8                   # unused registers that may be read along",
        "",
        "poll: {fast: 2 s, normal: 10 s, slow: 5 min}",
        "",
      ]
    case .mqtt:
      [
        "parameters:                     # what an installation has to say; without default it is required",
        "  topic: {type: text, help: \"MQTT topic prefix of the device\"}",
        "",
        "transport:",
        "  mqtt:",
        "    # Where the device or its last will says that it is there.",
        "    availability: {topic: \"$topic/online\", online: [\"true\"], offline: [\"false\"]}",
        "",
      ]
    case .http:
      [
        "transport:",
        "  http:",
        "    auth: none                  # basic or digest with user and password, which are parameters",
        "    timeout: 10 s",
        "    requests:                   # what is polled, by the names that points use",
        "      status: {get: /api/status, poll: fast}",
        "",
        "poll: {fast: 5 s}",
        "",
      ]
    }
  }

  // MARK: The device

  private var deviceLines: [String] {
    var lines = ["devices:", "  \(part):", "    type: \(part)"] + device.settings.map { "    \($0)" }
    lines.append("    points:                     # field of the unified model: where it comes from")
    if transport == .modbus {
      lines.append("      # holding or input, with the address as on the wire: 40101 in a manual is holding: 100")
    }
    var address = Self.firstRegister
    for point in device.points {
      if !point.comment.isEmpty { lines.append("      # \(point.comment)") }
      lines.append("      \(point.field): {\(source(point, address))}")
      address += point.registers.count
    }
    if let command = device.command { lines += [""] + controlLines(command) + commandLines(command) }
    return lines + [""]
  }

  private func source(_ point: StarterDevice.Point, _ address: Int) -> String {
    let place =
      switch transport {
      case .modbus: "holding: \(address), \(point.register)"
      case .mqtt: "topic: \"\(Self.stateTopic)\", path: /\(point.key)"
      case .http: "request: status, path: /\(point.key)"
      }
    let poll = point.isFast && transport == .modbus ? "poll: fast" : ""
    return [place, point.common, poll].filter { !$0.isEmpty }.joined(separator: ", ")
  }

  /// Each control with its address.
  private func places(_ command: StarterDevice.Command) -> [(control: StarterDevice.Control, address: Int)] {
    var address = Self.firstControl
    return command.controls.map { control in
      defer { address += control.register.contains("32") ? 2 : 1 }
      return (control, address)
    }
  }

  private func controlLines(_ command: StarterDevice.Command) -> [String] {
    guard transport == .modbus else { return [] }
    let controls = places(command).map { "      \($0.control.name): {holding: \($0.address), \($0.control.register)}" }
    return ["    controls:                   # what may be written; nothing else ever is"] + controls + [""]
  }

  private func commandLines(_ command: StarterDevice.Command) -> [String] {
    var lines = [
      "    commands:", "      \(command.verb):", "        summary: \(command.summary)", "        input:",
      "          \(command.input)", "        steps:",
    ]
    lines += stepLines(command, isNormal: false).map { "          \($0)" }
    lines += [
      "        # Telemetry that shows that the device does it.",
      "        confirm: {expect: \"\(command.confirm)\", within: 30 s}",
    ]
    guard let normal = command.normal else {
      return lines + ["        revert: none            # a lasting setting, there is nothing to undo"]
    }
    lines += ["        revert: default         # what is done when the duration of the command ends", ""]
    lines += ["    default:                    # how to give control back to the device", "      steps:"]
    lines += stepLines(command, isNormal: true).map { "        \($0)" }
    return lines + ["      confirm: {expect: \"\(normal.confirm)\", within: 30 s}"]
  }

  private func stepLines(_ command: StarterDevice.Command, isNormal: Bool) -> [String] {
    let values = command.controls.map { control in
      (key: control.key, name: control.name, value: isNormal ? control.normal?.value ?? "" : control.value)
    }
    let payload = values.map { entry in
      entry.value.hasPrefix("input.") ? "\(entry.key): \"=\(entry.value)\"" : "\(entry.key): \(entry.value)"
    }.joined(separator: ", ")
    switch transport {
    case .modbus: return values.map { "- write: {\($0.name): \($0.value)}" }
    case .mqtt: return ["- publish: {topic: \"\(Self.commandTopic)\", payload: {\(payload)}}"]
    case .http: return ["- request: {post: /api/control, json: {\(payload)}, expect: {/ok: true}}"]
    }
  }

  // MARK: Tests

  private var testLines: [String] {
    var lines = ["tests:", "  - name: what the document gives as an example"] + said(isAbsent: false)
    lines += ["    expect:", "      \(part):"] + device.points.map { "        \($0.field): \($0.expected)" }
    lines += ["  - name: no value is not zero"] + said(isAbsent: true)
    lines += ["    expect:", "      \(part): {\(device.points[0].field): null}"]
    guard let command = device.command else { return lines }
    lines += ["  - name: \(command.verb) with the exact writes"] + said(isAbsent: false)
    lines += ["    command: {device: \(part), command: \(command.verb), input: {\(command.example)}}"]
    lines += ["    writes:"] + writes(command, isNormal: false)
    guard command.normal != nil else { return lines }
    return lines + ["  - name: control is given back"] + said(isAbsent: false) + ["    command: auto", "    writes:"]
      + writes(command, isNormal: true)
  }

  /// What the device says in a test; absent, only the first point, as the device marks it.
  private func said(isAbsent: Bool) -> [String] {
    let first = device.points[0]
    let json =
      isAbsent
      ? "{\(first.key): null}" : "{\(device.points.map { "\($0.key): \($0.json)" }.joined(separator: ", "))}"
    switch transport {
    case .modbus:
      let registers = isAbsent ? mark(first) : device.points.flatMap(\.registers)
      return ["    registers: {holding: {\(Self.firstRegister): [\(registers.joined(separator: ", "))]}}"]
    case .mqtt:
      return ["    parameters: {topic: home/\(part)}", "    messages: [{topic: home/\(part)/state, payload: \(json)}]"]
    case .http: return ["    responses: {status: \(json)}"]
    }
  }

  /// The registers of a value that is not there.
  private func mark(_ point: StarterDevice.Point) -> [String] {
    guard let mark = point.register.split(separator: " ").last else { return [] }
    return point.registers.count == 1 ? [String(mark)] : [String(mark.prefix(6)), "0xFFFF"]
  }

  private func writes(_ command: StarterDevice.Command, isNormal: Bool) -> [String] {
    let payload = command.controls.map { control in
      "\"\(control.key)\":\(isNormal ? control.normal?.json ?? "" : control.written.json)"
    }.joined(separator: ",")
    switch transport {
    case .modbus:
      return places(command).map { control, address in
        let text = isNormal ? control.normal?.registers ?? "" : control.written.registers
        return "      - " + text.replacing("{address}", with: String(address))
      }
    case .mqtt: return ["      - publish home/\(part)/set {\(payload)}"]
    case .http: return ["      - POST /api/control {\(payload)}"]
    }
  }
}
