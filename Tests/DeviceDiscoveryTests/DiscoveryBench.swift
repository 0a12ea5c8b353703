import DeviceDiscovery
import DeviceProfiles
import DeviceSimulator
import EnergyModel
import Foundation
import LocalAPISchema
import Testing
import TimeSource

/// A look around with the shipped profiles.
enum DiscoveryBench {
  static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "device-profiles").resolvingSymlinksInPath().path
  /// Some of them, because all take long to read.
  static let makes = [
    "e3dc", "eastron", "fronius", "homewizard", "huawei", "sma", "sunspec", "tasmota", "zigbee2mqtt",
  ]
  static let library = ProfileLibrary(directories: makes.map { "\(directory)/\($0)" })
  static let catalogue = ProductCatalogue(library)

  /// Everything that was found, in a fixed order.
  static func look(_ request: DiscoveryRequest, known: [KnownLink] = []) async throws -> DiscoveryResource {
    let plan = try DiscoveryPlan(request)
    let board = DiscoveryBoard(id: "dsc_1", startedAt: TimeSource.system.wall(), plan: plan)
    await Discovery(plan, catalogue: catalogue, known: known, board: board, time: .system, random: { 0.5 }).run()
    return board.resource
  }

  static func bound(_ id: String, _ parameters: [String: ScalarValue] = [:]) throws -> BoundProfile {
    try BoundProfile(profile: try #require(library.profile(id)), parameters: parameters)
  }
}

/// Simulated products behind one Modbus TCP port each, until the end of the test.
struct SimulatedBus {
  let port: Int
  private let server: ModbusTCPServer
  private let serving: Task<Void, Never>

  init(_ units: [(unit: UInt8, profile: String)]) async throws {
    let simulation = Simulation(home: HomeConfiguration(), time: .system)
    let devices = try units.map { unit, id in
      (
        profile: try DiscoveryBench.bound(id, ["unit": .number(Double(unit))]),
        options: DeviceOptions(name: "device \(unit)")
      )
    }
    let indices = try simulation.add(devices)
    let server = try ModbusTCPServer(
      simulation: simulation,
      units: Dictionary(uniqueKeysWithValues: zip(units.map(\.unit), indices)), host: "127.0.0.1", port: 0)
    port = try await server.listen()
    self.server = server
    serving = Task { await server.serve() }
  }

  func stop() async {
    await server.stop()
    await serving.value
  }
}
