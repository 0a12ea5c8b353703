import Foundation
import Testing

/// The broker dies between a command and the device's word on it.
@Suite(
  "A broker that vanishes", .serialized, .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(
    if: ["python3", "mosquitto", "mosquitto_sub", "mosquitto_pub"].allSatisfy { Programs.system($0) != nil },
    "python3, mosquitto or its clients are not installed"))
struct VanishingBrokerTests {
  @Test("The command is not called done, what it may have done is an alert, and is undone when the broker is back")
  func vanish() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    let port = try freePort()
    let file = try gateway.write("mosquitto.conf", "listener \(port) 127.0.0.1\nallow_anonymous true\n")
    let broker = try gateway.peer(try Programs.required("mosquitto"), ["-c", file])
    _ = await eventually(within: 10) { isListening(port) }
    // It does what it is told and says nothing of it.
    let (valve, _) = try await gateway.script(
      try Programs.required("python3"), "stubborn_valve.py", ["127.0.0.1", "\(port)", "struck"])
    try gateway.write("profiles/valve.yaml", StubbornValve.profile)
    try gateway.configure(
      """
      links:
        - {id: zigbee, mqtt: {broker: "127.0.0.1:\(port)"}}
      devices:
        - {id: device-1, profile: stubborn-valve, link: zigbee}
      """)
    try await gateway.start()
    #expect(await gateway.reaches("device-1", "online"), "\(gateway.log)")
    let sent = try await gateway.cli("thermostat", "set", "device-1", "--heat", "24C", "--for", "30m", "--wait", "none")
    #expect(sent.status == 0, "\(sent.output)\(sent.errors)")
    #expect(await eventually(within: 10) { valve.said.contains("now 24") }, "\(gateway.log)")
    broker.send(SIGKILL)
    let open = try await gateway.newestCommand("device-1", becomes: "drifted")
    let id = try #require(open["id"] as? String)
    let alerts = try await gateway.cli("alert", "list")
    #expect(alerts.output.contains("revert-failed"), "\(alerts.output)\(alerts.errors)")

    valve.tell("fair")
    _ = try gateway.peer(try Programs.required("mosquitto"), ["-c", file])
    #expect(await eventually(within: 25) { valve.said.contains("now 20") }, "\(valve.said)\n\(gateway.log)")
    let ended = try await gateway.newestCommand("device-1", becomes: "unconfirmed")
    #expect(ended["id"] as? String == id)
    #expect(valve.said.components(separatedBy: "write 24").count == 2, "it was sent once: \(valve.said)")
    let after = try await gateway.cli("alert", "list")
    #expect(!after.output.contains("revert-failed"), "\(after.output)")
  }
}
