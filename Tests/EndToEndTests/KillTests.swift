import Foundation
import Testing

/// The real daemon is killed at named steps of a command's life, again and again; what counts is what the device saw.
///
/// `HEDDLE_KILLS=N` kills it that often (`make soak`: 200).
@Suite(
  "Killed at each step", .serialized, .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(
    if: ["python3", "mosquitto", "mosquitto_sub", "mosquitto_pub"].allSatisfy { Programs.system($0) != nil },
    "python3, mosquitto or its clients are not installed"))
struct KillTests {
  static let kills = ProcessInfo.processInfo.environment["HEDDLE_KILLS"].flatMap { Int($0) } ?? 10

  @Test("Whenever the daemon is killed, the device got each setting at most once and comes back to its default")
  func kill() async throws {
    var table = KillTable()
    let cases = KilledWire.allCases.flatMap { wire in KilledStep.allCases.map { (wire, $0) } }
    for number in 0..<Self.kills {
      let (wire, step) = cases[number % cases.count]
      let household = try await KilledHousehold(wire)
      defer { household.gateway.clear() }
      // A power cut leaves nobody who runs the fail-safe. Each step is killed both ways within the first ten, once over
      // each wire, and over the other wire in the next ten.
      let isPowerCut = (number % 2 == 1) != ((number / cases.count) % 2 == 1)
      let outcome = try await household.life(killedAt: step, isPowerCut: isPowerCut, number)
      table.add(wire, step, outcome)
      if Self.kills > 10 { print("kill \(number) of \(Self.kills), \(wire), \(step): \(outcome.ends)") }
      for problem in outcome.problems { Issue.record("kill \(number), \(wire), \(step): \(problem)") }
    }
    for line in table.lines { print(line) }
  }
}

/// How the device is reached.
enum KilledWire: String, CaseIterable { case modbus, mqtt }

/// Where the command is when the daemon is killed.
enum KilledStep: String, CaseIterable {
  /// In the journal, and waits for another command of the device.
  case accepted
  /// In the journal as dispatched; what was sent does not arrive (Modbus), or not before the daemon is dead (MQTT).
  case dispatched
  /// At the device, which has not answered.
  case written
  /// Confirmed, with time left.
  case lease
  /// On the way back to the default.
  case reverting
}

/// What one kill came to.
struct KillOutcome {
  /// How often the device saw the setting.
  var settings = 0
  /// What the commands ended as.
  var ends: [String] = []
  /// From the kill until the device was at its default.
  var secondsToDefault: Double?
  var problems: [String] = []
}

/// A daemon with one device that does what the test needs.
private struct KilledHousehold {
  let gateway: TestGateway
  let device: RunningProgram
  let wire: KilledWire
  private let broker: RunningProgram?

  init(_ wire: KilledWire) async throws {
    self.wire = wire
    gateway = try await TestGateway()
    switch wire {
    case .modbus:
      broker = nil
      device = try await StubbornBattery("fair", for: gateway).program
    case .mqtt:
      let port = try freePort()
      let file = try gateway.write("mosquitto.conf", "listener \(port) 127.0.0.1\nallow_anonymous true\n")
      broker = try gateway.peer(try Programs.required("mosquitto"), ["-c", file])
      _ = await eventually(within: 10) { isListening(port) }
      (device, _) = try await gateway.script(
        try Programs.required("python3"), "stubborn_valve.py", ["127.0.0.1", "\(port)", "fair"])
      try gateway.write("profiles/valve.yaml", StubbornValve.profile)
      try gateway.configure(
        """
        links:
          - {id: zigbee, mqtt: {broker: "127.0.0.1:\(port)"}}
        devices:
          - {id: device-1, profile: stubborn-valve, link: zigbee}
        """)
    }
  }

  private var id: String { wire == .modbus ? "battery-1" : "device-1" }
  private var normal: Int { wire == .modbus ? 0 : 20 }
  private var setting: Int { wire == .modbus ? 2000 : 24 }
  private var other: Int { wire == .modbus ? 1000 : 22 }

  private var lines: [Substring] { device.said.split(separator: "\n") }
  private func values(_ word: String) -> [Int] {
    lines.filter { $0.hasPrefix("\(word) ") }.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
  }
  private var isNormal: Bool { (values("now").last ?? normal) == normal }

  // MARK: One life

  func life(killedAt step: KilledStep, isPowerCut: Bool, _ number: Int) async throws -> KillOutcome {
    try await gateway.start()
    guard await gateway.reaches(id, "online") else { return KillOutcome(problems: ["not online: \(gateway.log)"]) }
    try await reach(step, lastsLong: !isPowerCut)
    // Not always the same moment after the step was seen.
    try await Task.sleep(for: .milliseconds(number * 7 % 60))
    let writesBefore = values("write")
    try await gateway.crash()
    let killed = Date()
    if step == .dispatched { broker?.send(SIGCONT) }
    device.tell("fair")
    if !isPowerCut { _ = try await gateway.failSafe() }
    try await gateway.start()
    var outcome = KillOutcome()
    let isOver = await eventually(within: 60) {
      let all = try? await commands()
      return isNormal && all?.allSatisfy { Self.isOver($0) } ?? false
    }
    outcome.secondsToDefault = Date().timeIntervalSince(killed)
    outcome.ends = try await commands().compactMap { $0["status"] as? String }
    outcome.settings = values("write").filter { $0 == setting }.count
    if !isOver { outcome.problems.append("not back to normal: \(lines.suffix(5)), \(outcome.ends)\n\(gateway.log)") }
    check(step, writesBefore, &outcome)
    let audit = try await gateway.cli("audit", "verify", "--store", gateway.path("heddle.db"))
    if audit.status != 0 { outcome.problems.append("the audit: \(audit.output)\(audit.errors)") }
    return outcome
  }

