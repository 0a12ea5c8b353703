import ArgumentParser
import EnergyModel
import LocalAPIClient
import LocalAPISchema

struct DeviceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "device", abstract: "Devices with their values.",
    subcommands: [List.self, Show.self, Explain.self, Refresh.self, Add.self, Update.self, Delete.self])

  struct Refresh: DeviceOrder {
    static let configuration = CommandConfiguration(abstract: "Read a device now.")
    @Argument(help: "Id or name.")
    var device: String
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    var orders: [CommandSender.Order] { [.init(verb: "refresh")] }
  }

  struct List: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "All devices with the values that matter.")

    @Option(help: "Only battery, thermostat, inverter, meter or charger.")
    var type: String?
    @Option(help: "Only devices of this customer.")
    var customer: String?
    @Option(help: "Only devices at this site.")
    var site: String?
    @Option(help: "Only devices with this tag.")
    var tag: String?
    @Option(help: "Only online, degraded, offline or unknown.")
    var status: String?
    @Option(help: "Only of this maker.")
    var manufacturer: String?
    @Option(help: "Your own id for it.")
    var reference: String?
    @Flag(help: "Only devices whose values are too old.")
    var stale = false
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let reply = try await session.client.devices(
        type: type, customerId: customer, siteId: site, tag: tag, status: status, manufacturer: manufacturer,
        referenceId: reference, isStale: stale ? true : nil)
      session.show(reply) { page in
        var lines = DeviceView.list(page.data, color: session.output.color)
        if page.totalItems > page.data.count { lines.append("\(page.totalItems - page.data.count) more, see --json") }
        return lines
      }
      return .fine
    }
  }

  struct Show: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "One device: every field with unit, quality and age, and its commands with their limits.")

    @Argument(help: "Id or name.")
    var device: String
    @Flag(help: "Ask the device now.")
    var refresh = false
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      if refresh { _ = try await session.client.refreshedState(try await session.device(device).value.id) }
      session.show(try await session.device(device)) { DeviceView.lines($0, color: session.output.color) }
      return .fine
    }
  }

  struct Update: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change name, reference, site or customer of a device, where the configuration does not say them.")

    @Argument(help: "Id or name.")
    var device: String
    @Option(help: "What people call it.")
    var name: String?
    @Option(help: "Your own id for it.")
    var reference: String?
    @Option(help: "Id or name of its customer.")
    var customer: String?
    @Option(help: "Id of its site.")
    var site: String?
    @Option(help: "A field that shall have no value any more, such as customerId; several times for several.")
    var clear: [String] = []
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let customerID = try await session.customerID(customer)
      let fields = try RecordFields(
        [("name", name), ("referenceId", reference), ("customerId", customerID), ("siteId", site)],
        clearing: clear, among: ["name", "referenceId", "customerId", "siteId"])
      try fields.needSomething()
      let id = try await session.device(device).value.id
      session.show(try await session.client.updateDevice(id, fields.members)) { ["device \($0.id) is changed"] }
      return .fine
    }
  }
}

struct WatchCommand: GatewayCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "A device live; in a pipe one line per look.")

  @Argument(help: "Id or name.")
  var device: String
  @Flag(help: "Look once.")
  var once = false
  @Option(help: "Time between two looks, such as 2s.", transform: { try Quantity.duration($0) })
  var interval: Double = 2
  @OptionGroup var connection: ConnectionOptions

  func run(in session: Session) async throws -> ExitStatus {
    let first = try await session.device(device)
    var shownLines = show(first, over: 0, session)
    while !once {
      try await session.sleep(.milliseconds(Int64(min(interval, 86_400) * 1000)))
      let next = try await look(at: first.value.id, session)
      shownLines = next.map { show($0, over: shownLines, session) } ?? 0
    }
    return .fine
  }

  /// `nil` while the gateway does not answer: it may come back, and what is on the screen must not look like now.
  private func look(at id: String, _ session: Session) async throws -> APIReply<DeviceResource>? {
    do {
      return try await session.client.device(id)
    } catch {
      guard case .unreachable = error else { throw error }
      session.output.writeError("\(error.message)\n")
      return nil
    }
  }

  /// Shows one look; returns how many lines of the screen it takes.
  private func show(_ reply: APIReply<DeviceResource>, over shown: Int, _ session: Session) -> Int {
    if session.json {
      session.print(json: reply.json, pretty: false)
      return 0
    }
    let device = reply.value
    guard session.output.isTerminal, !once else {
      let time = device.state.observedAt?.rfc3339 ?? Phrasing.unknown
      let state = device.connectivity.state.rawValue
      session.output.print(["\(time)  \(device.id)  \(state)  \(DevicePhrases.summary(of: device))"])
      return 0
    }
    let lines = DeviceView.lines(device, color: session.output.color)
    // Up to the first line of the last look, and everything below it away.
    if shown > 0 { session.output.write("\u{1B}[\(shown)A\u{1B}[J") }
    session.output.print(lines)
    return lines.count
  }
}
