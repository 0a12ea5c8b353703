public import DeviceProfiles
public import EnergyModel
import ModbusWire
import Synchronization
public import TimeSource

/// A device of a simulation, in the order of adding.
public struct EndpointIndex: Sendable, Hashable {
  let value: Int
}

/// How a device is hooked up to the home.
public struct DeviceOptions: Sendable, Hashable {
  /// The name for people, faults and serial numbers.
  public var name: String
  /// What a meter measures, where it differs from the profile.
  public var meterRole: MeterRole?
  /// Whether the PV plant is behind this device's inverter. `nil`: the first inverter without the battery has it, or the
  /// first inverter if there is no other.
  public var carriesPlant: Bool?
  /// Whether the battery is behind this device. `nil`: the first one whose battery takes commands has it, or the first
  /// one with a battery at all; the others show none.
  public var carriesBattery: Bool?

  /// Options of a device; only the name is needed.
  public init(
    name: String, meterRole: MeterRole? = nil, carriesPlant: Bool? = nil, carriesBattery: Bool? = nil
  ) {
    self.name = name
    self.meterRole = meterRole
    self.carriesPlant = carriesPlant
    self.carriesBattery = carriesBattery
  }
}

/// One home with its devices: physics that is brought up to now whenever somebody asks, behind a lock that is held
/// for a computation only.
///
/// Nothing runs by itself, so a simulation that nobody asks costs nothing.
public final class Simulation: Sendable {
  private struct State {
    var home: SimulatedHome
    var endpoints: [SimulatedEndpoint] = []
    var advancedTo: Duration
    var chance: SeededNoise
  }

  private let state: Mutex<State>
  private let time: TimeSource
  private let speed: Double

  /// A home without devices.
  public init(home: HomeConfiguration, time: TimeSource) {
    self.time = time
    speed = min(max(home.speed, 0.001), HomeConfiguration.maxSpeed)
    state = Mutex(
      State(
        home: SimulatedHome(home), advancedTo: time.monotonic(), chance: SeededNoise(seed: home.seed &+ 0xFA17)))
  }

  /// Adds all devices of the home. The PV plant goes to one of them.
  ///
  /// Throws a `ProfileBindingError` when a profile contradicts itself.
  public func add(_ devices: [(profile: BoundProfile, options: DeviceOptions)]) throws -> [EndpointIndex] {
    let batteryOwner = Self.batteryOwner(devices)
    let plantOwner = Self.plantOwner(devices, batteryOwner: batteryOwner)
    let now = time.wall()
    return try state.withLock { state in
      try devices.enumerated().map { index, device in
        let hasPlant = device.options.carriesPlant ?? (index == plantOwner)
        let hasBattery = device.options.carriesBattery ?? (index == batteryOwner)
        let roles = Self.roles(
          device.profile.profile, device.options, hasPlant: hasPlant, hasBattery: hasBattery, home: &state.home)
        var endpoint = try SimulatedEndpoint(profile: device.profile, name: device.options.name, roles: roles)
        endpoint.start(home: state.home, now: now)
        state.endpoints.append(endpoint)
        return EndpointIndex(value: state.endpoints.count - 1)
      }
    }
  }

  /// The device whose inverter has the plant when nobody says it.
  private static func plantOwner(
    _ devices: [(profile: BoundProfile, options: DeviceOptions)], batteryOwner: Int?
  ) -> Int? {
    guard !devices.contains(where: { $0.options.carriesPlant == true }) else { return nil }
    let inverters = devices.indices.filter { index in
      devices[index].options.carriesPlant == nil
        && devices[index].profile.profile.parts.contains { $0.kind == .inverter }
    }
    return inverters.first { $0 != batteryOwner && devices[$0].options.carriesBattery != true } ?? inverters.first
  }

  /// The device with the battery when nobody says it.
  private static func batteryOwner(_ devices: [(profile: BoundProfile, options: DeviceOptions)]) -> Int? {
    guard !devices.contains(where: { $0.options.carriesBattery == true }) else { return nil }
    let batteries = devices.indices.filter { index in
      devices[index].options.carriesBattery == nil
        && devices[index].profile.profile.parts.contains { $0.kind == .battery }
    }
    let controlled = batteries.first { index in
      devices[index].profile.profile.parts.contains { $0.kind == .battery && !$0.commands.isEmpty }
    }
    return controlled ?? batteries.first
  }

  private static func roles(
    _ profile: DeviceProfile, _ options: DeviceOptions, hasPlant: Bool, hasBattery: Bool, home: inout SimulatedHome
  ) -> [SimulatedRole] {
    return profile.parts.map { part in
      switch part.kind {
      case .battery: return hasBattery ? .battery : .absent
      case .thermostat: return .thermostat(room: home.addRoom())
      case .inverter:
        let inputs = Set(part.points.compactMap { Self.directCurrentInput($0.name) }).count
        return .inverter(
          carriesPlant: hasPlant, carriesBattery: part.isHybrid && hasBattery, directCurrentInputs: inputs)
      case .charger:
        return .charger(home.addCharger(), pausesByCurrent: Self.pausesByCurrent(part))
      case .meter:
        // What can be switched is a plug with one appliance, not the whole household.
        if options.meterRole == nil, part.command("switch") != nil { return .plug(home.addPlug()) }
        switch options.meterRole ?? part.meterRole ?? .sub {
        case .grid: return .gridMeter
        case .load: return .loadMeter
        case .pv: return .plantMeter
        case .sub: return .plug(home.addPlug())
        }
      }
    }
  }

