import ArgumentParser
import LocalAPIClient
import LocalAPISchema

struct LinkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "link", abstract: "Links: Modbus buses, broker sessions and HTTP hosts.",
    subcommands: [List.self, Show.self, Add.self, Test.self, Delete.self])

  struct List: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "All links.")
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.links()) { LinkView.list($0.data, color: session.output.color) }
      return .fine
    }
  }

  struct Show: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "One link with its settings and health.")
    @Argument(help: "Id.")
    var link: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.link(link)) { LinkView.lines($0, color: session.output.color) }
      return .fine
    }
  }

  struct Add: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a link and connect.",
      discussion: """
        The settings are those of the configuration file: modbus tcp=192.168.1.20:502, modbus serial=/dev/ttyUSB0
        baud=9600, mqtt broker=192.168.1.5 user=heddle password=-, http url=http://192.168.1.30.
        """)
    @OptionGroup var settings: LinkSettings
    @Option(help: "Its id; one is made without it.")
    var id: String?
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      var members = try settings.members()
      if let id { members["id"] = .text(id) }
      session.show(try await session.client.createLink(members)) { ["link \($0.id) is made: \($0.address)"] }
      return .fine
    }
  }

  struct Test: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Read a device once over a link, also over one that is not made yet.",
      discussion: """
        heddle link test cellar --profile eastron-sdm630 --parameter unit=3
        heddle link test modbus tcp=192.168.1.20:502 --profile eastron-sdm630
        """)
    @Argument(help: "Id of a link, or the settings of a new one.")
    var words: [String]
    @OptionGroup var product: ProductOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let link: JSONValue = words.count == 1 ? .text(words[0]) : .object(try LinkSettings.members(words))
      let reply = try await session.client.testLink(link, profile: product.profile, parameters: try product.members())
      session.show(reply) { LinkView.test($0, color: session.output.color) }
      return reply.value.isReached ? .fine : .failed
    }
  }

  struct Delete: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Delete a link that was made this way and has no devices.")
    @Argument(help: "Id.")
    var link: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.deleteLink(link)) { _ in ["link \(link) is deleted"] }
      return .fine
    }
  }
}

extension DeviceCommand {
  struct Add: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a device behind a link and begin to read it.",
      discussion: "heddle device add --link cellar --profile eastron-sdm630 --parameter unit=3 --role grid")
    @Option(help: "Id of its link.")
    var link: String
    @OptionGroup var product: ProductOptions
    @Option(help: "Which device of the profile, where it presents several.")
    var part: String?
    @Option(help: "Its id; one is made without it.")
    var id: String?
    @Option(help: "What a meter measures: grid, load, pv or sub.")
    var role: String?
    @Option(help: "What people call it.")
    var name: String?
    @Option(help: "Your own id for it.")
    var reference: String?
    @Option(help: "Id or name of its customer.")
    var customer: String?
    @Option(help: "Id of its site.")
    var site: String?
    @Option(help: "A word to find it by; several times for several.")
    var tag: [String] = []
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let customerID = try await session.customerID(customer)
      var fields = try RecordFields([
        ("id", id), ("link", link), ("profile", product.profile), ("part", part), ("role", role), ("name", name),
        ("referenceId", reference), ("customerId", customerID), ("siteId", site),
      ])
      let parameters = try product.members()
      if !parameters.isEmpty { fields.set("parameters", .object(parameters)) }
      if !tag.isEmpty { fields.set("tags", .array(tag.map { .text($0) })) }
      session.show(try await session.client.createDevice(fields.members)) { device in
        ["device \(device.id) is made" + (device.customerId.map { " and belongs to \($0)" } ?? "")]
      }
      return .fine
    }
  }

  struct Delete: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give a device that was made this way back to itself and forget it; its energy stays under its id.")
    @Argument(help: "Id or name.")
    var device: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      var id = device
      // One that is not in force can be deleted by its id.
      if let found = try? await session.device(device) { id = found.value.id }
      session.show(try await session.client.deleteDevice(id)) { _ in ["device \(id) is deleted"] }
      return .fine
    }
  }
}

/// A product and what its profile wants to know.
struct ProductOptions: ParsableArguments {
  @Option(help: "Id of the profile.")
  var profile: String
  @Option(help: "A parameter of the profile, such as unit=3; a value of - is read from standard input.")
  var parameter: [String] = []

  func members() throws -> [String: JSONValue] {
    var members: [String: JSONValue] = [:]
    for word in parameter {
      let (name, text) = try LinkSettings.parts(word)
      members[name] = Self.value(text)
    }
    return members
  }

  /// What looks like a number is one; in double quotes it is a text.
  static func value(_ text: String) -> JSONValue {
    if text == "true" || text == "false" { return .flag(text == "true") }
    if text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") { return .text(String(text.dropFirst().dropLast())) }
    let isPadded = text.count > 1 && text.hasPrefix("0") && !text.hasPrefix("0.")
    if !isPadded, let number = Double(text), number.isFinite { return .number(number) }
    return .text(text)
  }
}

/// The settings of a link, as words: `modbus tcp=192.168.1.20:502`.
struct LinkSettings: ParsableArguments {
  @Argument(help: "modbus, mqtt or http, and its settings as name=value; a value of - is read from standard input.")
  var words: [String]

  func members() throws -> [String: JSONValue] { try Self.members(words) }

  /// Settings that are numbers; a password of digits is none.
  private static let numbers: Set<String> = ["baud", "dataBits", "stopBits"]

  static func members(_ words: [String]) throws -> [String: JSONValue] {
    guard let transport = words.first, ["modbus", "mqtt", "http"].contains(transport), words.count > 1 else {
      throw CommandFailure(
        message: "'\(words.joined(separator: " "))' is not a link",
        hint: "modbus tcp=HOST:502, mqtt broker=HOST, or http url=http://HOST", status: .usage)
    }
    var settings = JSONValue.object([:])
    for word in words.dropFirst() {
      let (name, text) = try parts(word)
      // `tls.ca=/etc/ssl/broker.pem`
      let path = name.split(separator: ".", maxSplits: 1).map(String.init)
      let value = name == "tls" || numbers.contains(name) ? ProductOptions.value(text) : .text(text)
      if path.count == 2 {
        var inner = settings[path[0]] ?? .object([:])
        inner[path[1]] = value
        settings[path[0]] = inner
      } else {
        settings[name] = value
      }
    }
    return [transport: settings]
  }

  static func parts(_ word: String) throws -> (name: String, text: String) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[0].isEmpty else {
      throw CommandFailure(message: "'\(word)' is not name=value", hint: "for example unit=3", status: .usage)
    }
    return (parts[0], parts[1] == "-" ? readLine() ?? "" : parts[1])
  }
}
