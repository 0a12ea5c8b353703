import Foundation
import Testing

/// What the broker got an acknowledgement for is on the disk, whenever the daemon is killed.
///
/// `HEDDLE_MESSAGE_KILLS=N` kills it that often (`make soak`: 100).
@Suite(
  "Acknowledged messages", .serialized, .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(
    if: ["mosquitto", "mosquitto_pub"].allSatisfy { Programs.system($0) != nil },
    "mosquitto or its clients are not installed"))
struct AcknowledgedMessageTests {
  static let kills = ProcessInfo.processInfo.environment["HEDDLE_MESSAGE_KILLS"].flatMap { Int($0) } ?? 5
  /// Messages with each life of the daemon, twenty at a time.
  static let messagesPerKill = 300

  @Test("Of messages with QoS 1 none is lost, and no energy, however often the daemon is killed under load")
  func kill() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    let port = try freePort()
    let settings = """
      listener \(port) 127.0.0.1
      allow_anonymous true
      max_inflight_messages 0
      max_queued_messages 0

      """
    _ = try gateway.peer(
      try Programs.required("mosquitto"), ["-c", try gateway.write("mosquitto.conf", settings)])
    #expect(await eventually(within: 10) { isListening(port) })
    try gateway.write("profiles/plug.yaml", Self.plug)
    try gateway.configure(
      """
      links:
        - {id: broker, mqtt: {broker: "127.0.0.1:\(port)"}}
      devices:
        - {id: plug, profile: numbered-plug, link: broker}
      """)
    try await gateway.start()
    // The first message says that the subscription stands; the broker keeps it from then on.
    let publisher = try Programs.required("mosquitto_pub")
    func publish(_ number: Int) async throws -> Bool {
      let arguments = ["-h", "127.0.0.1", "-p", "\(port)", "-q", "1", "-t", "plug", "-m", Self.message(number)]
      return try await run(publisher, arguments).status == 0
    }
    #expect(
      await eventually(within: 15) {
        guard (try? await publish(1)) == true else { return false }
        return (try? await gateway.health("plug"))?.state == "online"
      })
    let count = Self.kills * Self.messagesPerKill
    let load = try gateway.peer("/bin/sh", ["-c", Self.load(count, publisher, port)])
    for _ in 0..<Self.kills {
      try await Task.sleep(for: .milliseconds(Int.random(in: 400...900)))
      try await gateway.crash()
      try await gateway.start()
    }
    #expect(await eventually(within: 60) { !load.isRunning })
    // The last one stands alone in its millisecond.
    try await Task.sleep(for: .milliseconds(50))
    #expect(try await publish(count + 2))
    func numbers() async throws -> [Int] {
      let csv = try await gateway.cli("history", "plug", "--by", "raw", "--csv", "--fields", "powerW").output
      return csv.split(whereSeparator: \.isNewline).dropFirst().compactMap {
        let cells = $0.split(separator: ",")
        return cells.count == 4 ? Int(cells[2]) : nil
      }
    }
    #expect(await eventually(within: 30) { (try? await numbers().contains(count + 2)) == true })
    let kept = try await numbers()
    let lost = Set(1...count + 2).subtracting(kept)
    #expect(lost.isEmpty, "\(lost.count) of \(count + 2) messages are lost: \(lost.sorted().prefix(20))")
    print("\(Self.kills) kills, \(count + 2) messages, \(lost.count) lost, \(kept.count - count - 2) twice")
    let report = try await gateway.json(
      "history", "plug", "--by", "1d", "--fields", "energyImportedTotalWh")
    let days = (report["data"] as? [[String: Any]]) ?? []
    let energy = days.compactMap { $0["difference"] as? Double }.reduce(0, +)
    let rise = Double(count + 1) * 0.0001
    #expect(abs(energy - rise) < 1e-9, "the counter rose by \(rise) Wh, booked are \(energy)")
  }

  private static func message(_ number: Int) -> String { "{\"power\": \(number), \"energy\": \(number)}" }

  private static func load(_ count: Int, _ publisher: String, _ port: Int) -> String {
    """
    i=1
    while [ $i -le \(count) ]; do
      i=$((i+1))
      echo "{\\"power\\": $i, \\"energy\\": $i}"
      [ $((i % 20)) -eq 0 ] && sleep 0.05
    done | \(publisher) -h 127.0.0.1 -p \(port) -q 1 -t plug -l
    """
  }

  private static let plug = """
    schema: heddle.profile/1
    id: numbered-plug
    name: Numbered plug
    manufacturer: Nobody
    products: [Plug]
    maturity: documentation
    source: {document: this test}
    transport: {mqtt: {}}
    devices:
      meter:
        type: meter
        role: load
        points:
          powerW: {topic: plug, path: /power}
          energyImportedTotalWh: {topic: plug, path: /energy, scale: 0.0001, counter: true}
    """
}
