import EnergyModel
import LocalAPISchema
import ModbusAdapter
import ModbusWire
import Synchronization
public import TimeSource

/// A look around: asks who is there, and writes what it finds on a board. It only ever reads.
///
/// At most `DiscoveryLimits.connections` hosts are asked at a time, each over one connection with a gap between requests.
/// What one place does wrong costs that place only.
public struct Discovery: Sendable {
  let plan: DiscoveryPlan
  let catalogue: ProductCatalogue
  let known: [KnownLink]
  let board: DiscoveryBoard
  let time: TimeSource
  let random: @Sendable () -> Double
  private let loops = SocketLoops()

  /// Problems of single hosts are told only where so few were named: in a range most addresses are nobody's.
  static let fewPlaces = 8

  /// - Parameters:
  ///   - known: links that run; what they reach is told from the configuration and not asked, unless the plan says so.
  ///   - board: where the finds go.
  ///   - random: 0 to 1, for the name of the session at a broker.
  public init(
    _ plan: DiscoveryPlan, catalogue: ProductCatalogue, known: [KnownLink], board: DiscoveryBoard, time: TimeSource,
    random: @escaping @Sendable () -> Double
  ) {
    self.plan = plan
    self.catalogue = catalogue
    self.known = known
    self.board = board
    self.time = time
    self.random = random
  }

  /// Looks everywhere and returns; sooner when the task is cancelled.
  public func run() async {
    var isWhole = false
    do {
      let first = try BusProber(catalogue, loops: loops, time: time)
      let places = await first.resolved(known)
      try await withThrowingTaskGroup(of: Void.self) { group in
        if let line = plan.line { group.addTask { try await look(at: line) } }
        if let broker = plan.broker { group.addTask { try await look(at: broker, first, places) } }
        let hosts = Queue(plan.sockets.map { Host.socket($0) } + plan.webs.map { Host.web($0) })
        for worker in 0..<min(DiscoveryLimits.connections, hosts.count) {
          let prober = worker == 0 ? first : try BusProber(catalogue, loops: loops, time: time)
          group.addTask {
            while let host = hosts.next() { try await look(at: host, prober, places) }
          }
        }
        try await group.waitForAll()
      }
      isWhole = true
    } catch is CancellationError {
    } catch {
      board.report("discovery", "\(error)")
      isWhole = !Task.isCancelled
    }
    board.end(isWhole && !Task.isCancelled ? .completed : .cancelled, at: time.wall())
  }

  typealias KnownPlaces = [(link: KnownLink, places: [KnownLink.Place])]

  private enum Host: Sendable {
    case socket(DiscoveryPlan.Place)
    case web(DiscoveryPlan.Place)
  }

  private final class Queue: Sendable {
    private let hosts: [Host]
    private let position = Mutex(0)
    var count: Int { hosts.count }
    init(_ hosts: [Host]) { self.hosts = hosts }
    func next() -> Host? {
      position.withLock { position in
        guard position < hosts.count else { return nil }
        defer { position += 1 }
        return hosts[position]
      }
    }
  }

  // MARK: Hosts

  private func look(at host: Host, _ prober: BusProber, _ places: KnownPlaces) async throws {
    defer { board.finishStep() }
    switch host {
    case .socket(let place):
      board.begin(place.text)
      for address in try await addresses(of: place, prober) {
        try await lookAtSocket(DiscoveryPlan.Place(host: address, port: place.port), prober, places)
      }
    case .web(let place):
      board.begin("http://\(place.text)")
      for address in try await addresses(of: place, prober).prefix(1) {
        try await lookAtWeb(DiscoveryPlan.Place(host: address, port: place.port), places)
      }
    }
  }

  /// The addresses of a host that may be looked at.
  private func addresses(of place: DiscoveryPlan.Place, _ prober: BusProber) async throws -> [String] {
    try Task.checkCancellation()
    let all = await prober.addresses(of: place.host)
    if all.isEmpty { board.report(place.text, "the name has no address") }
    let allowed = all.filter { plan.allowsPublic || NetworkAddress.isPrivate($0) }
    if allowed.count < all.count {
      board.report(place.text, "it is not in a private network; allowPublic looks at it all the same")
    }
    return Array(allowed.prefix(1))
  }

  private func lookAtSocket(_ place: DiscoveryPlan.Place, _ prober: BusProber, _ places: KnownPlaces) async throws {
    let link = places.first { $0.places.contains(.socket(host: place.host, port: place.port)) }?.link
    if let link, !plan.asksConfigured { return tell(link, "modbus", place.text) }
    let outcome = try await prober.examine(
      ModbusLinkConfiguration(
        name: "discovery", medium: .tcp(host: place.host, port: UInt16(clamping: place.port)), connectTimeout: timeout),
      framing: .tcp, units: plan.units ?? catalogue.usualUnits, isNamed: plan.units != nil, timeout: timeout)
    let settings = JSONValue.object(["modbus": .object(["tcp": .text(place.text)])])
    for find in outcome.finds {
      board.add(self.find(find, place.text, link, .new(name: Self.linkID("modbus", place, 502), settings: settings)))
    }
    if let problem = outcome.problem { report(place.text, problem, isUsual: outcome.isUnreachable) }
  }

