import ArgumentParser
import LocalAPIClient
import LocalAPISchema

struct SiteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "site", abstract: "Sites and their usage.",
    subcommands: [List.self, Show.self, Create.self, Update.self, Delete.self, Usage.self])

  struct List: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "All sites.")
    @Option(help: "Only sites of this customer.")
    var customer: String?
    @Option(help: "Your own id for it.")
    var reference: String?
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.sites(customerId: customer, referenceId: reference)) {
        RecordViews.sites($0.data, color: session.output.color)
      }
      return .fine
    }
  }

  struct Show: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "One site with its devices and today's energy.")
    @Argument(help: "Id.")
    var site: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.site(site, include: "devices,balance")) { site in
        RecordViews.sites([site], color: session.output.color) + [""]
          + DeviceView.list(site.devices ?? [], color: session.output.color)
          + (site.balance.map { [""] + UsageView.lines($0, color: session.output.color) } ?? [])
      }
      return .fine
    }
  }

  struct Create: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a site. Without --customer it joins the one with its reference or address.")
    @OptionGroup var options: SiteOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let fields = try await options.fields(in: session)
      session.show(try await session.client.createSite(fields.members)) { site in
        ["site \(site.id) is made" + (site.customerId.map { " and belongs to \($0)" } ?? "")]
      }
      return .fine
    }
  }

  struct Update: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Change a site, or whose it is.")
    @Argument(help: "Id.")
    var site: String
    @OptionGroup var options: SiteOptions
    @Option(help: "A field that shall have no value any more, such as customerId; several times for several.")
    var clear: [String] = []
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let fields = try await options.fields(in: session, clearing: clear)
      try fields.needSomething()
      session.show(try await session.client.updateSite(site, fields.members)) { ["site \($0.id) is changed"] }
      return .fine
    }
  }

  struct Delete: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Delete a site; its energy stays under its id.")
    @Argument(help: "Id.")
    var site: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.deleteSite(site)) { _ in ["site \(site) is deleted"] }
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
