import ArgumentParser
import DeviceProfiles
import DeviceSimulator
import EnergyModel
import Foundation
import LocatedYAML
import Logging
import ModbusWire
import TimeSource

/// Plays device profiles on the real wire.
@main
struct HeddleSimulator: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heddle-simulator",
    abstract: "Plays device profiles on the real wire: Modbus TCP and RTU, MQTT, HTTP.",
    subcommands: [PlayHome.self, PlayProfile.self])
}

/// What both forms share.
struct SimulationOptions: ParsableArguments {
  @Option(help: "A directory with profiles; later ones override earlier ones. Repeatable.")
  var profiles: [String] = []

  @Option(help: "Simulated seconds per second, 0.001 to 3600.")
  var speed: Double?

  @Option(help: "Chooses clouds, loads and noise.")
  var seed: UInt64?

  @Option(help: "Where the sun stands at the start: now, noon, or a time such as 7:30.")
  var sun: String?

  @Option(
    help: """
      What goes wrong: silent[:SHARE], drop[:SHARE], exceptionCODE[:ADDRESS], ignore-writes, html, offline. For one \
      device NAME=FAULT. Repeatable.
      """)
  var fault: [String] = []

  @Option(help: "A file with lines 'NAME: FAULT …' that is looked at every second; '*' is every device.")
  var faultFile: String?

  @Option(help: "Written when everything listens: JSON with the ports.")
  var readyFile: String?

  func library() throws -> ProfileLibrary {
    guard !profiles.isEmpty else { throw ValidationError("give a directory with profiles: --profiles DIR") }
    let library = ProfileLibrary(directories: profiles)
    for finding in library.diagnostics { report(finding.picture) }
    return library
  }

  func run(_ plan: HomePlan) async throws {
    // A client that goes away in the middle of an answer is no reason to end.
    signal(SIGPIPE, SIG_IGN)
    var plan = plan
    if let speed { plan.home.speed = min(max(speed, 0.001), HomeConfiguration.maxSpeed) }
    if let seed { plan.home.seed = seed }
    if let sun {
      guard let start = HomePlan.sunStart(sun) else { throw ValidationError("--sun: '\(sun)' is no time of day") }
      plan.startSecondsOfDay = start
    }
    let run = try HomeRun(plan: plan, time: .system, logger: Logger(label: "heddle-simulator"))
    try applyFaults(to: run.simulation)
    let readyFile = readyFile
    try await run.run(faultFile: faultFile) { ready in
      print(ready.json)
      fflush(nil)
      guard let readyFile else { return }
      do {
        try ready.json.write(toFile: readyFile, atomically: true, encoding: .utf8)
      } catch {
        report("\(readyFile): \(error)")
      }
    }
  }

  private func applyFaults(to simulation: Simulation) throws {
    var plans: [String: String] = [:]
    for text in fault {
      let halves = text.split(separator: "=", maxSplits: 1).map(String.init)
      let name = halves.count == 2 ? halves[0] : "*"
      plans[name, default: ""] += " " + (halves.last ?? "")
    }
    for (name, faults) in plans.sorted(by: { $0.key < $1.key }) {
      guard simulation.setFaults(try FaultPlan(parsing: faults), name: name) else {
        throw ValidationError("--fault: there is no device '\(name)'")
      }
    }
  }
}

/// `heddle-simulator home FILE`
struct PlayHome: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "home", abstract: "Plays all devices of a home file; they share one physics.")

  @Argument(help: "The home file.", completion: .file(extensions: ["yaml"]))
  var file: String

  @OptionGroup var options: SimulationOptions

  func run() async throws {
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let (plan, findings) = HomePlan.read(text: text, file: file, library: try options.library())
    for finding in findings { report(finding.picture) }
    guard let plan else { throw ExitCode(78) }
    try await options.run(plan)
  }
}

