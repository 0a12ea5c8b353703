import Glibc
public import LocalAPISchema
import ModbusAdapter

/// A request for a look around that was checked: what is asked, and how.
public struct DiscoveryPlan: Sendable {
  /// A host with a port, as it was said.
  struct Place: Sendable, Hashable {
    var host: String
    var port: Int
    var text: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
  }

  struct Line: Sendable {
    var settings: [ModbusLinkConfiguration.SerialLine]
    var units: [UInt8]
  }

  struct Broker: Sendable {
    var place: Place
    var duration: Duration
    var user: String?
    var password: String?
    var isSecure = false
    /// The authority that is trusted; `nil` = those of the machine.
    var authorityFile: String?

    /// The port of brokers that nobody moved.
    var usualPort: Int { isSecure ? 8883 : 1883 }
  }

  var sockets: [Place] = []
  /// Units that are asked over the network; `nil` = those of the profiles.
  var units: [UInt8]?
  var line: Line?
  var broker: Broker?
  var webs: [Place] = []
  var timeout: Duration?
  var allowsPublic = false
  var asksConfigured = false

  /// The device file of the serial line.
  public var lineDevice: String? { line?.settings.first?.device }

  /// Checks a request. Throws the first thing that is wrong with it, with its place.
  public init(_ request: DiscoveryRequest) throws(APIError) {
    if let seconds = request.timeoutSeconds {
      timeout = .seconds(try Self.within(seconds, DiscoveryLimits.timeoutSeconds, "/timeoutSeconds"))
    }
    allowsPublic = request.allowPublic ?? false
    asksConfigured = request.askConfigured ?? false
    if let modbus = request.modbus {
      sockets = try places(modbus.hosts, modbus.ports ?? [502], "/modbus")
      units = try modbus.units.map { units throws(APIError) in try Self.units(units, 0...255, "/modbus/units") }
    }
    if let serial = request.serial { line = try Self.line(serial) }
    if let mqtt = request.mqtt { broker = try Self.broker(mqtt) }
    if let http = request.http { webs = try places(http.hosts, http.ports ?? [80], "/http") }
    guard !sockets.isEmpty || line != nil || broker != nil || !webs.isEmpty else {
      throw .invalid(
        "", "nothing says where to look", code: "MISSING_FIELD", hint: "give modbus, serial, mqtt or http")
    }
  }

  /// How many steps the progress has.
  var steps: Int { sockets.count + webs.count + (line?.settings.count ?? 0) + (broker == nil ? 0 : 1) }

  private func places(_ hosts: [String], _ ports: [Int], _ pointer: String) throws(APIError) -> [Place] {
    guard !hosts.isEmpty else { throw .invalid("\(pointer)/hosts", "there is no host", code: "MISSING_FIELD") }
    guard (1...DiscoveryLimits.maxPorts).contains(ports.count), ports.allSatisfy({ (1...65_535).contains($0) }) else {
      throw .invalid(
        "\(pointer)/ports", "there must be 1 to \(DiscoveryLimits.maxPorts) ports from 1 to 65535",
        code: "OUT_OF_RANGE")
    }
    var names: [String] = []
    for (index, host) in hosts.enumerated() {
      names += try addresses(host, "\(pointer)/hosts/\(index)")
      guard names.count * ports.count <= DiscoveryLimits.maxPlaces else {
        throw .invalid(
          "\(pointer)/hosts", "these are more than \(DiscoveryLimits.maxPlaces) addresses", code: "OUT_OF_RANGE",
          hint: "look at smaller ranges, one after the other")
      }
    }
    var seen: Set<Place> = []
    return names.flatMap { host in ports.map { Place(host: host, port: $0) } }.filter { seen.insert($0).inserted }
  }

  private func addresses(_ host: String, _ pointer: String) throws(APIError) -> [String] {
    var all = [host]
    if host.contains("/") {
      guard let range = NetworkAddress.range(host, limit: DiscoveryLimits.maxPlaces) else {
        throw .invalid(pointer, "'\(host)' is no range of addresses", hint: "write 192.168.1.0/24")
      }
      all = range
    } else if !Self.isHost(host) {
      throw .invalid(pointer, "'\(host)' is no host", hint: "write an address, a name, or a range: 192.168.1.0/24")
    }
    // Names are checked when they are looked up.
    if !allowsPublic, let other = all.first(where: { NetworkAddress.isNumeric($0) && !NetworkAddress.isPrivate($0) }) {
      throw .invalid(
        pointer, "\(other) is not an address of a private network", code: "PUBLIC_ADDRESS",
        hint: "allowPublic looks at it all the same")
    }
    return all
  }

