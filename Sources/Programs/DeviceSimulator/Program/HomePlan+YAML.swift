public import DeviceProfiles
import EnergyModel
public import LocatedYAML
import ModbusWire

extension HomePlan {
  /// Reads a home file. All findings come at once; the plan is `nil` if one of them is an error.
  ///
  /// ```yaml
  /// home: {seed: 1, sun: noon, speed: 1, pvPeakW: 8000, batteryCapacityWh: 10000, batteryPowerW: 5000, socPercent: 55}
  /// modbus:
  ///   port: 0
  ///   units:
  ///     1: {profile: huawei-sun2000, name: battery, pv: false, battery: true}
  ///     2: {profile: eastron-sdm630, role: grid}
  /// framed: [{link: rtuOverUdp, port: 8899, unit: 247, profile: goodwe-et}]
  /// serial: [{path: /dev/ttyUSB0, baud: 9600, unit: 1, profile: eastron-sdm630}]
  /// mqtt:
  ///   host: 127.0.0.1
  ///   port: 1883
  ///   devices: [{profile: zigbee2mqtt-radiator-thermostat, parameters: {name: hall}}]
  /// http: [{port: 0, profile: fronius-solar-api-v1}]
  /// ```
  public static func read(
    text: String, file: String, library: ProfileLibrary
  ) -> (plan: HomePlan?, diagnostics: [Diagnostic]) {
    let document = YAMLDocument(text: text, file: file, codePrefix: "S")
    guard let root = document.root,
      root.expectMapping(keys: ["home", "modbus", "framed", "serial", "mqtt", "http"])
    else { return (nil, document.diagnostics) }
    var reader = HomePlanReader(library: library)
    if let node = root["home"] { reader.readHome(node) }
    if let node = root["modbus"] { reader.readModbus(node) }
    if let node = root["framed"] { for element in listed(node) { reader.readFramed(element) } }
    if let node = root["serial"] { for element in listed(node) { reader.readSerial(element) } }
    if let node = root["mqtt"] { reader.readMQTT(node) }
    if let node = root["http"] { for element in listed(node) { reader.readHTTP(element) } }
    if reader.plan.devices.isEmpty {
      root.report(30, "no device is there", hint: "add modbus, framed, serial, mqtt or http")
    }
    if reader.plan.devices.count > maxDevices { root.report(31, "more than \(maxDevices) devices") }
    return (document.hasErrors ? nil : reader.plan, document.diagnostics)
  }

  private static func listed(_ node: YAMLNode) -> [YAMLNode] { node.isSequence ? node.elements : [node] }
}

/// Collects a plan from the sections of a home file.
private struct HomePlanReader {
  let library: ProfileLibrary
  var plan = HomePlan()

  private static let deviceKeys = ["profile", "name", "role", "pv", "battery", "parameters"]

  mutating func readHome(_ node: YAMLNode) {
    let keys = ["seed", "sun", "speed", "pvPeakW", "batteryCapacityWh", "batteryPowerW", "socPercent", "roomC"]
    guard node.expectMapping(keys: keys) else { return }
    if let seed = node["seed"]?.integerValue(in: 0...Int.max) { plan.home.seed = UInt64(seed) }
    if let sun = node["sun"], let text = sun.textValue() {
      if let start = HomePlan.sunStart(text) {
        plan.startSecondsOfDay = start
      } else {
        sun.report(32, "'\(text)' is no time of day", hint: "write now, noon or a time such as 7:30 in quotes")
      }
    }
    set(\.speed, node["speed"], 0.001...HomeConfiguration.maxSpeed)
    set(\.pvPeakW, node["pvPeakW"], 0...1e6)
    set(\.batteryCapacityWh, node["batteryCapacityWh"], 1...1e7)
    set(\.batteryPowerW, node["batteryPowerW"], 0...1e6)
    set(\.socPercent, node["socPercent"], 0...100)
    set(\.roomTemperatureC, node["roomC"], -20...50)
  }

  private mutating func set(
    _ property: WritableKeyPath<HomeConfiguration, Double>, _ node: YAMLNode?, _ range: ClosedRange<Double>
  ) {
    guard let node, let value = node.numberValue() else { return }
    guard range.contains(value) else {
      node.report(33, "\(node.subject) must be between \(range.lowerBound) and \(range.upperBound), it is \(value)")
      return
    }
    plan.home[keyPath: property] = value
  }