/// `heddle-simulator play PROFILE`
struct PlayProfile: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "play", abstract: "Plays one product.")

  @Argument(help: "The id of the profile.")
  var profile: String

  @Option(help: "Listens for Modbus on this port, by TCP or in the framing of the product; 0 lets the kernel choose.")
  var modbusPort: Int?

  @Option(
    help: """
      How the Modbus device is reached: tcp, rtuOverTcp, rtuOverUdp, givenergy or aa55. As the profile's first framing \
      is, where nothing is said.
      """)
  var link: String?

  @Option(help: "Plays a Modbus RTU device on this serial line.")
  var serial: String?

  @Option(help: "Speed of the serial line.")
  var baud = 9600

  @Option(help: "The Modbus unit identifier.")
  var unit: UInt8 = 1

  @Option(help: "The broker of an MQTT device, as HOST:PORT.")
  var mqtt: String?

  @Option(help: "Serves the vendor's HTTP API on this port; 0 lets the kernel choose.")
  var httpPort: Int?

  @Option(help: "The address to listen on.")
  var host = "127.0.0.1"

  @Option(help: "A parameter of the profile, as NAME=VALUE. Repeatable.")
  var parameter: [String] = []

  @Option(help: "What a meter measures: grid, load, pv or sub.")
  var role: String?

  @OptionGroup var options: SimulationOptions

  func run() async throws {
    let library = try options.library()
    guard let found = library.profile(profile) else {
      let known = library.profiles.keys.sorted().joined(separator: ", ")
      throw ValidationError("there is no profile '\(profile)'; known: \(known)")
    }
    var plan = HomePlan()
    plan.modbus = .init(host: host, port: modbusPort ?? 0)
    plan.httpHost = host
    if let mqtt { plan.broker = try Self.address(mqtt) }
    let place = try place(of: found)
    var deviceOptions = DeviceOptions(name: profile)
    if let role {
      guard let known = MeterRole(rawValue: role) else { throw ValidationError("--role: unknown role '\(role)'") }
      deviceOptions.meterRole = known
    }
    do {
      let bound = try BoundProfile(profile: found, parameters: try parameters(of: found))
      plan.devices = [.init(profile: bound, options: deviceOptions, place: place)]
    } catch let error as ProfileBindingError {
      throw ValidationError(error.hint.map { "\(error.message); \($0)" } ?? error.message)
    }
    try await options.run(plan)
  }

  private func place(of profile: DeviceProfile) throws -> HomePlan.Place {
    switch profile.transport {
    case .modbus(let settings):
      if let serial { return .serial(path: serial, baud: baud, unit: unit) }
      return try modbusPlace(of: profile, settings)
    case .mqtt:
      guard mqtt != nil else { throw ValidationError("an MQTT device needs a broker: --mqtt HOST:PORT") }
      return .mqtt
    case .http: return .http(port: httpPort ?? 0)
    }
  }

  private func modbusPlace(of profile: DeviceProfile, _ settings: ModbusSettings) throws -> HomePlan.Place {
    var kind = settings.framings.first.map { ModbusLinkKind.usual(for: $0) } ?? .tcp
    if let link {
      guard let known = ModbusLinkKind(rawValue: link) else { throw ValidationError("--link: unknown link '\(link)'") }
      kind = known
    }
    let place: HomePlan.Place =
      kind == .tcp ? .modbus(unit: unit) : .framed(kind, port: modbusPort ?? 0, unit: unit)
    guard place.isServed(by: profile.transport) else {
      throw ValidationError("--link: \(profile.id) does not speak what \(kind.rawValue) carries")
    }
    return place
  }

  private func parameters(of profile: DeviceProfile) throws -> [String: ScalarValue] {
    var result: [String: ScalarValue] = [:]
    for text in parameter {
      let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard halves.count == 2 else { throw ValidationError("--parameter: write NAME=VALUE instead of '\(text)'") }
      let kind = profile.parameters.first { $0.name == halves[0] }?.kind
      result[halves[0]] = HomePlan.parameterValue(halves[1], kind: kind)
    }
    return result
  }

  private static func address(_ text: String) throws -> HomePlan.Address {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (1...65_535).contains(port)
    else { throw ValidationError("--mqtt: write HOST:PORT instead of '\(text)'") }
    return HomePlan.Address(host: String(text[..<colon]), port: port)
  }
}

/// Says something to the person at the terminal.
private func report(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