  /// Whether mode and limit of a charger are one and the same setting.
  private static func pausesByCurrent(_ part: ProfilePart) -> Bool {
    guard let mode = part.command("set-operating-mode"), let limit = part.command("set-current-limit") else {
      return false
    }
    return limit.steps.contains { step in mode.steps.contains { $0.isAtSamePlace(as: step) } }
  }

  private static func directCurrentInput(_ name: String) -> Substring? {
    let words = name.split(separator: ".")
    return words.count == 3 && words[0] == "dcInputs" ? words[1] : nil
  }

  // MARK: The wire

  /// Answers a Modbus request to one device.
  public func answer(_ request: ModbusRequest, at index: EndpointIndex) -> ModbusReply {
    with(index) { endpoint, home, chance, monotonic, now in
      if let fault = endpoint.modbusFault(request, chance: chance) { return fault }
      switch request.body {
      case .read(var range):
        range.unit = endpoint.unit(request.unit)
        return endpoint.read(range)
      case .writeRegisters(let address, let values, let function):
        return endpoint.write(
          values, space: RegisterSpace(unit: endpoint.unit(request.unit), table: .holding), address: address,
          function: function, home: &home, monotonic: monotonic, now: now)
      case .writeCoils(let address, let bits):
        return endpoint.write(
          bits.map { $0 ? 1 : 0 }, space: RegisterSpace(unit: endpoint.unit(request.unit), table: .coil),
          address: address, function: nil, home: &home, monotonic: monotonic, now: now)
      case .maskWrite(let address, let and, let or):
        return endpoint.mask(
          unit: endpoint.unit(request.unit), address: address, and: and, or: or, home: &home, monotonic: monotonic,
          now: now)
      case .unsupported: return .illegalFunction
      }
    } ?? .noSuchUnit
  }

  /// The bytes of an AA55 page of one device; `nil` when it does not answer.
  public func page(_ page: UInt16, at index: EndpointIndex) -> [UInt8]? {
    with(index) { endpoint, _, chance, _, _ in
      guard endpoint.connectionFault(chance: chance) == nil else { return nil }
      let bytes = AA55Frame.pageData(page) { address in
        guard case .registers(let words) = endpoint.read(RegisterRange(table: .holding, address: address, count: 1))
        else { return nil }
        return words.first
      }
      return bytes.isEmpty ? nil : bytes
    } ?? nil
  }

  /// Answers an HTTP request to one device. `path` contains the query.
  public func answer(method: String, path: String, body: String, at index: EndpointIndex) -> HTTPAnswer {
    with(index) { endpoint, home, chance, monotonic, now in
      switch endpoint.connectionFault(chance: chance) {
      case .silence: return .silence
      case .hangUp: return .hangUp
      default:
        return endpoint.answer(
          method: method, path: path, body: body, home: &home, monotonic: monotonic, now: now)
      }
    } ?? .hangUp
  }

  /// The profile that an endpoint plays, with its parameters.
  func profile(of index: EndpointIndex) -> BoundProfile? {
    state.withLock { $0.endpoints.indices.contains(index.value) ? $0.endpoints[index.value].bound : nil }
  }

  /// What an MQTT device publishes now.
  public func messages(at index: EndpointIndex) -> [SimulatedMessage] {
    with(index) { endpoint, _, chance, _, _ in
      endpoint.connectionFault(chance: chance) == nil ? endpoint.messages : []
    } ?? []
  }

  /// Hands a message to an MQTT device. Returns whether it answers with its state.
  public func receive(_ message: SimulatedMessage, at index: EndpointIndex) -> Bool {
    with(index) { endpoint, home, chance, monotonic, now in
      guard endpoint.connectionFault(chance: chance) == nil else { return false }
      let answers = endpoint.receive(message, home: &home, monotonic: monotonic, now: now)
      endpoint.refresh(home: home)
      return answers
    } ?? false
  }

  /// What an MQTT device replies to the commands that it was handed, once.
  public func takeReplies(at index: EndpointIndex) -> [SimulatedMessage] {
    with(index) { endpoint, _, _, _, _ in
      defer { endpoint.replies = [] }
      return endpoint.replies
    } ?? []
  }

  /// How an MQTT device appears to its broker; `nil` for devices of other transports.
  public func mqttIdentity(of index: EndpointIndex) -> MQTTIdentity? {
    with(index) { endpoint, _, _, _, _ in endpoint.mqttIdentity } ?? nil
  }

