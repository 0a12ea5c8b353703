import DeviceProfiles
import EnergyModel
import Foundation
public import Logging
import ModbusWire
import Synchronization
public import TimeSource

/// Plays a plan: one simulation with its servers and its clients of the broker.
public struct HomeRun: Sendable {
  private let plan: HomePlan
  private let time: TimeSource
  private let logger: Logger
  /// The home that is played.
  public let simulation: Simulation
  private let indices: [EndpointIndex]

  /// How often the fault file is looked at.
  static let faultFileInterval = Duration.seconds(1)
  /// A fault file larger than this is not read.
  static let maxFaultFileBytes = 64 * 1024

  /// Where everything listens.
  public struct Ready: Sendable, Hashable {
    /// The port of all Modbus units; `nil` without any.
    public var modbusPort: Int?
    /// The ports of the devices with a framing of their own, by device name.
    public var framedPorts: [String: Int] = [:]
    /// The ports of the vendor APIs by device name.
    public var httpPorts: [String: Int] = [:]
    /// The names of the devices that are clients of the broker.
    public var mqttDevices: [String] = []

    /// For the ready file.
    public var json: String {
      var members: [JSONTree.Member] = []
      if let modbusPort { members.append(.init(key: "modbusPort", value: .scalar(.number(Double(modbusPort))))) }
      if !framedPorts.isEmpty { members.append(.init(key: "framedPorts", value: Self.object(framedPorts))) }
      members.append(.init(key: "httpPorts", value: Self.object(httpPorts)))
      members.append(.init(key: "mqttDevices", value: .array(mqttDevices.map { .scalar(.text($0)) })))
      return JSONTree.object(members).text
    }

    private static func object(_ ports: [String: Int]) -> JSONTree {
      .object(
        ports.sorted { $0.key < $1.key }
          .map { JSONTree.Member(key: $0.key, value: .scalar(.number(Double($0.value)))) })
    }
  }

  /// Builds the home. Nothing listens yet.
  public init(plan: HomePlan, time: TimeSource, logger: Logger) throws {
    self.plan = plan
    self.time = time
    self.logger = logger
    var home = plan.home
    home.secondsOfDay = plan.startSecondsOfDay ?? Self.localSecondsOfDay(time)
    simulation = Simulation(home: home, time: time)
    indices = try simulation.add(plan.devices.map { ($0.profile, $0.options) })
  }

  /// The local time of day, for a sun that stands where it stands outside.
  private static func localSecondsOfDay(_ time: TimeSource) -> Double {
    let date = Date(timeIntervalSince1970: time.wall().seconds)
    let parts = Calendar.current.dateComponents([.hour, .minute, .second], from: date)
    return Double((parts.hour ?? 12) * 3600 + (parts.minute ?? 0) * 60 + (parts.second ?? 0))
  }

  /// Plays until the task is cancelled or a server fails.
  ///
  /// - Parameters:
  ///   - faultFile: a file with lines `NAME: FAULT …` (or `*: FAULT …`) that may change at any time.
  ///   - onReady: called once when everything listens and every MQTT device is connected.
  public func run(faultFile: String? = nil, onReady: @escaping @Sendable (Ready) -> Void) async throws {
    let ready = Mutex(Ready())
    try await withThrowingTaskGroup(of: Void.self) { group in
      if let port = try await startModbus(&group) { ready.withLock { $0.modbusPort = port } }
      let framed = try await startFramed(&group)
      ready.withLock { $0.framedPorts = framed }
      try await startSerial(&group)
      for (name, port) in try await startHTTP(&group) { ready.withLock { $0.httpPorts[name] = port } }
      let names = try await startMQTT(&group)
      ready.withLock { $0.mqttDevices = names }
      onReady(ready.withLock { $0 })
      if let faultFile { group.addTask { try await watch(faultFile) } }
      try await group.next()
      group.cancelAll()
    }
  }

  private func startModbus(_ group: inout ThrowingTaskGroup<Void, any Error>) async throws -> Int? {
    var units: [UInt8: EndpointIndex] = [:]
    for (device, index) in zip(plan.devices, indices) {
      guard case .modbus(let unit) = device.place else { continue }
      guard units[unit] == nil else { throw SimulatorError("unit \(unit) is there twice on one Modbus TCP port") }
      units[unit] = index
    }
    // What stands behind a device, such as the units of a GX, answers on the same port.
    for (device, index) in zip(plan.devices, indices) {
      guard case .modbus = device.place else { continue }
      for unit in device.profile.otherUnits {
        guard units[unit] == nil || units[unit] == index else {
          throw SimulatorError("unit \(unit) is there twice on one Modbus TCP port")
        }
        units[unit] = index
      }
    }
    guard !units.isEmpty else { return nil }
    let server = try ModbusTCPServer(
      simulation: simulation, units: units, host: plan.modbus.host, port: plan.modbus.port)
    let port = try await server.listen()
    group.addTask { await server.serve() }
    logger.info("modbus tcp \(plan.modbus.host):\(port), units \(units.keys.sorted())")
    return port
  }

