import CommandDispatch
import EnergyModel
import Foundation
import GatewayStore
import TestSupport
import Testing

@Suite("What is refused before anything is sent")
struct RefusalTests {
  private func refusal(
    _ request: (DispatchBench) -> CommandRequest, prepare: (DispatchBench) async throws -> Void = { _ in }
  ) async throws -> CommandRefusal {
    let bench = try await DispatchBench()
    try await prepare(bench)
    let refusal = await #expect(throws: CommandRefusal.self) {
      try await bench.dispatcher.submit(request(bench))
    }
    #expect(bench.battery.written.isEmpty)
    let found = try #require(refusal)
    let record = try await bench.store.command(id: try #require(found.commandID))
    #expect(record?.status == .rejected)
    try await bench.close()
    return found
  }

  @Test("A power above the live limit names the limit and where it comes from")
  func aboveLimit() async throws {
    let refusal = try await refusal { $0.request("charge", ["powerW": .number(9000)]) }
    #expect(refusal.code == .outOfRange)
    #expect(refusal.message.contains("5000 W (maxChargePowerW)"))
    #expect(refusal.parameter == "powerW")
  }

  @Test("A value that is not a number is out of range")
  func notANumber() async throws {
    let refusal = try await refusal { $0.request("charge", ["powerW": .text("much")]) }
    #expect(refusal.code == .outOfRange)
  }

  @Test("An unknown parameter is named with the known ones")
  func unknownParameter() async throws {
    let refusal = try await refusal { $0.request("charge", ["watts": .number(100)]) }
    #expect(refusal.code == .unsupportedParameter)
    #expect(refusal.hint == "it takes powerW")
  }

  @Test("A command that the product cannot do lists those it can")
  func unsupported() async throws {
    let refusal = try await refusal { $0.request("discharge") }
    #expect(refusal.code == .unsupportedCommand)
    #expect(refusal.hint?.contains("battery:charge, battery:set-reserve, battery:auto") == true)
  }

  @Test("A missing parameter without a default is named")
  func missing() async throws {
    let refusal = try await refusal { $0.request("set-reserve") }
    #expect(refusal.code == .missingParameter)
  }

  @Test("An offline device is refused with its reason")
  func offline() async throws {
    let refusal = try await refusal({ $0.request("charge") }, prepare: { $0.setConnectivity(.offline) })
    #expect(refusal.code == .deviceOffline)
    #expect(refusal.message.contains("no answer"))
  }

  @Test("A device with old telemetry is refused with the age and the limit")
  func stale() async throws {
    let refusal = try await refusal({ $0.request("charge") }, prepare: { $0.clock.advance(by: .seconds(11)) })
    #expect(refusal.code == .deviceStale)
    #expect(refusal.message.contains("11 s old, the limit is 10 s"))
  }

  @Test("A full battery is not charged, in the profile's words")
  func precondition() async throws {
    let refusal = try await refusal({ $0.request("charge") }) { bench in
      bench.battery.setRegister(0, 100)
      try await bench.battery.refresh(ScriptedBattery.endpoint)
    }
    #expect(refusal.code == .preconditionFailed)
    #expect(refusal.message == "the battery is full")
  }

  @Test("A lasting setting takes no duration")
  func durationOfSetting() async throws {
    let refusal = try await refusal { $0.request("set-reserve", ["reservePercent": .number(20)], duration: 60) }
    #expect(refusal.parameter == "durationSeconds")
  }

  @Test("A held device is refused to others with holder and expiry, and given to who insists")
  func conflict() async throws {
    let bench = try await DispatchBench()
    let first = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(2000)], duration: 600)
    ).record.id
    try await bench.until(first, [.confirmed])
    let refusal = await #expect(throws: CommandRefusal.self) {
      try await bench.dispatcher.submit(bench.request("charge", ["powerW": .number(1000)], actor: "bob"))
    }
    #expect(refusal?.code == .conflict)
    #expect(refusal?.message.contains(first) == true)
    let second = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(1000)], actor: "bob", onConflict: .cancelAndReplace)
    ).record.id
    try await bench.until(second, [.confirmed])
    #expect(try await bench.store.command(id: first)?.status == .superseded)
    await bench.stop()
    try await bench.close()
  }

  @Test("The same key gives the first answer again; with another request it is refused")
  func idempotency() async throws {
    let bench = try await DispatchBench()
    let request = bench.request("set-reserve", ["reservePercent": .number(20)], key: "k1", digest: "a")
    let first = try await bench.dispatcher.submit(request)
    try await bench.until(first.record.id, [.confirmed])
    let again = try await bench.dispatcher.submit(request)
    #expect(again.isReplay)
    #expect(again.record.id == first.record.id)
    #expect(bench.battery.written.count == 1)
    var other = request
    other.digest = "b"
    await #expect(throws: CommandRefusal.self) { try await bench.dispatcher.submit(other) }
    try await bench.close()
  }

  @Test("A dry run shows the exact writes and changes nothing")
  func dryRun() async throws {
    let bench = try await DispatchBench()
    let operations = try await bench.dispatcher.dryRun(bench.request("charge", ["powerW": .number(1500)]))
    #expect(operations == ["FC6 holding 11 = [1500]", "FC6 holding 10 = [1]"])
    #expect(bench.battery.written.isEmpty)
    #expect(try await bench.store.commands().isEmpty)
    try await bench.close()
  }
}