  mutating func readModbus(_ node: YAMLNode) {
    guard node.expectMapping(keys: ["host", "port", "units"]) else { return }
    if let host = node["host"]?.textValue() { plan.modbus.host = host }
    if let port = node["port"]?.integerValue(in: 0...65_535) { plan.modbus.port = port }
    guard let units = node.require("units") else { return }
    for (key, value) in units.entries {
      guard let unit = key.integerValue(in: 0...247) else { continue }
      readDevice(value, .modbus(unit: UInt8(unit)), extraKeys: [])
    }
  }

  mutating func readFramed(_ node: YAMLNode) {
    let kinds = ModbusLinkKind.allCases.map(\.rawValue)
    guard let kind = node.require("link")?.wordValue(among: kinds).flatMap(ModbusLinkKind.init) else { return }
    let port = node["port"]?.integerValue(in: 0...65_535) ?? 0
    let unit = node["unit"]?.integerValue(in: 0...247) ?? 1
    readDevice(
      node, .framed(kind, port: port, unit: UInt8(clamping: unit)), extraKeys: ["link", "port", "unit"])
  }

  mutating func readSerial(_ node: YAMLNode) {
    guard let path = node.require("path")?.textValue() else { return }
    let baud = node["baud"]?.integerValue(in: 300...1_000_000) ?? 9600
    let unit = node["unit"]?.integerValue(in: 1...247) ?? 1
    readDevice(node, .serial(path: path, baud: baud, unit: UInt8(unit)), extraKeys: ["path", "baud", "unit"])
  }

  mutating func readMQTT(_ node: YAMLNode) {
    guard node.expectMapping(keys: ["host", "port", "devices"]) else { return }
    plan.broker = HomePlan.Address(
      host: node["host"]?.textValue() ?? "127.0.0.1", port: node["port"]?.integerValue(in: 1...65_535) ?? 1883)
    for element in node.require("devices")?.elements ?? [] { readDevice(element, .mqtt, extraKeys: []) }
  }

  mutating func readHTTP(_ node: YAMLNode) {
    if let host = node["host"]?.textValue() { plan.httpHost = host }
    readDevice(node, .http(port: node["port"]?.integerValue(in: 0...65_535) ?? 0), extraKeys: ["host", "port"])
  }

  private mutating func readDevice(_ node: YAMLNode, _ place: HomePlan.Place, extraKeys: [String]) {
    guard node.expectMapping(keys: Self.deviceKeys + extraKeys), let profileNode = node.require("profile"),
      let id = profileNode.textValue()
    else { return }
    guard let profile = library.profile(id) else {
      profileNode.report(
        34, "there is no profile '\(id)'", hint: Suggestion.hint(for: id, among: library.profiles.keys))
      return
    }
    guard place.isServed(by: profile.transport) else {
      profileNode.report(35, "the profile '\(id)' speaks another protocol than this section")
      return
    }
    var options = DeviceOptions(name: node["name"]?.textValue() ?? uniqueName(id))
    if let role = node["role"], let word = role.wordValue(among: MeterRole.allCases.map(\.rawValue)) {
      options.meterRole = MeterRole(rawValue: word)
    }
    options.carriesPlant = node["pv"]?.flagValue()
    options.carriesBattery = node["battery"]?.flagValue()
    var parameters: [String: ScalarValue] = [:]
    for (key, value) in node["parameters"]?.entries ?? [] {
      guard let name = key.scalarText, let text = value.scalarText else { continue }
      parameters[name] = HomePlan.parameterValue(text, kind: profile.parameters.first { $0.name == name }?.kind)
    }
    bind(profile, parameters, options, place, node)
  }

  private mutating func bind(
    _ profile: DeviceProfile, _ parameters: [String: ScalarValue], _ options: DeviceOptions, _ place: HomePlan.Place,
    _ node: YAMLNode
  ) {
    do {
      let bound = try BoundProfile(profile: profile, parameters: parameters)
      plan.devices.append(HomePlan.Device(profile: bound, options: options, place: place))
    } catch {
      (node["parameters"] ?? node).report(36, error.message, hint: error.hint)
    }
  }

  private func uniqueName(_ id: String) -> String {
    let taken = Set(plan.devices.map(\.options.name))
    guard taken.contains(id) else { return id }
    return (2...).lazy.map { "\(id)-\($0)" }.first { !taken.contains($0) } ?? id
  }
}

extension HomePlan.Place {
  /// Whether a profile of this transport can be played here.
  public func isServed(by transport: ProfileTransport) -> Bool {
    switch (self, transport) {
    case (.modbus, .modbus(let settings)): settings.framings.contains(.tcp)
    case (.serial, .modbus(let settings)): settings.framings.contains(.rtu)
    case (.framed(let kind, _, _), .modbus(let settings)):
      settings.framings.contains { kind.carried.contains($0) }
    case (.mqtt, .mqtt), (.http, .http): true
    default: false
    }
  }
}
