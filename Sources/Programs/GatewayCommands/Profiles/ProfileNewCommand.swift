import ArgumentParser
import DeviceProfiles
import EnergyModel
import Foundation
import ModbusAdapter
import ProfileExplanation

/// `heddle profile new`: a profile to start from.
struct ProfileNewCommand: ProfileTool, AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Write a commented profile to start from; it passes lint and test as it is.",
    discussion: """
      Without a device: '--transport modbus --type battery'. From a SunSpec device: '--from sunspec HOST' or '--from \
      sunspec CAPTURE', with the points that it has and a test of what it said. From any other capture: '--from capture \
      CAPTURE', with a local for every value, to be bound to fields.
      """)

  /// What a profile is made from.
  enum Origin: String, CaseIterable, ExpressibleByArgument { case sunspec, capture }

  @Option(help: "sunspec or capture: write it from what a device said.")
  var from: Origin?
  @Argument(help: "The capture, or for sunspec also the device as HOST[:PORT].")
  var source: String?
  @Option(help: "modbus, mqtt or http.")
  var transport: StarterTransport?
  @Option(help: "battery, thermostat, inverter, meter or charger.", transform: { try Self.kind($0) })
  var type: DeviceKind?
  @Option(help: "Unit of the Modbus device.")
  var unit: UInt8 = 1
  @Option(help: "The profile's id: lower case, digits, hyphens.")
  var id: String?
  @Option(name: .shortAndLong, help: "The file to write; without it the profile is printed.")
  var output: String?
  @OptionGroup var options: ProfileOptions

  private static func kind(_ text: String) throws -> DeviceKind {
    guard let kind = DeviceKind(rawValue: text) else {
      throw ValidationError("'\(text)' is not one of battery, thermostat, inverter, meter, charger.")
    }
    return kind
  }

  private struct Written: Encodable {
    var id: String
    /// `nil` where it was only printed.
    var file: String?
    var text: String
  }

  /// A device is asked first; everything else is there already.
  func run() async throws {
    let bench = ProfileBench(
      output: Output.standard(environment: ProcessInfo.processInfo.environment), options: options)
    let status: ExitStatus
    if from == .sunspec, let source, !FileManager.default.fileExists(atPath: source) {
      status = await draft(fromDevice: source, on: bench)
    } else {
      status = perform(on: bench)
    }
    if status != .fine { throw ExitCode(status.rawValue) }
  }

  private func draft(fromDevice host: String, on bench: ProfileBench) async -> ExitStatus {
    do {
      let id = try checkedID()
      let image = try await live(host)
      return try deliver(try SunSpecDraft.draft(image, id: id, unit: Int(unit)).text(), id, on: bench)
    } catch {
      return bench.report(error)
    }
  }

  func run(on bench: ProfileBench) throws -> ExitStatus {
    let id = try checkedID()
    let text = if let from { try draft(from: from, id: id) } else { try starter(id) }
    return try deliver(text, id, on: bench)
  }

  private func checkedID() throws(CommandFailure) -> String {
    let id = id ?? "my-\(type?.rawValue ?? "device")"
    guard !id.isEmpty, id.allSatisfy({ $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }) else {
      throw CommandFailure(
        message: "'\(id)' is no id", hint: "use lower case letters, digits and hyphens", status: .usage)
    }
    return id
  }

  private func deliver(_ text: String, _ id: String, on bench: ProfileBench) throws -> ExitStatus {
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

  private func starter(_ id: String) throws(CommandFailure) -> String {
    guard let transport, let type else {
      throw CommandFailure(
        message: "say --transport and --type, or --from sunspec or capture", hint: "see 'heddle profile new --help'",
        status: .usage)
    }
    return StarterProfile(id: id, transport: transport, device: StarterDevice.of(type)).text
  }

  // MARK: From what a device said

  private func draft(from origin: Origin, id: String) throws(CommandFailure) -> String {
    guard let source else {
      throw CommandFailure(message: "say which capture", hint: "--from \(origin.rawValue) FILE", status: .usage)
    }
    switch origin {
    case .sunspec:
      return try SunSpecDraft.draft(try captured(source).registers, id: id, unit: Int(unit)).text()
    case .capture:
      let transport = if let transport { transport } else { try Self.transport(of: source) }
      return try CaptureDraft.draft(
        try captured(source, transport), id: id, kind: type ?? .meter, transport: transport, unit: Int(unit)
      ).text()
    }
  }

  /// The whole map of a device that answers, read as `heddle profile record` does.
  private func live(_ host: String) async throws -> RegisterImage {
    let (name, port) = try ProfileRecordCommand.address(host, defaultPort: 502)
    let reader = try ModbusReader(
      ModbusLinkConfiguration(name: "new", medium: .tcp(host: name, port: port)), loops: SocketLoops())
    var recorder = RegisterRecorder(
      capture: RecordedCapture(), unit: unit, chunk: Self.chunk,
      read: { range, unit async throws(ModbusReadFailure) in
        try await reader.read(range, unit: unit, timeout: Self.timeout)
      },
      pause: { _ in Thread.sleep(forTimeInterval: Self.pause) })
    guard try await !recorder.recordSunSpec().isEmpty else {
      throw CommandFailure(message: "\(host) has no SunSpec marker", hint: "is the unit right? say --unit N")
    }
    return recorder.capture.images[Int(unit)] ?? RegisterImage()
  }

  private static let chunk = 32
  private static let timeout = Duration.seconds(3)
  private static let pause = 0.1

  /// Any capture, without a profile that says what is wanted of it.
  private func captured(
    _ path: String, _ transport: StarterTransport = .modbus
  ) throws(CommandFailure) -> DeviceCapture {
    let settings: ProfileTransport =
      switch transport {
      case .modbus: .modbus(ModbusSettings(unit: Expression(constant: .number(Double(unit)))))
      case .mqtt: .mqtt(MQTTSettings())
      case .http: .http(HTTPSettings())
      }
    var profile = try DocumentRecorder.plainProfile(topics: ["#"], paths: [], login: nil)
    profile.transport = settings
    profile.parts = []
    guard let bound = try? BoundProfile(profile: profile, parameters: [:]) else {
      throw CommandFailure(message: "\(path) cannot be read")
    }
    return try DeviceCapture.read(path, for: bound, isComplete: false)
  }

  /// What a capture of `heddle profile record` is of; registers where it does not say.
  private static func transport(of path: String) throws(CommandFailure) -> StarterTransport {
    let text = try ProfileFiles.text(path)
    if text.contains("\"messages\"") { return .mqtt }
    return text.contains("\"responses\"") ? .http : .modbus
  }

  // MARK: File

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
