import ArgumentParser
import DeviceProfiles
import EnergyModel
import Foundation
import HTTPAdapter
import LocatedYAML
import ModbusAdapter
import MQTTAdapter
import ProfileExplanation
import TimeSource

/// `heddle profile record`: a capture of a live device. Nothing is ever written to the device.
struct ProfileRecordCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record", abstract: "Record what a live device says, as a capture for 'decode', 'new' and tests.",
    discussion: """
      Modbus: 'record HOST[:PORT]' or '--serial DEVICE', with a profile, with '--registers holding:0-200', or with \
      neither for a SunSpec device. MQTT: '--broker HOST[:PORT] --topic FILTER'. HTTP: '--http URL --path PATH'. It asks \
      slowly, keeps what it has after each answer, and goes on from there when it is started again. Serials, MAC and mail \
      addresses and secrets are replaced. A device that allows one client only must not be read by the gateway meanwhile.
      """)

  @Argument(help: "Host of a Modbus TCP device, with the port if it is not 502.")
  var host: String?
  @Option(help: "A serial line instead, such as /dev/ttyUSB0.")
  var serial: String?
  @Option(help: "Bits per second of the serial line.")
  var baud = 9600
  @Option(help: "Parity of the serial line: none, even or odd.")
  var parity = "none"
  @Option(help: "An MQTT broker instead.")
  var broker: String?
  @Option(help: "A topic, with + and #. Repeatable.")
  var topic: [String] = []
  @Option(help: "An HTTP host instead, as http://host[:port].")
  var http: String?
  @Option(help: "A path to ask for. Repeatable.")
  var path: [String] = []
  @Option(help: "The user, where broker or host want one; the password comes from $HEDDLE_PASSWORD.")
  var user: String?
  @Option(help: "How the HTTP host wants the password: basic or digest.")
  var auth: String?
  @Option(help: "SHA-256 of the certificate of an HTTPS host that made its own.")
  var fingerprint: String?
  @Option(help: "Registers as TABLE:FIRST-LAST. Repeatable.")
  var registers: [String] = []
  @Option(help: "Unit of the Modbus device; a profile says it itself.")
  var unit: UInt8 = 1
  @Option(help: "Registers in one request, at most.")
  var chunk = 16
  @Option(help: "Requests in a second, at most.")
  var rate = 2.0
  @Option(name: .customLong("for"), help: "How long to listen to a broker or wait for a host.")
  var duration = "60s"
  @Option(help: "A profile that says what to read: a file or an id.")
  var profile: String?
  @Flag(help: "Leave serials, addresses and secrets as they are. Such a file must not be published.")
  var unredacted = false
  @Option(name: .shortAndLong, help: "The file to write, or to go on with.")
  var output: String
  @OptionGroup var parameters: ProfileParameters
  @OptionGroup var options: ProfileOptions

  func run() async throws {
    let environment = ProcessInfo.processInfo.environment
    let bench = ProfileBench(output: Output.standard(environment: environment), options: options)
    let status = await perform(on: bench, environment: environment)
    if status != .fine { throw ExitCode(status.rawValue) }
  }

  /// Runs and reports what goes wrong.
  func perform(on bench: ProfileBench, environment: [String: String]) async -> ExitStatus {
    do {
      let bound = try profile.map { name throws(CommandFailure) in
        try parameters.bind(try bench.profile(name), isOffline: false)
      }
      let earlier = try RecordedCapture.read(output)
      let capture =
        switch try transport(bound) {
        case .modbus: try await recordRegisters(bound, earlier)
        case .mqtt, .http: try await recordDocuments(bound, earlier, password: environment["HEDDLE_PASSWORD"])
        }
      guard !capture.isEmpty else {
        throw CommandFailure(message: "the device said nothing that could be recorded", status: .unreachable)
      }
      bench.output.print([summary(capture)])
      return .fine
    } catch {
      return bench.report(error)
    }
  }

  private enum Way { case modbus, mqtt, http }

  private func transport(_ bound: BoundProfile?) throws(CommandFailure) -> Way {
    let given = [host ?? serial, broker, http].compactMap(\.self)
    guard given.count == 1, host == nil || serial == nil else {
      throw CommandFailure(
        message: "say one device: HOST[:PORT], --serial DEVICE, --broker HOST or --http URL", status: .usage)
    }
    let way: Way = broker != nil ? .mqtt : http != nil ? .http : .modbus
    let spoken = bound.map { ProfileWords.transport($0.profile.transport) }
    guard spoken == nil || spoken == "\(way)" else {
      throw CommandFailure(message: "the profile speaks \(spoken ?? ""), not \(way)", status: .usage)
    }
    return way
  }

  private func summary(_ capture: RecordedCapture) -> String {
    let registers = capture.images.values.reduce(0) { $0 + $1.tables.values.reduce(0) { $0 + $1.count } }
    let refused = capture.absent.values.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.count } }
    let parts = [
      (registers, "register"), (refused, "refused register"), (capture.messages.count, "message"),
      (capture.responses.count, "answer"), (capture.droppedMessages, "further message"),
    ]
    let words = parts.filter { $0.0 > 0 }.map { ProfileWords.count($0.0, $0.1) }
    return "\(output) has \(words.joined(separator: ", "))"
  }

  // MARK: Modbus

  private func recordRegisters(
    _ bound: BoundProfile?, _ earlier: RecordedCapture
  ) async throws -> RecordedCapture {
    guard rate > 0, rate <= 1000, (1...125).contains(chunk) else {
      throw CommandFailure(message: "a rate is above 0, a chunk from 1 to 125 registers", status: .usage)
    }
    let ranges = try registers.map { text throws(CommandFailure) in try Self.range(text) }
    let reader = try ModbusReader(try medium(), loops: SocketLoops())
    var settings: ModbusSettings?
    if case .modbus(let stated)? = bound?.profile.transport { settings = stated }
    let timeout = max(settings?.timeout ?? Self.timeout, Self.timeout)
    var recorder = RegisterRecorder(
      capture: earlier, unit: bound?.modbusUnit ?? unit, chunk: min(chunk, settings?.maxRegisters ?? chunk),
      read: { range, unit async throws(ModbusReadFailure) in try await reader.read(range, unit: unit, timeout: timeout)
      },
      pause: { capture throws(CommandFailure) in
        try capture.write(to: output, isRedacted: !unredacted)
        Thread.sleep(forTimeInterval: 1 / rate)
      })
    for range in ranges { try await recorder.record(range) }
    if let bound {
      try await recorder.record(bound)
    } else if ranges.isEmpty, try await recorder.recordSunSpec().isEmpty {
      throw CommandFailure(
        message: "no SunSpec device is there", hint: "say what to read: --registers holding:0-100, or --profile ID")
    }
    try recorder.capture.write(to: output, isRedacted: !unredacted)
    return recorder.capture
  }

  /// Slow devices behind converters need more than a gateway would wait for.
  private static let timeout = Duration.seconds(3)

  private func medium() throws(CommandFailure) -> ModbusLinkConfiguration {
    if let serial {
      guard let parity = ModbusLinkConfiguration.SerialLine.Parity(rawValue: parity) else {
        throw CommandFailure(message: "'\(parity)' is not one of none, even, odd", status: .usage)
      }
      return ModbusLinkConfiguration(
        name: "record", medium: .rtu(.init(device: serial, baud: baud, parity: parity)))
    }
    let (name, port) = try Self.address(host ?? "", defaultPort: 502)
    return ModbusLinkConfiguration(name: "record", medium: .tcp(host: name, port: port))
  }

  /// `host`, `host:port`, `[v6]:port`.
  static func address(_ text: String, defaultPort: UInt16) throws(CommandFailure) -> (host: String, port: UInt16) {
    let isBareV6 = text.count(where: { $0 == ":" }) > 1 && !text.hasPrefix("[")
    var name = text
    var port = defaultPort
    if let colon = text.lastIndex(of: ":"), !isBareV6, !text.hasSuffix("]") {
      guard let number = UInt16(text[text.index(after: colon)...]), number > 0 else {
        throw CommandFailure(message: "'\(text)' has no port from 1 to 65535 behind the colon", status: .usage)
      }
      port = number
      name = String(text[..<colon])
    }
    if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
    guard !name.isEmpty else { throw CommandFailure(message: "'\(text)' is no host", status: .usage) }
    return (name, port)
  }

  /// `holding:0-200`.
  static func range(_ text: String) throws(CommandFailure) -> RegisterRange {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2, let table = RegisterTable(rawValue: parts[0]), let span = RegisterSpan(parts[1]),
      let count = UInt16(exactly: span.addresses.count)
    else {
      throw CommandFailure(
        message: "'\(text)' is no range of registers", hint: "write TABLE:FIRST-LAST, such as holding:0-200",
        status: .usage)
    }
    return RegisterRange(table: table, address: span.addresses.lowerBound, count: count)
  }

  // MARK: MQTT and HTTP

  private func recordDocuments(
    _ stated: BoundProfile?, _ earlier: RecordedCapture, password: String?
  ) async throws -> RecordedCapture {
    guard let limit = DurationText.parse(duration), limit > .zero else {
      throw CommandFailure(message: "'\(duration)' is not a duration such as 60s or 5min", status: .usage)
    }
    let topics = broker == nil ? [] : topic.isEmpty ? ["#"] : topic
    let login = user == nil ? nil : auth ?? "basic"
    guard broker != nil || stated != nil || !path.isEmpty else {
      throw CommandFailure(message: "say what to ask for: --path /status, or --profile ID", status: .usage)
    }
    let bound: BoundProfile
    if let stated {
      bound = stated
    } else {
      let plain = try DocumentRecorder.plainProfile(
        topics: topics, paths: broker == nil ? path : [], login: broker == nil ? login : nil)
      let credentials: [String: ScalarValue] =
        plain.parameters.isEmpty ? [:] : ["user": .text(user ?? ""), "password": .text(password ?? "")]
      bound = try BoundProfile(profile: plain, parameters: credentials)
    }
    let paths = Set(bound.polledRequests.map(\.request.path))
    let recorder = DocumentRecorder(bound: bound, time: .system)
    let (capture, problem) = try await recorder.record(from: try link(password), for: limit, into: earlier) { capture in
      if !capture.isEmpty { try capture.write(to: output, isRedacted: !unredacted) }
      return !paths.isEmpty && paths.isSubset(of: capture.responses.keys)
    }
    if capture.isEmpty, let problem { throw CommandFailure(message: problem, status: .unreachable) }
    return capture
  }

  private func link(_ password: String?) throws -> DocumentRecorder.Link {
    if let broker {
      let (name, port) = try Self.address(broker, defaultPort: 1883)
      return .broker(
        MQTTLinkConfiguration(
          name: "record", host: name, port: Int(port), clientID: "heddle-record-\(UInt32.random(in: 0...UInt32.max))",
          user: user, password: password, session: .clean))
    }
    let trust = fingerprint.map { HTTPTrust.pinned(sha256: $0) } ?? .system
    return .host(try HTTPLinkConfiguration(url: http ?? "", trust: trust))
  }
}
