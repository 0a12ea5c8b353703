import ArgumentParser
import DeviceProfiles
import EnergyModel
import Foundation

/// `heddle profile decode`: a capture in, the unified device out, without hardware.
struct ProfileDecodeCommand: ProfileTool {
  static let configuration = CommandConfiguration(
    commandName: "decode", abstract: "What a profile makes of captured data.",
    discussion: """
      A capture is a file or a folder. Modbus: {"start": 40000, "registers": [1, 2]} or {"holding": {"40000": [1, 2]}}, \
      also below the number of a unit, or frames in hexadecimal with their requests, one to a line. MQTT: {"topic": \
      payload}, or lines as 'mosquitto_sub -v' writes them. HTTP: {"request or path": body}, or a folder of answers in \
      files named after the path. Ends with 2 when something that the profile expects gave no value.
      """)

  @Argument(help: "Path of the profile's file, or its id.")
  var profile: String
  @Option(help: "The file or folder with the captured data.")
  var capture: String
  @Flag(help: "Show each step from the raw value to the reading, with the profile's line.")
  var explain = false
  @Flag(help: "Registers that are not in the capture are 0: for scans that leave zeros out.")
  var zeros = false
  @OptionGroup var parameters: ProfileParameters
  @OptionGroup var options: ProfileOptions

  func run(on bench: ProfileBench) throws -> ExitStatus {
    let bound = try parameters.bind(try bench.profile(profile))
    var content = try DeviceCapture.read(capture, for: bound)
    content.registers.isZeroElsewhere = zeros
    let decoded = DecodedCapture(content, bound, explained: explain)
    bench.show(decoded) {
      explain ? decoded.explanation(file: bound.profile.file) : decoded.lines(color: bench.output.color)
    }
    return decoded.isComplete ? .fine : .partial
  }
}

/// What a profile made of a capture.
struct DecodedCapture: Encodable {
  /// One point of the profile.
  struct Value: Encodable {
    var name: String
    /// Whether only expressions see it.
    var isLocal: Bool
    var source: String
    /// As the device said it.
    var raw: String?
    var value: JSONScalar
    var unit: String
    /// Empty where there was nothing to judge.
    var quality: String
    var verdict: String
    /// Whether the profile has reason to expect a value, and there is none.
    var isUnexpected: Bool
    /// The line of the profile.
    var line: Int
    /// From the raw value to the reading, where that was asked for.
    var steps: [PointExplanations.Step]?
  }

  struct Device: Encodable {
    var part: String
    var type: String
    var values: [Value]
  }

  var profile: String
  /// The variant in force; `nil` = none.
  var variant: String?
  /// Parameters that the captured device said itself.
  var found: [String: JSONScalar] = [:]
  var devices: [Device] = []
  /// What the decoder could not understand.
  var problems: [String] = []
  /// Registers that the profile reads and that are not in the capture.
  var missing: [String] = []
  /// Topics and requests of the capture that the profile does not read.
  var unused: [String] = []
  var remarks: [String] = []
  var isComplete = true

  init(_ capture: DeviceCapture, _ bound: BoundProfile, explained: Bool = false) {
    profile = bound.profile.id
    let decoded = DecodedPoints(capture, bound)
    remarks = capture.remarks + decoded.remarks
    problems = decoded.problems
    unused = decoded.unused
    let judge = CaptureJudge(capture: capture, decoder: decoded.decoder, snapshot: decoded.snapshot)
    let explanations = explained ? PointExplanations(capture, decoded.decoder.bound) : nil
    let inForce = decoded.decoder.bound
    variant = inForce.variant
    found = inForce.found.mapValues { JSONScalar(value: $0) }
    if let form = inForce.form { remarks.append(form) }
    for (index, part) in inForce.profile.parts.enumerated() {
      let values = part.points.map { point in
        var value = judge.value(point, part: index)
        value.steps = explanations?.steps(of: point.name, part: index)
        return value
      }
      devices.append(Device(part: part.name, type: part.kind.rawValue, values: values))
    }
    missing = judge.missingRegisters.map(\.description)
    isComplete = problems.isEmpty && !devices.flatMap(\.values).contains(where: \.isUnexpected)
  }
}

/// A capture behind a profile's decoder.
struct DecodedPoints {
  private(set) var decoder: EndpointDecoder
  /// What the decoder could not understand.
  private(set) var problems: [String] = []
  /// Topics and requests of the capture that the profile does not read.
  private(set) var unused: [String] = []
  private(set) var remarks: [String] = []

  var snapshot: EndpointSnapshot { decoder.snapshot() }

  init(_ capture: DeviceCapture, _ bound: BoundProfile) {
    let prepared = capture.registers.prepare(bound)
    if let remark = prepared.remark { remarks.append(remark) }
    decoder = prepared.decoder
    if let problem = decoder.setupProblem { problems.append(problem) }
    feed(capture)
  }

