import DeviceProfiles
import EnergyModel
import Logging
import TestSupport
import Testing

@testable import DeviceSimulator

@Suite("Finding what an expression was computed from")
struct ExpressionSolverTests {
  private func solve(
    _ text: String, _ wanted: ScalarValue, _ known: [String: ScalarValue] = [:],
    bounds: ClosedRange<Double> = -1e6...1e6
  ) throws -> ScalarValue? {
    let expression = try Expression(parsing: text)
    let solver = ExpressionSolver(
      evaluate: { unknown in expression.evaluate { $0 == "x" ? unknown : known[$0] ?? .null } },
      candidates: expression.literals, bounds: bounds, tolerance: 1e-3)
    return solver.solve(for: wanted)
  }

  @Test("Straight lines, clamps and roundings")
  func numbers() throws {
    #expect(try solve("x", .number(2500))?.finiteNumber == 2500)
    let rate = try #require(try solve("-100 * x / limit", .number(-40), ["limit": .number(5000)])?.finiteNumber)
    #expect(abs(rate - 2000) < 0.1)
    #expect(try solve("min(x, 3000)", .number(3000), bounds: 0...3000)?.finiteNumber == 3000)
    let half = try #require(try solve("round(x * 2) / 2", .number(21.5))?.finiteNumber)
    #expect(abs(half - 21.5) < 0.01)
    let fahrenheit = try #require(try solve("round(x * 9 / 5 + 32)", .number(71))?.finiteNumber)
    #expect(abs(fahrenheit - 21.667) < 0.01)
    let root = try #require(try solve("x * abs(x)", .number(900), bounds: 0...1000)?.finiteNumber)
    #expect(abs(root - 30) < 0.01)
  }

  @Test("Words and flags")
  func words() throws {
    #expect(try solve("x == 'timeOfUse' ? 5 : 2", .number(5)) == .text("timeOfUse"))
    #expect(try solve("x ? 'ON' : 'OFF'", .text("OFF")) == .flag(false))
    #expect(try solve("status == 2 and x > 0 ? 'a' : 'b'", .text("a"), ["status": .number(2)]) != nil)
  }

  @Test("What cannot be is not found")
  func impossible() throws {
    #expect(try solve("min(x, 3000)", .number(4000)) == nil)
    #expect(try solve("x ? 'ON' : 'OFF'", .text("MAYBE")) == nil)
    #expect(try solve("x", .number(-5), bounds: 0...10) == nil)
  }
}

@Suite("Documents built from paths")
struct JSONTreeTests {
  @Test("Keys, indices and picked elements")
  func paths() {
    var tree = JSONTree.object([])
    tree.set(.number(1.5), at: DocumentPath(steps: [.key("Body"), .key("Data"), .index(1), .key("P")]))
    tree.set(.flag(true), at: DocumentPath(steps: [.key("list"), .index(0)]))
    tree.set(
      .text("a \"b\""), at: DocumentPath(steps: [.key("s"), .element(key: "name", value: "x"), .key("v")]))
    tree.set(.null, at: DocumentPath(steps: [.key("s"), .element(key: "name", value: "x"), .key("w")]))
    #expect(
      tree.text
        == #"{"Body":{"Data":{"1":{"P":1.5}}},"list":[true],"s":[{"name":"x","v":"a \"b\"","w":null}]}"#)
  }

  @Test("Numbers look as devices send them")
  func numbers() {
    #expect(JSONTree.scalar(.number(0.1 + 0.2)).text == "0.3")
    #expect(JSONTree.scalar(.number(.infinity)).text == "null")
    #expect(JSONTree.scalar(.number(-3)).text == "-3")
  }
}

@Suite("Faults on purpose")
struct FaultPlanTests {
  @Test("Faults are read from text")
  func parsing() throws {
    let plan = try FaultPlan(parsing: "silent:0.25, exception2:37760 ignore-writes")
    #expect(plan.silentShare == 0.25)
    #expect(plan.exceptionsByAddress == [37760: 2])
    #expect(plan.ignoresWrites)
    #expect(throws: FaultSyntaxError.self) { try FaultPlan(parsing: "silence") }
    #expect(throws: FaultSyntaxError.self) { try FaultPlan(parsing: "silent:7") }
    #expect(throws: FaultSyntaxError.self) { try FaultPlan(parsing: "exception:2") }
  }

  @Test("They hit the device that they name")
  func effects() throws {
    let bench = try Bench("huawei-sun2000")
    let read = ModbusRequest.Body.read(.init(table: .holding, address: 37760, count: 1))
    #expect(bench.simulation.setFaults(try FaultPlan(parsing: "exception4:37760"), name: "device"))
    #expect(bench.send(read) == .exception(4))
    #expect(bench.send(.read(.init(table: .holding, address: 37765, count: 2))) != .exception(4))
    bench.simulation.setFaults(try FaultPlan(parsing: "silent"), name: "*")
    #expect(bench.send(read) == .silence)
    bench.simulation.setFaults(try FaultPlan(parsing: "ignore-writes"), name: "*")
    #expect(bench.send(.writeRegisters(address: 47100, values: [1], function: .single)) == .written)
    #expect(bench.send(.read(.init(table: .holding, address: 47100, count: 1))) == .registers([0]))
    bench.simulation.setFaults(try FaultPlan(parsing: "offline"), name: "*")
    #expect(bench.send(read) == .hangUp)
    #expect(!bench.simulation.setFaults(FaultPlan(), name: "nobody"))
  }

  @Test("A fault file replaces all faults each time")
  func faultFile() throws {
    var plan = HomePlan()
    plan.devices = [
      .init(
        profile: try ShippedProfiles.bound("eastron-sdm630"), options: DeviceOptions(name: "grid"),
        place: .modbus(unit: 1))
    ]
    let run = try HomeRun(
      plan: plan, time: TestClock().source, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let read = ModbusRequest(unit: 1, body: .read(.init(table: .input, address: 52, count: 2)))
    run.apply("# for a while\ngrid: exception6\nnobody: offline\n")
    #expect(run.simulation.answer(read, at: EndpointIndex(value: 0)) == .exception(6))
    run.apply("*: silent:1\ngrid: nonsense")
    #expect(run.simulation.answer(read, at: EndpointIndex(value: 0)) == .silence)
    run.apply("")
    guard case .registers = run.simulation.answer(read, at: EndpointIndex(value: 0)) else {
      Issue.record("the device is not back")
      return
    }
  }

  @Test("A share of silence hits about that share of the requests")
  func share() throws {
    let bench = try Bench("eastron-sdm630")
    bench.simulation.setFaults(try FaultPlan(parsing: "silent:0.3"), name: "*")
    let read = ModbusRequest.Body.read(.init(table: .input, address: 0, count: 2))
    let silent = (0..<1000).filter { _ in bench.send(read) == .silence }.count
    #expect((230...370).contains(silent))
  }
}