  private func check(_ step: KilledStep, _ before: [Int], _ outcome: inout KillOutcome) {
    let written = values("write")
    if outcome.settings > 1 { outcome.problems.append("the setting was written twice: \(written)") }
    if step == .accepted, outcome.settings > 0 { outcome.problems.append("sent after the restart: \(written)") }
    if step == .dispatched, wire == .modbus, outcome.settings > 0 {
      outcome.problems.append("sent after the restart: \(written)")
    }
    let isSurvivor = outcome.ends.contains("confirmed")
    if isSurvivor { outcome.problems.append("a lease does not end: \(outcome.ends)") }
  }

  private static func isOver(_ command: [String: Any]) -> Bool {
    ["completed", "reverted", "unconfirmed", "failed", "expired", "cancelled", "superseded"]
      .contains(command["status"] as? String)
  }

  // MARK: Steps

  /// Brings the newest command to a step.
  private func reach(_ step: KilledStep, lastsLong: Bool) async throws {
    switch step {
    case .accepted:
      // Everything is known before the device goes deaf, so that the second command need not read it behind the first.
      _ = await eventually(within: 10) {
        (try? await gateway.fields(id))?.values.allSatisfy { !(($0 as? [String: Any])?["value"] is NSNull) } ?? false
      }
      device.tell("deaf")
      try await send(other)
      _ = await eventually(within: 10) { values("write").contains(other) }
      try await send(setting)
      try await newest(is: ["queued"])
    case .dispatched:
      if wire == .modbus { device.tell("lost") } else { broker?.send(SIGSTOP) }
      // After a power cut a lease with time left goes on, so that one has to be short.
      try await send(setting, seconds: lastsLong ? 1800 : 12)
      try await newest(is: ["dispatched"])
    case .written:
      device.tell(lastsLong ? "struck" : "deaf")
      try await send(setting)
      _ = await eventually(within: 10) { values("write").contains(setting) }
    case .lease:
      try await send(setting, seconds: lastsLong ? 1800 : 8)
      try await newest(is: ["confirmed"])
    case .reverting:
      device.tell("clings")
      try await send(setting, seconds: 2)
      _ = await eventually(within: 15) { values("write").last == normal }
    }
  }

  private func send(_ value: Int, seconds: Int = 1800) async throws {
    let words =
      wire == .modbus
      ? ["battery", "charge", id, "--power", "\(value)W"] : ["thermostat", "set", id, "--heat", "\(value)C"]
    let sent = try await gateway.cli(words + ["--for", "\(seconds)s", "--no-wait"])
    #expect(sent.status == 0, "\(sent.output)\(sent.errors)\n\(gateway.log)")
  }

  private func newest(is statuses: Set<String>) async throws {
    let isSo = await eventually(within: 15) {
      (try? await gateway.newestCommand(id))?["status"].flatMap { $0 as? String }.map(statuses.contains) ?? false
    }
    #expect(isSo, "\(statuses): \(gateway.log)")
  }

  private func commands() async throws -> [[String: Any]] {
    try await gateway.json("command", "list", "--device", id)["data"] as? [[String: Any]] ?? []
  }
}

/// What all kills came to, as a table.
private struct KillTable {
  private var rows: [(wire: KilledWire, step: KilledStep, outcome: KillOutcome)] = []

  mutating func add(_ wire: KilledWire, _ step: KilledStep, _ outcome: KillOutcome) {
    rows.append((wire, step, outcome))
  }

  var lines: [String] {
    var lines = ["wire    step        kills  setting seen at most  twice  at default after s (p50, max)  ends"]
    for wire in KilledWire.allCases {
      for step in KilledStep.allCases {
        let outcomes = rows.filter { $0.wire == wire && $0.step == step }.map(\.outcome)
        guard !outcomes.isEmpty else { continue }
        let times = outcomes.compactMap(\.secondsToDefault).sorted()
        let ends = Dictionary(outcomes.flatMap(\.ends).map { ($0, 1) }, uniquingKeysWith: +)
        let words = [
          wire.rawValue.padding(8), step.rawValue.padding(12), "\(outcomes.count)".padding(7),
          "\(outcomes.map(\.settings).max() ?? 0)".padding(22),
          "\(outcomes.filter { $0.settings > 1 }.count)".padding(7),
          String(format: "%.1f, %.1f", times[times.count / 2], times.last ?? 0).padding(31),
          ends.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "),
        ]
        lines.append(words.joined())
      }
    }
    return lines
  }
}

extension String {
  fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