  /// Twice, because a value can come before its scale factor.
  private mutating func feed(_ capture: DeviceCapture) {
    guard decoder.setupProblem == nil else { return }
    let time = Timestamp(milliseconds: 0)
    let bodies = bodies(capture)
    var batch = ReadingBatch()
    for _ in 0..<2 {
      batch.removeAll()
      for body in bodies { decoder.decode(RawFrame(body: body, receivedAt: time), into: &batch) }
    }
    // Runs with a hole are short frames; the hole is named by its registers.
    problems += batch.problems.filter { !$0.contains("short frame") }
    if batch.unlistedProblems > 0 { problems.append("and \(batch.unlistedProblems) more") }
  }

  private mutating func bodies(_ capture: DeviceCapture) -> [RawFrame.Body] {
    let bound = decoder.bound
    switch bound.profile.transport {
    case .modbus: return decoder.readPlan.flatMap { capture.registers.frames($0.range) }
    case .mqtt where capture.documents != nil, .http where capture.documents != nil: return capture.documents ?? []
    case .mqtt:
      for message in capture.messages where !unused.contains("topic \(message.topic)") {
        let isRead = bound.subscriptions.contains { EndpointDecoder.isMatch(topic: message.topic, filter: $0) }
        if !isRead { unused.append("topic \(message.topic)") }
      }
      return capture.messages.map { .message(topic: $0.topic, payload: Array($0.payload.utf8), isRetained: false) }
    case .http:
      return capture.responses.compactMap { response in
        guard let name = bound.requestName(response.request) else {
          unused.append("request \(response.request)")
          return nil
        }
        return .response(request: name, body: Array(response.body.utf8))
      }
    }
  }
}

/// A value as JSON has it.
struct JSONScalar: Encodable {
  var value: ScalarValue
  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch value {
    case .number(let number): try container.encode(number)
    case .text(let text): try container.encode(text)
    case .flag(let flag): try container.encode(flag)
    case .null: try container.encodeNil()
    }
  }
}

extension BoundProfile {
  /// The name of the request that a capture means by its name, by its path, or by a name made from it.
  func requestName(_ text: String) -> String? {
    let names = RequestNames(self)
    return names.exact(text) ?? names.best(text)
  }
}

extension DecodedCapture {
  func lines(color: Bool) -> [String] {
    var lines: [String] = []
    for device in devices {
      let title = "\(device.part.uppercased()) POINT"
      var table = TextTable(title, "SOURCE", "RAW", ">VALUE", "UNIT", "QUALITY", "VERDICT")
      for value in device.values {
        table.add([
          .init(value.isLocal ? "\(value.name) (local)" : value.name), .init(ProfileWords.short(value.source)),
          .init(value.raw ?? ""), .init(value.shown), .init(value.unit), .init(value.quality),
          .init(value.verdict, value.isUnexpected ? .bad : value.verdict == CaptureJudge.fine ? .good : .faint),
        ])
      }
      lines += table.lines(color: color) + [""]
    }
    lines += notes
    let values = devices.flatMap(\.values)
    let absent = values.count(where: \.isUnexpected)
    let words = "\(ProfileWords.count(values.count, "point")), \(values.count { $0.value.value != .null }) with a value"
    return lines + [absent == 0 ? words : "\(words), \(absent) gave nothing unexpectedly"]
  }
}

extension DecodedCapture {
  /// Each point with the steps of its value.
  func explanation(file: String) -> [String] {
    var lines: [String] = []
    for device in devices {
      for value in device.values {
        let unit = value.unit.isEmpty ? "" : " \(value.unit)"
        let verdict = value.verdict.isEmpty ? "" : "  \(value.verdict)"
        let name = "\(device.part).\(value.name)\(value.isLocal ? " (local)" : "")"
        lines.append("\(name) = \(value.shown)\(unit)\(verdict)  (\(file):\(value.line))")
        let steps =
          [(ProfileWords.short(value.source), value.raw ?? "")]
          + (value.steps ?? []).map { ($0.what, value.raw == nil ? "" : "\($0.value.value)") }
        let width = steps.map(\.0.count).max() ?? 0
        for (what, result) in steps {
          lines.append("  \(what)\(String(repeating: " ", count: width - what.count))  \(result)")
        }
      }
    }
    return lines.map { String($0.reversed().drop { $0 == " " }.reversed()) } + notes
  }

  /// What is to be said about the whole capture.
  fileprivate var notes: [String] {
    var lines = remarks.map { "note: \($0)" } + unused.map { "not used: \($0)" }
    if !missing.isEmpty { lines.append("missing registers: \(missing.joined(separator: ", "))") }
    return lines + problems.map { "problem: \($0)" }
  }
}

extension DecodedCapture.Value {
  fileprivate var shown: String {
    switch value.value {
    case .null: Phrasing.unknown
    case .number(let number): Phrasing.shortened(number, 4)
    case .text(let text): text.isEmpty ? "none" : text
    case .flag: value.value.description
    }
  }
}
