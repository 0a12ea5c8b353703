import DeviceProfiles
import EnergyModel
import LocatedYAML
import ProfileExplanation

/// A profile that is written from a capture: points with what the capture has for them, and a test made of it.
struct ProfileDraft {
  /// A point or local as YAML has it.
  struct Point {
    var name: String
    var isLocal = false
    /// `sunspec: {model: 103, point: W}`.
    var source: String
    /// What stands behind it in the file.
    var comment = ""
  }

  struct Device {
    var part: String
    var kind: DeviceKind
    /// Further lines of the device.
    var settings: [String] = []
    var points: [Point]
  }

  var id: String
  var name: String
  var manufacturer: String
  var document: String
  var caveats: [String]
  /// Below `transport:` and above `devices:`.
  var transport: [String]
  var devices: [Device]
  var capture: DeviceCapture
  /// What is said in a test, below its name.
  var said: (EndpointDecoder) -> [String]

  /// The file. Points without a value in the capture are left out and named in a comment, so that the test covers all.
  func text() throws(CommandFailure) -> String {
    let bound = try Self.bound(lines(tests: []))
    let decoded = DecodedPoints(capture, bound)
    if let problem = decoded.problems.first { throw CommandFailure(message: "the capture cannot be used: \(problem)") }
    var draft = self
    var expected: [String] = []
    var dropped: [String] = []
    for (index, device) in devices.enumerated() {
      var kept: [Point] = []
      var values: [String] = []
      for point in device.points {
        let value = decoded.snapshot.value(point.name, part: index)?.value ?? .null
        guard value != .null else {
          dropped.append("\(device.part).\(point.name)")
          continue
        }
        kept.append(point)
        values.append("        \(point.name): \(Self.yaml(value))")
      }
      draft.devices[index].points = kept
      if !values.isEmpty { expected += ["      \(device.part):"] + values }
    }
    draft.devices.removeAll { $0.points.isEmpty }
    guard !expected.isEmpty else { throw CommandFailure(message: "the capture has no value that could become a point") }
    var tests = ["tests:", "  - name: what the device said when it was recorded"]
    // The plan of the profile as it will be, not of all that was tried.
    let final = DecodedPoints(capture, try Self.bound(draft.lines(tests: [])))
    tests += said(final.decoder).map { "    \($0)" } + ["    expect:"] + expected
    let notes = dropped.isEmpty ? [] : ["# Without a value in the capture: \(dropped.joined(separator: ", "))"]
    let lines = draft.lines(tests: Self.wrapped(notes) + tests)
    _ = try Self.bound(lines)
    return lines.joined(separator: "\n") + "\n"
  }

  private static func bound(_ lines: [String]) throws(CommandFailure) -> BoundProfile {
    let text = lines.joined(separator: "\n") + "\n"
    let (profile, findings) = ProfileReader.read(text: text, file: "draft")
    guard let profile, let bound = try? BoundProfile(profile: profile, parameters: [:]) else {
      let error = findings.first { $0.severity == .error }?.oneLine ?? "its parameters"
      throw CommandFailure(message: "no profile can be written from this capture: \(error)")
    }
    return bound
  }

  private func lines(tests: [String]) -> [String] {
    var lines = [
      "# yaml-language-server: $schema=/usr/share/heddle/device-profiles/profile.schema.json",
      "# Written from a capture. Look at signs and units before a gateway uses it, and give commands to what may be told.",
      "schema: heddle.profile/1", "id: \(id)", "name: \(Self.quoted(name))",
      "manufacturer: \(Self.quoted(manufacturer))", "products: [\(Self.quoted(name))]", "maturity: capture", "source:",
      "  document: \(Self.quoted(document))", "  caveats:",
    ]
    lines += caveats.map { "    - \(Self.quoted($0))" } + [""] + transport + ["", "devices:"]
    for device in devices {
      lines += ["  \(device.part):", "    type: \(device.kind.rawValue)"] + device.settings.map { "    \($0)" }
      for (key, isLocal) in [("points", false), ("locals", true)] {
        let points = device.points.filter { $0.isLocal == isLocal }
        guard !points.isEmpty else { continue }
        lines.append("    \(key):")
        lines += points.map {
          "      \($0.name): {\($0.source)}" + ($0.comment.isEmpty ? "" : "   # \($0.comment)")
        }
      }
    }
    return lines + [""] + (tests.isEmpty ? ["tests: []"] : tests)
  }

  // MARK: Words

  static func quoted(_ text: String) -> String { Session.text(text, pretty: false) }

  static func yaml(_ value: ScalarValue) -> String {
    if case .text(let text) = value { quoted(text) } else { value.description }
  }

  /// Long comments in several lines.
  private static func wrapped(_ comments: [String]) -> [String] {
    comments.flatMap { comment in
      comment.split(separator: " ").reduce(into: [String]()) { lines, word in
        if let last = lines.last, last.count + word.count < maxWidth {
          lines[lines.count - 1] += " \(word)"
        } else {
          lines.append(lines.isEmpty ? String(word) : "# \(word)")
        }
      }
    }
  }

  private static let maxWidth = 118
  private static let valuesPerLine = 16

  /// `registers:` of a test with everything that the decoder reads and the image has.
  static func registers(_ image: RegisterImage, _ decoder: EndpointDecoder) -> [String] {
    var needed: [RegisterSpace: Set<UInt16>] = [:]
    func need(_ range: RegisterRange) {
      for offset in 0..<Int(range.count) {
        guard let address = UInt16(exactly: Int(range.address) + offset), image.tables[range.space]?[address] != nil
        else { continue }
        needed[range.space, default: []].insert(address)
      }
    }
    var setup = EndpointDecoder(decoder.bound)
    for _ in 0..<RegisterImage.maxSetupReads {
      guard let range = setup.nextSetupRead() else { break }
      need(range)
      setup.acceptSetup(image.values(range).map { .registers($0) } ?? .exception(2))
    }
    for planned in decoder.readPlan { need(planned.range) }
    var lines = ["registers:"]
    for table in RegisterTable.allCases {
      // A draft is of one unit.
      guard let addresses = needed[RegisterSpace(table: table)], !addresses.isEmpty else { continue }
      lines.append("  \(table.rawValue):")
      for span in RegisterSpan.spans(addresses) {
        let values = span.addresses.map { "\(image[table][$0] ?? 0)" }
        let rows = stride(from: 0, to: values.count, by: valuesPerLine).map { start in
          values[start..<min(start + valuesPerLine, values.count)].joined(separator: ", ")
        }
        lines.append("    \(span.addresses.lowerBound): [\(rows.joined(separator: ",\n          "))]")
      }
    }
    return lines
  }
}
