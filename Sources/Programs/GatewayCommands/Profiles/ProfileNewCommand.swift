import ArgumentParser
import EnergyModel
import Foundation

/// `heddle profile new`: a profile to start from.
struct ProfileNewCommand: ProfileTool {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Write a commented profile to start from; it passes lint and test as it is.")

  @Option(help: "modbus, mqtt or http.")
  var transport: StarterTransport
  @Option(help: "battery, thermostat, inverter or meter.", transform: { try Self.kind($0) })
  var type: DeviceKind
  @Option(help: "The profile's id: lower case, digits, hyphens.")
  var id: String?
  @Option(name: .shortAndLong, help: "The file to write; without it the profile is printed.")
  var output: String?
  @OptionGroup var options: ProfileOptions

  private static func kind(_ text: String) throws -> DeviceKind {
    guard let kind = DeviceKind(rawValue: text) else {
      throw ValidationError("'\(text)' is not one of battery, thermostat, inverter, meter.")
    }
    return kind
  }

  private struct Written: Encodable {
    var id: String
    /// `nil` where it was only printed.
    var file: String?
    var text: String
  }

  func run(on bench: ProfileBench) throws -> ExitStatus {
    let id = id ?? "my-\(type.rawValue)"
    guard !id.isEmpty, id.allSatisfy({ $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }) else {
      throw CommandFailure(
        message: "'\(id)' is no id", hint: "use lower case letters, digits and hyphens", status: .usage)
    }
    let text = StarterProfile(id: id, transport: transport, device: StarterDevice.of(type)).text
    if let output { try write(text, to: output) }
    if bench.json {
      bench.show(Written(id: id, file: output, text: text)) { [] }
    } else if let output {
      bench.output.print(["\(output) is written; now 'heddle profile test \(output)'"])
    } else {
      bench.output.write(text)
    }
    return .fine
  }

  /// Never over a file that is there.
  private func write(_ text: String, to path: String) throws(CommandFailure) {
    do {
      try Data(text.utf8).write(to: URL(filePath: path), options: .withoutOverwriting)
    } catch {
      let isThere = FileManager.default.fileExists(atPath: path)
      throw CommandFailure(
        message: isThere ? "\(path) is there already" : "\(path) cannot be written: \(error.localizedDescription)",
        hint: isThere ? "choose another name, or remove it first" : nil)
    }
  }
}
