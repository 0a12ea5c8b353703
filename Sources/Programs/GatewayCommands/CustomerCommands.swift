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
    commandName: "customer", abstract: "Customers and their usage.", subcommands: [List.self, Show.self, Usage.self])

  struct List: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "All customers.")
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.customers()) {
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

  struct Usage: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Energy of a customer: consumption, generation, charge, import, …")
    @Argument(help: "Id or name.")
    var customer: String
    @OptionGroup var usage: UsageOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let id = try await session.customer(customer).value.id
      session.show(try await session.client.customerUsage(id, usage.period)) {
        UsageView.lines($0, color: session.output.color)
      }
      return .fine
    }
  }
}

struct SiteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "site", abstract: "Sites and their usage.", subcommands: [List.self, Usage.self])

  struct List: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "All sites.")
    @Option(help: "Only sites of this customer.")
    var customer: String?
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.sites(customerId: customer)) {
        RecordViews.sites($0.data, color: session.output.color)
      }
      return .fine
    }
  }

  struct Usage: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Energy of a site.")
    @Argument(help: "Id.")
    var site: String
    @OptionGroup var usage: UsageOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.siteUsage(site, usage.period)) {
        UsageView.lines($0, color: session.output.color)
      }
      return .fine
    }
  }
}
