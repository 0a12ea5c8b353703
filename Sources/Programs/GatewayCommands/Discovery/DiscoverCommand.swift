import ArgumentParser
import DeviceDiscovery
import DeviceProfiles
import Foundation
import LocalAPIClient
import LocalAPISchema
import LocatedYAML
import TimeSource

/// `heddle discover`: who is there that is not configured yet.
struct DiscoverCommand: GatewayCommand {
  static let configuration = CommandConfiguration(
    commandName: "discover", abstract: "Find devices and say how to add them. Nothing is ever written to a device.",
    discussion: """
      Modbus TCP: 'discover 192.168.1.0/24'. A serial line: '--serial /dev/ttyUSB0'. A broker: '--mqtt HOST'. Web \
      servers: '--http 192.168.1.0/24'. The gateway looks; with --offline this program does it itself. What running links \
      have already is told and not asked, because many devices serve one client only.
      """)

  @Argument(help: "Addresses, names and ranges of Modbus TCP devices.")
  var hosts: [String] = []
  @Option(help: "TCP port instead of 502. Repeatable.")
  var port: [Int] = []
  @Option(help: "Units to ask, as 3 or 1-10. Repeatable; without it those that the profiles name.")
  var unit: [String] = []
  @Option(help: "A serial line, such as /dev/ttyUSB0.")
  var serial: String?
  @Option(help: "Bits per second to try on the line. Repeatable.")
  var baud: [Int] = []
  @Option(help: "none, even or odd, to try on the line. Repeatable.")
  var parity: [String] = []
  @Option(help: "A broker as HOST[:PORT], to which it only listens.")
  var mqtt: String?
  @Option(name: .customLong("for"), help: "How long to listen to the broker.")
  var duration = "10s"
  @Option(help: "The user, where the broker wants one; the password comes from $HEDDLE_PASSWORD.")
  var user: String?
  @Flag(help: "The broker speaks TLS; its port is 8883 unless it is said.")
  var tls = false
  @Option(
    name: .customLong("broker-ca"),
    help: "With --tls: a PEM file with the authority that signed the broker's certificate.")
  var ca: String?
  @Option(help: "Addresses, names and ranges of web servers. Repeatable.")
  var http: [String] = []
  @Option(help: "TCP port of web servers instead of 80. Repeatable.")
  var httpPort: [Int] = []
  @Option(help: "How long a connection or an answer may take.")
  var timeout: String?
  @Flag(help: "Also look at addresses that are not private.")
  var allowPublic = false
  @Flag(help: "Also ask what running links have.")
  var askConfigured = false
  @Option(help: "End the look around with this id and do nothing else.")
  var cancel: String?
  @Flag(help: "Look from here, without a gateway.")
  var offline = false
  @Option(help: "With --offline: a directory with profiles; later ones override earlier ones. Repeatable.")
  var profiles: [String] = []
  @OptionGroup var connection: ConnectionOptions

  /// How often the gateway is asked how far it is.
  static let period = Duration.milliseconds(500)

  func run() async throws {
    guard offline else { return try await runWithGateway() }
    let output = Output.standard(environment: ProcessInfo.processInfo.environment)
    var status = ExitStatus.fine
    do {
      try await lookFromHere(output)
    } catch {
      status = Self.report(error, output, json: connection.json)
    }
    if status != .fine { throw ExitCode(status.rawValue) }
  }

  func run(in session: Session) async throws -> ExitStatus {
    if let cancel {
      session.show(try await session.client.cancelDiscovery(cancel)) { _ in ["\(cancel) is ended"] }
      return .fine
    }
    let begun = try await session.client.startDiscovery(try request()).value
    var reporter = DiscoveryReporter(output: session.output, json: session.json)
    var now = begun
    while now.status == .running {
      reporter.show(now)
      try await session.sleep(Self.period)
      now = try await session.client.discovery(begun.id).value
    }
    reporter.finish(now)
    return now.status == .completed ? .fine : .partial
  }

  private func lookFromHere(_ output: Output) async throws {
    let wanted = try request()
    let plan: DiscoveryPlan
    do throws(APIError) {
      plan = try DiscoveryPlan(wanted)
    } catch {
      throw CommandFailure(message: error.message, hint: error.hint, status: .usage)
    }
    let bench = ProfileBench(
      output: output, options: try ProfileOptions.parse(profiles.flatMap { ["--profiles", $0] }))
    let catalogue = ProductCatalogue(try bench.library())
    let time = TimeSource.system
    let board = DiscoveryBoard(id: "offline", startedAt: time.wall(), plan: plan)
    let discovery = Discovery(
      plan, catalogue: catalogue, known: [], board: board, time: time, random: { Double.random(in: 0..<1) })
    let task = Task.detached { await discovery.run() }
    var reporter = DiscoveryReporter(output: output, json: connection.json)
    while board.resource.status == .running {
      reporter.show(board.resource)
      try await time.sleep(for: Self.period)
    }
    await task.value
    reporter.finish(board.resource)
  }

  /// What the options say, in the words of the API.
  func request() throws(CommandFailure) -> DiscoveryRequest {
    var units: [Int] = []
    for text in unit { units += try Self.units(text) }
    var request = DiscoveryRequest(allowPublic: allowPublic ? true : nil, askConfigured: askConfigured ? true : nil)
    if !hosts.isEmpty {
      request.modbus = .init(hosts: hosts, ports: Self.some(port), units: Self.some(units))
    }
    if let serial {
      request.serial = .init(
        device: serial, baudRates: Self.some(baud), parities: Self.some(parity), units: Self.some(units))
    }
    if let mqtt {
      let password = ProcessInfo.processInfo.environment["HEDDLE_PASSWORD"]
      request.mqtt = .init(
        broker: mqtt, seconds: try Self.seconds(duration), user: user, password: user == nil ? nil : password,
        tls: tls ? true : nil, ca: ca)
    }
    if !http.isEmpty { request.http = .init(hosts: http, ports: Self.some(httpPort)) }
    request.timeoutSeconds = try timeout.map { text throws(CommandFailure) in try Self.seconds(text) }
    guard request.modbus != nil || request.serial != nil || request.mqtt != nil || request.http != nil else {
      throw CommandFailure(
        message: "say where to look", hint: "a range such as 192.168.1.0/24, --serial, --mqtt or --http", status: .usage
      )
    }
    return request
  }

  private static func some<Element>(_ list: [Element]) -> [Element]? { list.isEmpty ? nil : list }

  private static func seconds(_ text: String) throws(CommandFailure) -> Double {
    guard let duration = DurationText.parse(text) else {
      throw CommandFailure(message: "'\(text)' is not a duration such as 10s or 500ms", status: .usage)
    }
    return duration / .seconds(1)
  }

  private static func units(_ text: String) throws(CommandFailure) -> [Int] {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    if ends.count == 1, let unit = ends[0] { return [unit] }
    guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last, (0...255).contains(first),
      (0...255).contains(last)
    else { throw CommandFailure(message: "'\(text)' is no unit and no range such as 1-10", status: .usage) }
    return Array(first...last)
  }
}
