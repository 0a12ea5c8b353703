import ArgumentParser
import LocalAPIClient
import LocalAPISchema

/// Which time of usage is wanted.
struct UsageOptions: ParsableArguments {
  @Option(help: "today, yesterday, month, or days such as 7d or 30d.")
  var range: String?
  @Option(help: "From a date or time, instead of --range.")
  var from: String?
  @Option(help: "To a date or time, excluded; now without it.")
  var to: String?
  @Option(help: "15m, hour, day, week, month, year or none.")
  var by: String?
  @Option(help: "IANA time zone; the site's without it.")
  var timezone: String?

  var period: UsagePeriod { UsagePeriod(range: range, from: from, to: to, by: by, timezone: timezone) }
}

struct CustomerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "customer", abstract: "Customers, what belongs to them, and their usage.",
    subcommands: [
      List.self, Show.self, Create.self, Update.self, Delete.self, Sites.self, Devices.self, Activity.self, Usage.self,
    ])

  struct List: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "All customers, or those that fit.")
    @Option(name: .customLong("search"), help: "Text in id, name, reference, e-mail, phone or address.")
    var text: String?
    @Option(help: "Your own id for it.")
    var reference: String?
    @Option(help: "Contact.")
    var email: String?
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.customers(referenceId: reference, email: email, text: text)) {
        RecordViews.customers($0.data, color: session.output.color)
      }
      return .fine
    }
  }

  struct Show: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "One customer with sites and devices.")
    @Argument(help: "Id or name.")
    var customer: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let reply = try await session.customer(customer)
      if session.json {
        session.print(json: reply.json)
        return .fine
      }
      let sites = try await session.client.sites(customerId: reply.value.id).value.data
      let devices = try await session.client.devices(customerId: reply.value.id).value.data
      session.output.print(
        RecordViews.customer(reply.value, sites: sites, devices: devices, color: session.output.color))
      return .fine
    }
  }

  struct Create: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a customer. Sites and devices with its reference or address join it.")
    @OptionGroup var options: CustomerOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.createCustomer(try options.fields().members)) {
        ["customer \($0.id) is made"]
      }
      return .fine
    }
  }

  struct Update: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Change a customer.")
    @Argument(help: "Id or name.")
    var customer: String
    @OptionGroup var options: CustomerOptions
    @Option(help: "A field that shall have no value any more; several times for several.")
    var clear: [String] = []
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let fields = try options.fields(clearing: clear)
      try fields.needSomething()
      let id = try await session.customerID(customer)
      session.show(try await session.client.updateCustomer(id, fields.members)) { ["customer \($0.id) is changed"] }
      return .fine
    }
  }

  struct Delete: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Delete a customer: what is personal goes, and with --purge the energy, too.")
    @Argument(help: "Id or name.")
    var customer: String
    @Flag(help: "Remove the energy that was measured for it as well. This cannot be undone.")
    var purge = false
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let id = try await session.customerID(customer)
      session.show(try await session.client.deleteCustomer(id, mode: purge ? .purge : .anonymize)) { gone in
        ["customer \(gone.id) is deleted, its energy is \(gone.aggregates.rawValue)"]
          + (gone.unlinkedSites + gone.unlinkedDevices).map { "  \($0) belongs to nobody now" }
      }
      return .fine
    }
  }

  struct Sites: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Sites of a customer.")
    @Argument(help: "Id or name.")
    var customer: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let id = try await session.customerID(customer)
      session.show(try await session.client.sites(customerId: id)) {
        RecordViews.sites($0.data, color: session.output.color)
      }
      return .fine
    }
  }

  struct Devices: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Devices of a customer.")
    @Argument(help: "Id or name.")
    var customer: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let id = try await session.customerID(customer)
      session.show(try await session.client.devices(customerId: id)) {
        DeviceView.list($0.data, color: session.output.color)
      }
      return .fine
    }
  }

  struct Activity: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "What happened to a customer's things, newest first.")
    @Argument(help: "Id or name.")
    var customer: String
    @Option(help: "How many.")
    var limit = 50
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let id = try await session.customerID(customer)
      session.show(try await session.client.activity(of: id, limit: limit)) { page in
        page.data.isEmpty ? ["nothing happened yet"] : page.data.map(RecordViews.event)
      }
      return .fine
    }
  }

  struct Usage: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Energy of a customer: consumption, generation, charge, import, …")
    @Argument(help: "Id or name.")
    var customer: String
    @OptionGroup var usage: UsageOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let id = try await session.customerID(customer)
      session.show(try await session.client.customerUsage(id, usage.period)) {
        UsageView.lines($0, color: session.output.color)
      }
      return .fine
    }
  }
}
