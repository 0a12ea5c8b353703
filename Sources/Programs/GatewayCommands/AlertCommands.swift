import ArgumentParser
import EnergyModel
import LocalAPIClient
import LocalAPISchema

struct AlertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alert", abstract: "What a person has to look at.",
    subcommands: [List.self, Acknowledge.self], defaultSubcommand: List.self)

  struct List: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Alerts that are not over, newest first.")

    @Option(help: "Only of this device.")
    var device: String?
    @Flag(help: "Those that are over too.")
    var all = false
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let reply = try await session.client.alerts(deviceId: device, includesResolved: all)
      session.show(reply) { AlertView.list($0.data) }
      return .fine
    }
  }

  struct Acknowledge: GatewayCommand {
    static let configuration = CommandConfiguration(
      commandName: "ack", abstract: "Say that you know of an alert; it stays until it is over.")

    @Argument(help: "Id, alt_….")
    var id: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.acknowledgeAlert(id)) { AlertView.list([$0]) }
      return .fine
    }
  }
}

enum AlertView {
  static func list(_ alerts: [AlertResource]) -> [String] {
    guard !alerts.isEmpty else { return ["No alerts."] }
    return alerts.flatMap { alert in
      var state = alert.count > 1 ? "\(alert.count) times since \(alert.raisedAt)" : "since \(alert.raisedAt)"
      if let time = alert.acknowledgedAt { state += ", acknowledged \(time) by \(alert.acknowledgedBy ?? "?")" }
      if let time = alert.resolvedAt { state += ", over \(time)" }
      let subject = alert.deviceId ?? alert.webhookId ?? "gateway"
      return ["\(alert.id)  \(subject)  \(alert.kind.rawValue)  \(state)", "  \(alert.message)"]
    }
  }
}