  private func startFramed(
    _ group: inout ThrowingTaskGroup<Void, any Error>
  ) async throws -> [String: Int] {
    var ports: [String: Int] = [:]
    for (device, index) in zip(plan.devices, indices) {
      guard case .framed(let kind, let port, let unit) = device.place,
        case .modbus(let settings) = device.profile.profile.transport,
        let framing = settings.framings.first(where: { kind.carried.contains($0) })
      else { continue }
      let server = try ModbusFrameServer(
        simulation: simulation, endpoint: index, unit: unit, kind: kind, framing: framing, host: plan.modbus.host,
        port: port)
      let chosen = try await server.listen()
      ports[device.options.name] = chosen
      group.addTask { await server.serve() }
      logger.info("modbus \(kind.rawValue) \(plan.modbus.host):\(chosen), \(device.profile.profile.name)")
    }
    return ports
  }

  private func startSerial(_ group: inout ThrowingTaskGroup<Void, any Error>) async throws {
    for (device, index) in zip(plan.devices, indices) {
      guard case .serial(let path, let baud, let unit) = device.place else { continue }
      let server = try ModbusSerialServer(
        simulation: simulation, endpoint: index, unit: unit, path: path, baud: baud)
      try await server.open()
      group.addTask {
        await server.serve()
        guard !Task.isCancelled else { return }
        throw SimulatorError("serial line \(path): the line is gone")
      }
      logger.info("modbus rtu \(path), \(baud) baud 8N1, unit \(unit)")
    }
  }

  private func startHTTP(_ group: inout ThrowingTaskGroup<Void, any Error>) async throws -> [(String, Int)] {
    var ports: [(String, Int)] = []
    for (device, index) in zip(plan.devices, indices) {
      guard case .http(let port) = device.place else { continue }
      let player = HTTPPlayer(
        simulation: simulation, endpoint: index, host: plan.httpHost, port: port, time: time, logger: quietLogger)
      let (listening, continuation) = AsyncThrowingStream<Int, any Error>.makeStream()
      group.addTask {
        do {
          try await player.serve { continuation.yield($0) }
        } catch {
          continuation.finish(throwing: SimulatorError("http \(plan.httpHost):\(port): \(error)"))
          throw error
        }
      }
      for try await chosen in listening {
        ports.append((device.options.name, chosen))
        logger.info("http \(plan.httpHost):\(chosen), \(device.profile.profile.name)")
        break
      }
    }
    return ports
  }

  private func startMQTT(_ group: inout ThrowingTaskGroup<Void, any Error>) async throws -> [String] {
    let devices = zip(plan.devices, indices).filter { $0.0.place == .mqtt }
    guard !devices.isEmpty else { return [] }
    guard let broker = plan.broker else { throw SimulatorError("MQTT devices need a broker: give its host and port") }
    let player = try MQTTPlayer(
      simulation: simulation, endpoints: devices.map(\.1), host: broker.host, port: broker.port, time: time)
    group.addTask { await player.play() }
    await player.untilConnected()
    logger.info("mqtt \(broker.host):\(broker.port), \(devices.count) devices")
    return devices.map(\.0.options.name)
  }

  /// The servers' own chatter is of no interest.
  private var quietLogger: Logger {
    var quiet = logger
    quiet.logLevel = .error
    return quiet
  }

  // MARK: Faults at run time

  private func watch(_ path: String) async throws {
    var last: String?
    while true {
      let text = Self.content(of: path)
      if text != last {
        last = text
        apply(text ?? "")
      }
      try await time.sleep(for: Self.faultFileInterval)
    }
  }

  private static func content(of path: String) -> String? {
    guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? handle.close() }
    guard let data = try? handle.read(upToCount: maxFaultFileBytes) else { return nil }
    return String(decoding: data, as: UTF8.self)
  }

  /// Replaces all faults by what the text says: lines `NAME: FAULT …`; `#` begins a comment.
  public func apply(_ text: String) {
    simulation.setFaults(FaultPlan(), name: "*")
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let halves = line.split(separator: ":", maxSplits: 1)
      guard halves.count == 2 else { continue }
      let name = halves[0].trimmingCharacters(in: .whitespaces)
      do {
        if !simulation.setFaults(try FaultPlan(parsing: String(halves[1])), name: name) {
          logger.warning("fault file: there is no device '\(name)'")
        }
      } catch {
        logger.warning("fault file: \(error)")
      }
    }
  }
}
