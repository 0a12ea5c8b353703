import ArgumentParser
import LocalAPIClient
import LocalAPISchema

struct MetricsCommand: GatewayCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics", abstract: "A metric of devices, sites or customers over time.",
    discussion: "Metrics: \(MetricName.allCases.map(\.rawValue).joined(separator: ", ")).")

  @Argument(help: "consumption, production, generation, import, …")
  var metric: String
  @Option(help: "Only this device; can be given several times.")
  var device: [String] = []
  @Option(help: "Only this site; can be given several times.")
  var site: [String] = []
  @Option(help: "Only this customer; can be given several times.")
  var customer: [String] = []
  @Option(help: "15m, hour, day, week, month or year.")
  var by: String = "hour"
  @Option(help: "device, site, customer, tag or type; what is asked for without it.")
  var group: String?
  @Option(help: "1h, 12h, 1d, 7d, 30d, 90d or 1y.")
  var range: String?
  @Option(help: "From a date or time, instead of --range.")
  var from: String?
  @Option(help: "To a date or time, excluded; now without it.")
  var to: String?
  @Option(help: "IANA time zone; the site's without it.")
  var timezone: String?
  @OptionGroup var connection: ConnectionOptions

  func run(in session: Session) async throws -> ExitStatus {
    let reply = try await session.client.metric(
      MetricSelection(
        metric: metric, devices: device, sites: site, customers: customer,
        windowSize: by == "15m" ? MetricWindow.quarterHour.rawValue : by.uppercased(), groupBy: group?.uppercased(),
        relative: range, after: from, before: to, timezone: timezone))
    session.show(reply) { MetricView.lines($0, color: session.output.color) }
    return .fine
  }
}
