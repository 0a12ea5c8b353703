import ArgumentParser
import LocalAPISchema

/// The program `heddle`.
public enum HeddleProgram {
  /// Reads the command line, does it, and ends the process.
  public static func main() async { await HeddleCommand.main() }
}

/// The root of all commands.
struct HeddleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heddle",
    abstract: "See and control the batteries, thermostats, inverters, meters and chargers of a Heddle gateway.",
    discussion: """
      Without options the gateway is found by $HEDDLE_SOCKET, then \(SocketLocations.service), then the demo's socket.
      Exit codes: 0 fine, 1 refused or failed, 2 partly, 3 not confirmed by the device, 64 usage, 69 no gateway,
      78 configuration.
      """,
    version: ReleaseVersion.current,
    groupedSubcommands: [
      CommandGroup(
        name: "SEE",
        subcommands: [
          StatusCommand.self, DeviceCommand.self, LinkCommand.self, DiscoverCommand.self, WatchCommand.self,
          HistoryCommand.self, EventsCommand.self,
          AlertCommand.self,
        ]),
      CommandGroup(
        name: "CONTROL",
        subcommands: [
          BatteryCommand.self, ThermostatCommand.self, InverterCommand.self, ChargerCommand.self, CommandCommand.self,
          BatchCommand.self, ScheduleCommand.self, TagCommand.self, StopCommand.self,
        ]),
      CommandGroup(
        name: "CUSTOMERS",
        subcommands: [
          CustomerCommand.self, SiteCommand.self, ConnectionCommand.self, ApplyCommand.self, MetricsCommand.self,
          UsageCommand.self,
        ]),
      CommandGroup(name: "AUTHOR", subcommands: [ProfileToolsCommand.self]),
      CommandGroup(
        name: "OPERATION",
        subcommands: [
          DemoCommand.self, KeyCommand.self, WebhookCommand.self, AuditCommand.self, VersionCommand.self,
          CompletionsCommand.self,
        ]),
    ])
}