  // MARK: Faults

  /// Whether a device is to be away.
  public func isOffline(_ index: EndpointIndex) -> Bool {
    state.withLock { $0.endpoints.indices.contains(index.value) && $0.endpoints[index.value].faults.isOffline }
  }

  /// Changes what goes wrong with a device, or with all devices when `name` is `*`.
  ///
  /// - Returns: whether there is a device of that name.
  @discardableResult
  public func setFaults(_ faults: FaultPlan, name: String) -> Bool {
    state.withLock { state in
      let found = state.endpoints.indices.filter { name == "*" || state.endpoints[$0].name == name }
      for index in found { state.endpoints[index].faults = faults }
      return !found.isEmpty
    }
  }

  // MARK: Physics

  /// The home as it is now.
  public var home: SimulatedHome {
    state.withLock { state in
      advance(&state)
      return state.home
    }
  }

  /// The values that the fields of a device have now, by part, before they are put on the wire; for tests and tools.
  public func fieldValues(at index: EndpointIndex) -> [[String: ScalarValue]] {
    with(index) { endpoint, _, _, _, _ in
      endpoint.bound.profile.parts.enumerated().map { partIndex, part in
        var fields: [String: ScalarValue] = [:]
        for point in part.points {
          if case .field(let field) = point.target {
            fields[field.name] = endpoint.values.value(of: point, part: partIndex)
          }
        }
        return fields
      }
    } ?? []
  }

  /// Runs a computation on one device, after physics, timers and memory were brought up to now.
  private func with<Result>(
    _ index: EndpointIndex,
    _ body: (inout SimulatedEndpoint, inout SimulatedHome, SeededNoise, Duration, Timestamp) -> Result
  ) -> Result? {
    let now = time.wall()
    return state.withLock { state in
      guard state.endpoints.indices.contains(index.value) else { return nil }
      let monotonic = advance(&state)
      for other in state.endpoints.indices where !state.endpoints[other].commandsInForce.isEmpty {
        state.endpoints[other].expireCommands(home: &state.home, monotonic: monotonic, now: now)
      }
      state.endpoints[index.value].refresh(home: state.home)
      return body(&state.endpoints[index.value], &state.home, state.chance, monotonic, now)
    }
  }

  @discardableResult
  private func advance(_ state: inout State) -> Duration {
    let monotonic = time.monotonic()
    let (seconds, attoseconds) = (monotonic - state.advancedTo).components
    state.home.advance(by: (Double(seconds) + Double(attoseconds) * 1e-18) * speed)
    state.advancedTo = max(monotonic, state.advancedTo)
    return monotonic
  }
}

extension CommandStep {
  /// Whether two steps write the same control, plain topic or form field, whatever they write.
  fileprivate func isAtSamePlace(as other: CommandStep) -> Bool {
    switch (self, other) {
    case (.write(let a), .write(let b)): a.contains { entry in b.contains { $0.control == entry.control } }
    case (.publish(let a), .publish(let b)):
      if case (.literal(let topic), .literal(let other)) = (a.topic, b.topic),
        case (.payload(.expression), .payload(.expression)) = (a.content, b.content)
      {
        topic == other
      } else {
        false
      }
    case (.request(let a), .request(let b)):
      if case (.literal(let path), .literal(let other)) = (a.path, b.path), case .form(let fields) = a.body,
        case .form(let others) = b.body
      {
        path == other && fields.contains { field in others.contains { $0.name == field.name } }
      } else {
        false
      }
    default: false
    }
  }
}

extension SimulatedEndpoint {
  /// What goes wrong with a Modbus request, if anything does.
  mutating func modbusFault(_ request: ModbusRequest, chance: SeededNoise) -> ModbusReply? {
    if let fault = connectionFault(chance: chance) { return fault }
    if let code = faults.exception { return .exception(code) }
    guard !faults.exceptionsByAddress.isEmpty else { return nil }
    let touched: ClosedRange<Int>
    switch request.body {
    case .read(let range): touched = Int(range.address)...(Int(range.address) + max(1, Int(range.count)) - 1)
    case .writeRegisters(let address, let values, _):
      touched = Int(address)...(Int(address) + max(1, values.count) - 1)
    case .writeCoils(let address, let values): touched = Int(address)...(Int(address) + max(1, values.count) - 1)
    case .maskWrite(let address, _, _): touched = Int(address)...Int(address)
    case .unsupported: return nil
    }
    let hit = faults.exceptionsByAddress.keys.sorted().first { touched.contains(Int($0)) }
    return hit.flatMap { faults.exceptionsByAddress[$0] }.map { .exception($0) }
  }

  /// Silence or the end of the connection, by the faults and by chance.
  mutating func connectionFault(chance: SeededNoise) -> ModbusReply? {
    requestCount &+= 1
    if faults.isOffline || chance.unit(1, requestCount) < faults.dropShare { return .hangUp }
    return chance.unit(2, requestCount) < faults.silentShare ? .silence : nil
  }
}
