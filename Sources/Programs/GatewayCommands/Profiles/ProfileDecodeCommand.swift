import ArgumentParser
import DeviceProfiles
import EnergyModel
import Foundation
import ProfileExplanation

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