  private static func isHost(_ text: String) -> Bool {
    if NetworkAddress.isNumeric(text) { return true }
    return (1...253).contains(text.utf8.count) && !text.hasPrefix("-")
      && text.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
      }
  }

  private static func line(_ request: DiscoveryRequest.Line) throws(APIError) -> Line {
    guard isCharacterDevice(request.device) else {
      throw .invalid("/serial/device", "'\(request.device)' is no serial line", hint: "write /dev/ttyUSB0")
    }
    let known = ModbusLinkConfiguration.SerialLine.baudRates
    let rates = request.baudRates ?? DiscoveryLimits.baudRates
    guard (1...known.count).contains(rates.count), rates.allSatisfy(known.contains) else {
      throw .invalid(
        "/serial/baudRates", "a baud rate is one of \(known.map(String.init).joined(separator: ", "))")
    }
    let words = request.parities ?? ["none", "even"]
    let parities = words.compactMap(ModbusLinkConfiguration.SerialLine.Parity.init)
    guard !words.isEmpty, parities.count == words.count else {
      throw .invalid("/serial/parities", "a parity is one of none, even, odd")
    }
    let units = try request.units.map { units throws(APIError) in try Self.units(units, 1...247, "/serial/units") }
    return Line(
      settings: rates.flatMap { rate in
        parities.map { parity in
          ModbusLinkConfiguration.SerialLine(device: request.device, baud: rate, parity: parity)
        }
      },
      units: units ?? DiscoveryLimits.lineUnits)
  }

  /// Nothing else is ever opened.
  private static func isCharacterDevice(_ path: String) -> Bool {
    var status = stat()
    return path.hasPrefix("/") && stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFCHR
  }

  private static func broker(_ request: DiscoveryRequest.Broker) throws(APIError) -> Broker {
    var host = request.broker
    let isSecure = request.tls ?? false
    var port = isSecure ? 8883 : 1883
    if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]"),
      host.hasPrefix("[") || host.count(where: { $0 == ":" }) == 1
    {
      guard let number = Int(host[host.index(after: colon)...]), (1...65_535).contains(number) else {
        throw .invalid("/mqtt/broker", "'\(request.broker)' has no port from 1 to 65535 behind the colon")
      }
      port = number
      host = String(host[..<colon])
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard isHost(host) else {
      throw .invalid("/mqtt/broker", "'\(request.broker)' is no host", hint: "write host:\(isSecure ? 8883 : 1883)")
    }
    let seconds = try within(
      request.seconds ?? DiscoveryLimits.defaultListenSeconds, DiscoveryLimits.listenSeconds, "/mqtt/seconds")
    guard request.password == nil || request.user != nil else {
      throw .invalid("/mqtt/user", "a password goes with a user", code: "MISSING_FIELD")
    }
    if let file = request.ca {
      guard isSecure else {
        throw .invalid("/mqtt/ca", "an authority belongs to a session with TLS", hint: "add tls: true")
      }
      guard file.hasPrefix("/"), access(file, R_OK) == 0 else {
        throw .invalid(
          "/mqtt/ca", "the gateway cannot read '\(file)'", hint: "an absolute path on the gateway's machine")
      }
    }
    return Broker(
      place: Place(host: host, port: port), duration: .seconds(seconds), user: request.user,
      password: request.password, isSecure: isSecure, authorityFile: request.ca)
  }

  private static func units(_ units: [Int], _ range: ClosedRange<Int>, _ pointer: String) throws(APIError) -> [UInt8] {
    let numbers = units.compactMap { range.contains($0) ? UInt8(exactly: $0) : nil }
    guard !units.isEmpty, numbers.count == units.count, units.count <= range.count else {
      throw .invalid(
        pointer, "a unit is a whole number from \(range.lowerBound) to \(range.upperBound)", code: "OUT_OF_RANGE")
    }
    var seen: Set<UInt8> = []
    return numbers.filter { seen.insert($0).inserted }
  }

  private static func within(
    _ value: Double, _ range: ClosedRange<Double>, _ pointer: String
  ) throws(APIError) -> Double {
    guard range.contains(value) else {
      throw .invalid(
        pointer, "it must be from \(range.lowerBound) to \(range.upperBound) s", code: "OUT_OF_RANGE")
    }
    return value
  }
}