  private func lookAtWeb(_ place: DiscoveryPlan.Place, _ places: KnownPlaces) async throws {
    let host = place.host.contains(":") ? "[\(place.host)]" : place.host
    let origin = place.port == 80 ? "http://\(host)" : "http://\(host):\(place.port)"
    let link = places.first { $0.link.place == .web(origin: origin) }?.link
    if let link, !plan.asksConfigured { return tell(link, "http", origin) }
    let outcome = try await WebProber(catalogue: catalogue, timeout: timeout, time: time).probe(origin)
    if let problem = outcome.problem { return report(origin, problem, isUsual: true) }
    guard let best = outcome.best else { return }
    let settings = JSONValue.object(["http": .object(["url": .text(origin)])])
    board.add(
      find(
        best, outcome.others, transport: "http", place: origin, link,
        .new(name: Self.linkID("http", place, 80), settings: settings)))
  }

  private func report(_ place: String, _ problem: String, isUsual: Bool) {
    guard !isUsual || plan.sockets.count + plan.webs.count <= Self.fewPlaces else { return }
    board.report(place, problem)
  }

  private var timeout: Duration { plan.timeout ?? DiscoveryLimits.defaultTimeout }

  // MARK: A serial line

  private func look(at line: DiscoveryPlan.Line) async throws {
    let prober = try BusProber(catalogue, loops: loops, time: time)
    var isSettled = false
    for setting in line.settings {
      try Task.checkCancellation()
      defer { board.finishStep() }
      let place = "\(setting.device) \(setting.baud) \(setting.parity.rawValue)"
      // A line has one setting: where somebody answered, the others are not tried.
      guard !isSettled else { continue }
      board.begin(place)
      let outcome = try await prober.examine(
        ModbusLinkConfiguration(name: "discovery", medium: .rtu(setting)), framing: .rtu, units: line.units,
        isNamed: true, timeout: plan.timeout ?? DiscoveryLimits.defaultLineTimeout)
      isSettled = !outcome.finds.isEmpty
      let settings = JSONValue.object([
        "modbus": .object([
          "serial": .text(setting.device), "baud": .number(Double(setting.baud)),
          "parity": .text(setting.parity.rawValue),
        ])
      ])
      let name = SnippetBuilder.id(["serial", String(setting.device.split(separator: "/").last ?? "")])
      for find in outcome.finds { board.add(self.find(find, place, nil, .new(name: name, settings: settings))) }
      if let problem = outcome.problem {
        board.report(place, problem)
        if outcome.isUnreachable { isSettled = true }
      }
    }
  }

  // MARK: A broker

  private func look(at broker: DiscoveryPlan.Broker, _ prober: BusProber, _ places: KnownPlaces) async throws {
    defer { board.finishStep() }
    let text = broker.place.text
    board.begin(text)
    guard let address = try await addresses(of: broker.place, prober).first else { return }
    let outcome = try await BrokerListener(time: time, random: random).listen(to: broker, as: address)
    if let problem = outcome.problem { board.report(text, problem) }
    if outcome.dropped > 0 {
      board.report(text, "\(outcome.dropped) messages were beyond the limits and not looked at")
    }
    let link = places.first { $0.places.contains(.broker(host: address, port: broker.place.port)) }?.link
    var settings: [String: JSONValue] = ["broker": .text(text)]
    if let user = broker.user {
      settings["user"] = .text(user)
      settings["password"] = .text("${credential:\(Self.linkID("mqtt", broker.place, broker.usualPort))}")
    }
    if broker.isSecure {
      settings["tls"] = broker.authorityFile.map { .object(["ca": .text($0)]) } ?? .flag(true)
    }
    let finds = TopicMatcher(catalogue: catalogue, time: time.wall()).finds(in: outcome.messages)
    for (best, others) in finds {
      board.add(
        find(
          best, others, transport: "mqtt", place: text, link,
          .new(
            name: Self.linkID("mqtt", broker.place, broker.usualPort), settings: .object(["mqtt": .object(settings)]))))
    }
  }

  private static func linkID(_ kind: String, _ place: DiscoveryPlan.Place, _ usualPort: Int) -> String {
    SnippetBuilder.id([kind, place.host] + (place.port == usualPort ? [] : [String(place.port)]))
  }
}
