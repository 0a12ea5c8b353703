import DeviceProfiles
import DeviceSimulator
import EnergyModel
import Foundation
import LocatedYAML
import TestSupport
import Testing
import TimeSource

/// The profiles of the repository, with the parameters that tests need.
enum ShippedProfiles {
  static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "device-profiles").resolvingSymlinksInPath().path

  static let library = ProfileLibrary(directories: [directory])

  static let ids = [
    "huawei-sun2000", "eastron-sdm630", "zigbee2mqtt-radiator-thermostat", "fronius-solar-api-v1", "sunspec-inverter",
    "sunspec-storage", "shelly-st1820", "tasmota-energy-plug", "venstar-colortouch",
    "tesla-powerwall", "enphase-iq-battery", "sma-webconnect",
    "sonnen-sonnenbatterie", "bsb-lan-heating", "opendtu-http",
  ]

  /// What an installation says of the simulated home.
  private static let given: [String: [String: ScalarValue]] = ["sonnen-sonnenbatterie": ["maxPowerW": .number(5000)]]

  static func bound(_ id: String, _ parameters: [String: ScalarValue] = [:]) throws -> BoundProfile {
    let profile = try #require(
      library.profile(id), "the profile \(id) cannot be read: \(library.diagnostics.map(\.oneLine))")
    var all = parameters.merging(given[id] ?? [:]) { mine, _ in mine }
    for parameter in profile.parameters where parameter.defaultValue == nil && all[parameter.name] == nil {
      all[parameter.name] = .text("test-device")
    }
    return try BoundProfile(profile: profile, parameters: all)
  }
}

/// One simulated product and a gateway's decoder in front of it, without sockets.
struct Bench {
  let clock: TestClock
  let simulation: Simulation
  let index: EndpointIndex
  let bound: BoundProfile
  var decoder: EndpointDecoder
  var readings: [String: ReadingValue] = [:]
  var problems: [String] = []

  init(
    _ id: String, parameters: [String: ScalarValue] = [:], role: MeterRole? = nil,
    home: HomeConfiguration = HomeConfiguration()
  ) throws {
    clock = TestClock()
    simulation = Simulation(home: home, time: clock.source)
    bound = try ShippedProfiles.bound(id, parameters)
    index = try simulation.add([(bound, DeviceOptions(name: "device", meterRole: role))])[0]
    decoder = EndpointDecoder(bound)
  }

  /// Reads everything that the device says, as an adapter does.
  mutating func read() {
    problems = []
    while let range = decoder.nextSetupRead() {
      switch send(.read(range), unit: range.unit) {
      case .registers(let words): decoder.acceptSetup(.registers(words))
      case .exception(let code): decoder.acceptSetup(.exception(code))
      default: decoder.acceptSetup(.failed("no answer"))
      }
    }
    for planned in decoder.readPlan {
      switch send(.read(planned.range), unit: planned.range.unit) {
      case .registers(let words):
        take(
          .registers(
            unit: planned.range.unit, table: planned.range.table, address: planned.range.address, values: words))
      case .bits(let bits):
        take(
          .bits(unit: planned.range.unit, table: planned.range.table, address: planned.range.address, values: bits))
      case let other: problems.append("\(planned.range): \(other)")
      }
    }
    for message in simulation.messages(at: index) {
      take(.message(topic: message.topic, payload: message.bytes, isRetained: false))
    }
    for (name, request, _) in bound.polledRequests {
      let answer = simulation.answer(method: request.method, path: request.path, body: request.body ?? "", at: index)
      guard case .response(200, _, let body) = answer else {
        problems.append("request \(name): \(answer)")
        continue
      }
      take(.response(request: name, body: Array(body.utf8)))
    }
  }

  private mutating func take(_ body: RawFrame.Body) {
    var batch = ReadingBatch()
    decoder.decode(RawFrame(body: body, receivedAt: clock.now), into: &batch)
    for entry in batch.entries {
      readings["\(bound.profile.parts[entry.part].name).\(entry.reading.field.name)"] = entry.reading.value
    }
    problems += batch.problems
  }

  /// - Parameter unit: another unit than the device's own.
  func send(_ body: ModbusRequest.Body, unit: UInt8? = nil) -> ModbusReply {
    simulation.answer(ModbusRequest(unit: unit ?? bound.modbusUnit, body: body), at: index)
  }

  /// Sends the operations of a command as a gateway would. Returns them as text.
  @discardableResult
  mutating func command(_ verb: String, _ input: [String: ScalarValue] = [:], part name: String? = nil) throws
    -> [String]
  {
    read()
    let part = try #require(
      bound.profile.parts.firstIndex { $0.command(verb) != nil && (name == nil || $0.name == name) })
    let command = try #require(bound.profile.parts[part].command(verb))
    return try send(command.steps, part: part, input: input, before: decoder.snapshot().values(part: part))
  }

  /// Sends steps as a gateway would.
  @discardableResult
  mutating func send(
    _ steps: [CommandStep], part: Int, input: [String: ScalarValue], before: [String: ScalarValue]
  ) throws -> [String] {
    let snapshot = decoder.snapshot()
    let operations = try snapshot.operations(for: steps, part: part, input: input, before: before)
    for operation in operations {
      switch operation {
      case .writeRegisters(let unit, let address, let values, let function):
        let reply = send(.writeRegisters(address: address, values: values, function: function), unit: unit)
        #expect(reply == .written, "\(operation)")
      case .modifyRegister(let unit, let address, let mask, let value, .maskWrite):
        #expect(send(.maskWrite(address: address, and: ~mask, or: value & mask), unit: unit) == .written)
      case .modifyRegister(let unit, let address, let mask, let value, let function):
        guard case .registers(let read) = send(.read(.init(table: .holding, address: address, count: 1)), unit: unit)
        else {
          Issue.record("\(operation): the register cannot be read")
          continue
        }
        let words = read.map { $0 & ~mask | value & mask }
        let reply = send(.writeRegisters(address: address, values: words, function: function), unit: unit)
        #expect(reply == .written, "\(operation)")
      case .writeCoil(let unit, let address, let value):
        #expect(send(.writeCoils(address: address, values: [value]), unit: unit) == .written)
      case .publish(let message):
        let sent = SimulatedMessage(topic: message.topic, bytes: message.payload(at: clock.now))
        #expect(simulation.receive(sent, at: index), "\(operation)")
        guard let expected = message.reply else { continue }
        let verdicts = simulation.takeReplies(at: index).compactMap {
          expected.verdict(topic: $0.topic, payload: $0.bytes)
        }
        #expect(verdicts == [.done], "\(operation)")
      case .request(let request): _ = try answer(request, of: operation)
      case .modify(let modification):
        let object = try #require(try answer(modification.read, of: operation))
        _ = try answer(try modification.request(from: Array(object.utf8)), of: operation)
      case .wait(let duration): clock.advance(by: duration)
      }
    }
    return operations.map(\.description)
  }

  private func answer(_ request: HTTPRequestData, of operation: WireOperation) throws -> String? {
    let answer = simulation.answer(method: request.method, path: request.path, body: request.body ?? "", at: index)
    guard case .response(200, _, let body) = answer else {
      Issue.record("\(operation): \(answer)")
      return nil
    }
    if request.expect.isEmpty { return body }
    let document = try request.document(of: Array(body.utf8))
    for expected in request.expect { #expect(expected.holds(for: document.value(at: expected.path))) }
    return body
  }
}
