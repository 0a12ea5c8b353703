import Foundation

/// A battery on Modbus TCP that a script plays, and the profile that reads it.
struct StubbornBattery {
  let program: RunningProgram

  /// Starts it in one of its manners and configures the gateway for it.
  init(_ manner: String, for gateway: TestGateway) async throws {
    let port: Int
    (program, port) = try await gateway.script(
      try Programs.required("python3"), "stubborn_battery.py", [manner])
    try gateway.write("profiles/stubborn.yaml", Self.profile)
    try gateway.configure(
      """
      links:
        - {id: bus, modbus: {tcp: "127.0.0.1:\(port)"}}
      devices:
        - {id: battery-1, profile: stubborn-battery, link: bus}
      """)
  }

  func becomeFair() async -> Bool {
    program.tell("fair")
    return await eventually(within: 5) { requests.contains("fair") }
  }

  /// What it was asked, line by line.
  var requests: [Substring] { program.said.split(separator: "\n") }

  /// The powers that were written, in order.
  var written: [Int] { requests.filter { $0.hasPrefix("write 110 ") }.compactMap { Int($0.dropFirst(10)) } }

  static let profile = """
    schema: heddle.profile/1
    id: stubborn-battery
    name: Stubborn battery
    manufacturer: Heddle
    products: [Stubborn]
    maturity: documentation
    source: {document: "the script that plays it"}
    transport: {modbus: {unit: 1, timeout: 10 s}}
    poll: {fast: 1 s, normal: 1 s, slow: 1 min}
    devices:
      battery:
        type: battery
        staleAfter: 1 min
        points:
          socPercent: {holding: 100, type: u16, poll: fast}
          powerW: {holding: 101, type: i16, negate: true, poll: fast}
        controls:
          chargeW: {holding: 110, type: u16, range: 0..5000, poll: fast}
        commands:
          charge:
            input: {powerW: {min: 100, max: 5000}}
            steps: [{write: {chargeW: input.powerW}}]
            confirm: {expect: "abs(powerW + input.powerW) <= 50", within: 2 s}
            revert: default
        default:
          steps: [{write: {chargeW: 0}}]
          confirm: {expect: "chargeW == 0", within: 5 s}

    """
}
