import ArgumentParser
import LocalAPIClient
import LocalAPISchema
import ProfileExplanation

extension DeviceCommand {
  struct Explain: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "How what a device said last became its values: register or path, raw value, each step, line of the profile.")

    @Argument(help: "Id or name.")
    var device: String
    @Option(help: "Only these points, with commas.")
    var fields: String?
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let id = try await session.device(device).value.id
      session.show(try await session.client.explanation(id, fields: fields)) {
        ExplanationView.lines($0, color: session.output.color)
      }
      return .fine
    }
  }
}

/// The steps of each point, one below the other.
enum ExplanationView {
  static func lines(_ explanation: DeviceExplanation, color: Bool) -> [String] {
    let variant = explanation.variant.map { ", variant \($0)" } ?? ""
    var lines = [
      "\(explanation.deviceId): \(explanation.part) of \(explanation.profile)\(variant), \(explanation.file)"
    ]
    for point in explanation.points { lines += [""] + self.lines(point, color: color) }
    return lines + explanation.problems.map { TextTable.paint("problem: \($0)", .bad, color) }
  }

  private static func lines(_ point: DeviceExplanation.Point, color: Bool) -> [String] {
    let isFine = point.verdict == CaptureJudge.fine
    let words = [
      point.unit.isEmpty ? text(point.value) : "\(text(point.value)) \(point.unit)",
      isFine ? point.quality : TextTable.paint(point.verdict, .warning, color),
      point.ageSeconds.map { Phrasing.age($0) } ?? "", "line \(point.line)",
    ].filter { !$0.isEmpty }
    let name = TextTable.paint(point.name, .strong, color) + (point.isLocal ? " (local)" : "")
    var steps = [(point.source, point.raw ?? "")]
    steps += point.steps.map { ($0.what, text($0.value)) }
    let width = steps.map(\.0.count).max() ?? 0
    return ["\(name) = \(words.joined(separator: ", "))"]
      + steps.map { what, result in
        result.isEmpty ? "  \(what)" : "  \(what)\(String(repeating: " ", count: width - what.count))  \(result)"
      }
  }

  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .number(let number): Phrasing.shortened(number, 4)
    case .text(let text): text.isEmpty ? "none" : text
    case .flag(let flag): flag ? "true" : "false"
    default: Phrasing.unknown
    }
  }
}
