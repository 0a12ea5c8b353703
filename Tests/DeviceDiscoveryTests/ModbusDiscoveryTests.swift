import DeviceDiscovery
import DeviceSimulator
import EnergyModel
import Foundation
import LocalAPISchema
import ModbusTestSupport
import Testing
import TimeSource

@Suite("Looking around on Modbus")
struct ModbusDiscoveryTests {
  @Test("Products are told by what they say, each with a snippet, and several units behind one port")
  func products() async throws {
    let first = try await SimulatedBus([(1, "huawei-sun2000"), (3, "sma-sunny-boy"), (126, "sunspec-inverter")])
    let second = try await SimulatedBus([(1, "e3dc-s10")])
    let closed = FaultServer()
    closed.stop()
    let found = try await DiscoveryBench.look(
      DiscoveryRequest(
        modbus: .init(hosts: ["127.0.0.1"], ports: [first.port, second.port, Int(closed.port)]), timeoutSeconds: 5))
    await first.stop()
    await second.stop()
    #expect(found.status == .completed)
    #expect(found.progress.done == 3)
    func find(_ port: Int, _ unit: Int) -> DiscoveryFind? {
      found.finds.first { $0.place == "127.0.0.1:\(port)" && $0.unit == unit }
    }
    #expect(find(first.port, 1)?.profile == "huawei-sun2000", "\(found)")
    #expect(find(first.port, 1)?.certainty == .identified)
    #expect(find(first.port, 1)?.serialNumber?.isEmpty == false)
    #expect(find(first.port, 3)?.profile == "sma-sunny-boy")
    let sunSpec = find(first.port, 126)
    #expect(sunSpec?.profile == "sunspec-inverter")
    #expect(sunSpec?.evidence.hasPrefix("SunSpec models 1, ") == true)
    #expect(find(second.port, 1)?.profile == "e3dc-s10")
    #expect(found.finds.count == 4, "\(found.finds.map { "\($0.place) \($0.unit ?? -1) \($0.profile ?? "-")" })")
    #expect(found.problems.map(\.place) == ["127.0.0.1:\(closed.port)"], "a single host that is not there is told")
    let add = try #require(sunSpec?.add)
    #expect(
      add.yaml == """
        links:
          - {id: modbus-127-0-0-1-\(first.port), modbus: {tcp: "127.0.0.1:\(first.port)"}}
        devices:
          - {id: sunspec-inverter-127-0-0-1-\(first.port)-u126, profile: sunspec-inverter, link: modbus-127-0-0-1-\(first.port), parameters: {unit: 126}}

        """)
    #expect(add.devices.count == 1)
    #expect(find(first.port, 1)?.add?.devices.count ?? 0 > 1, "one for each part of the product")
    #expect(
      add.commands == [
        "heddle link add modbus tcp=127.0.0.1:\(first.port) --id modbus-127-0-0-1-\(first.port)",
        "heddle device add --id sunspec-inverter-127-0-0-1-\(first.port)-u126 --link modbus-127-0-0-1-\(first.port) "
          + "--profile sunspec-inverter --parameter unit=126",
      ])
  }

  @Test("Units that are named may be any product, and units that a gateway does not have are no finds")
  func namedUnits() async throws {
    let bus = try await SimulatedBus([(7, "huawei-sun2000"), (9, "eastron-sdm630")])
    let found = try await DiscoveryBench.look(
      DiscoveryRequest(
        modbus: .init(hosts: ["127.0.0.1"], ports: [bus.port], units: Array(5...10)), timeoutSeconds: 5))
    await bus.stop()
    #expect(found.finds.map(\.unit) == [7, 9])
    #expect(found.finds.map(\.profile) == ["huawei-sun2000", nil])
    #expect(found.finds.last?.certainty == .unknown, "it answers, and nothing says what it is")
    #expect(found.finds.last?.add == nil)
  }

  @Test("What is configured is told and not asked; when it is asked all the same, it is marked")
  func configured() async throws {
    let bus = try await SimulatedBus([(1, "huawei-sun2000"), (3, "sma-sunny-boy")])
    let known = [
      KnownLink(
        id: "roof", place: .socket(host: "localhost", port: bus.port),
        devices: [
          .init(id: "sun", profile: "huawei-sun2000", product: "Huawei", unit: 1, parameters: ["unit": .number(1)])
        ])
    ]
    let request = DiscoveryRequest(modbus: .init(hosts: ["127.0.0.1"], ports: [bus.port]), timeoutSeconds: 5)
    let told = try await DiscoveryBench.look(request, known: known)
    #expect(told.finds.map(\.certainty) == [.configured])
    #expect(told.finds.first?.deviceIds == ["sun"])
    var asking = request
    asking.askConfigured = true
    let asked = try await DiscoveryBench.look(asking, known: known)
    await bus.stop()
    #expect(asked.finds.map(\.deviceIds) == [["sun"], []])
    #expect(asked.finds.first?.add == nil)
    #expect(asked.finds.last?.add?.link == nil, "the link is there already")
    #expect(asked.finds.last?.add?.yaml.contains("link: roof") == true)
  }

  /// Maker, model and serial number of a SunSpec inverter at 40000.
  private static let sunSpecValues: [UInt16: UInt16] = {
    var values: [UInt16: UInt16] = [40000: 0x5375, 40001: 0x6E53, 40002: 1, 40003: 66, 40070: 103, 40071: 50]
    values[40122] = 0xFFFF
    for (offset, text) in [(4, "Fronius"), (20, "Symo GEN24\u{1B}[31m"), (52, "EX77")] {
      let bytes = Array(text.utf8) + [UInt8](repeating: 0, count: 33 - text.utf8.count)
      for index in 0..<16 {
        values[UInt16(40000 + offset + index)] = UInt16(bytes[index * 2]) << 8 | UInt16(bytes[index * 2 + 1])
      }
    }
    return values
  }()

  @Test("A device that listens to any unit is one device; what it says of itself is printable")
  func anyUnit() async throws {
    let server = FaultServer()
    server.set(Self.sunSpecValues)
    server.setRule { $0.address < 40000 || $0.address > 40130 ? .exception(2) : .none }
    defer { server.stop() }
    let found = try await DiscoveryBench.look(
      DiscoveryRequest(modbus: .init(hosts: ["127.0.0.1"], ports: [Int(server.port)]), timeoutSeconds: 5))
    #expect(found.finds.count == 1, "\(found.finds)")
    let find = try #require(found.finds.first)
    #expect(find.manufacturer == "Fronius")
    #expect(find.model == "Symo GEN24?[31m")
    #expect(find.serialNumber == "EX77")
    #expect(find.profile?.hasPrefix("fronius-") == true, "the profile of its maker goes before those of the standard")
    #expect(find.alternatives.contains("sunspec-inverter"))
    #expect(server.requests.allSatisfy { [3, 4].contains($0.function) }, "nothing is ever written")
  }

  @Test(
    "A bad answer costs only its own question, and the host only itself",
    arguments: [
      FaultServer.Fault.garbage, .wrongUnit, .wrongFunction, .resetInTheMiddle, .silence, .shortFrame,
      .drip(milliseconds: 60), .twice, .wrongTransaction, .exception(11),
    ])
  func badAnswers(fault: FaultServer.Fault) async throws {
    let bad = FaultServer()
    bad.setRule { _ in fault }
    let good = FaultServer()
    good.set(Self.sunSpecValues)
    // The first question of each unit goes wrong.
    let isFirst = FirstTimes()
    good.setRule { request in
      if isFirst.isFirst(Int(request.unit)) { return fault }
      return request.address < 40000 || request.address > 40130 ? .exception(2) : .none
    }
    defer {
      bad.stop()
      good.stop()
    }
    _ = DiscoveryBench.catalogue
    let clock = ContinuousClock()
    let begin = clock.now
    let found = try await DiscoveryBench.look(
      DiscoveryRequest(
        modbus: .init(hosts: ["127.0.0.1"], ports: [Int(bad.port), Int(good.port)], units: [1, 2]),
        timeoutSeconds: 0.5))
    #expect(found.finds.contains { $0.place == "127.0.0.1:\(good.port)" && $0.serialNumber == "EX77" }, "\(found)")
    #expect(!found.finds.contains { $0.profile != nil && $0.place == "127.0.0.1:\(bad.port)" })
    #expect(clock.now - begin < .seconds(40))
  }

  @Test("A look around that is ended says so, and asks nothing more")
  func cancelling() async throws {
    let server = FaultServer()
    server.setRule { _ in .silence }
    defer { server.stop() }
    let plan = try DiscoveryPlan(
      DiscoveryRequest(
        modbus: .init(hosts: ["127.0.0.1"], ports: [Int(server.port)], units: Array(1...100)), timeoutSeconds: 0.1))
    let board = DiscoveryBoard(id: "dsc_1", startedAt: TimeSource.system.wall(), plan: plan)
    let task = Task {
      await Discovery(
        plan, catalogue: DiscoveryBench.catalogue, known: [], board: board, time: .system, random: { 0 }
      ).run()
    }
    while server.requests.count < 3 { try await Task.sleep(for: .milliseconds(10)) }
    task.cancel()
    await task.value
    #expect(board.resource.status == .cancelled)
    #expect(board.resource.endedAt != nil)
    #expect(server.requests.count < 20)
  }

  @Test(
    "On a serial line the settings are found out, and the units behind it",
    .enabled(if: SerialPair.isPossible, "socat is not installed"))
  func serialLine() async throws {
    let pair = try #require(await SerialPair.make())
    defer { pair.stop() }
    let simulation = Simulation(home: HomeConfiguration(), time: .system)
    let device = try simulation.add([
      (try DiscoveryBench.bound("huawei-sun2000", ["unit": .number(2)]), DeviceOptions(name: "inverter"))
    ])[0]
    let server = try ModbusSerialServer(
      simulation: simulation, endpoint: device, unit: 2, path: pair.server, baud: 9600)
    try await server.open()
    let serving = Task { await server.serve() }
    let found = try await DiscoveryBench.look(
      DiscoveryRequest(
        serial: .init(device: pair.client, baudRates: [9600], parities: ["none"], units: [1, 2]),
        timeoutSeconds: 2))
    await server.stop()
    await serving.value
    #expect(found.finds.map(\.unit) == [2], "\(found)")
    #expect(found.finds.first?.profile == "huawei-sun2000")
    #expect(found.finds.first?.place == "\(pair.client) 9600 none")
    #expect(found.finds.first?.add?.yaml.contains("modbus: {baud: 9600, parity: none, serial: ") == true)
    #expect(found.progress.done == 1)
  }
}
