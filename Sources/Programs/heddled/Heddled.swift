import ArgumentParser
import Gateway
import LocalAPISchema

/// The gateway daemon.
@main
struct Heddled: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heddled", abstract: "Device-telemetry gateway for energy hardware.",
    version: ReleaseVersion.current, subcommands: [Run.self, Check.self, Release.self], defaultSubcommand: Run.self)
}

/// Where configuration and profiles are; shared by all subcommands.
struct PathOptions: ParsableArguments {
  @Option(name: .long, help: "Directory with device profiles; may be repeated, a later one overrides an earlier one.")
  var profiles: [String] = []

  var paths: GatewayPaths {
    var paths = GatewayPaths()
    if !profiles.isEmpty { paths.profileDirectories = profiles }
    return paths
  }
}

/// Which installation; shared by what works on its store.
struct InstallationOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "Configuration file.")
  var config: String?
  @Option(name: .long, help: "Database file.")
  var store: String?
  @OptionGroup var places: PathOptions

  var paths: GatewayPaths {
    var paths = places.paths
    if let config { paths.configuration = config }
    if let store { paths.store = store }
    return paths
  }
}

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Run the gateway (what the service does).")

  @OptionGroup var installation: InstallationOptions
  @Option(name: .long, help: "Unix socket for the CLI.")
  var socket: String?
  @Option(name: .long, help: "error, warning, notice, info, debug or trace.")
  var logLevel: String = "info"

  func run() async throws {
    var paths = installation.paths
    if let socket { paths.socket = socket }
    throw ExitCode(await GatewayProgram(paths: paths, logLevel: logLevel).run())
  }
}

struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check configuration files and the profiles they use, offline. Exits with 78 when one is wrong.")

  @Argument(help: "Configuration files; without one, /etc/heddle/heddle.yaml.")
  var files: [String] = []
  @OptionGroup var places: PathOptions

  func run() async throws {
    let paths = places.paths
    let files = files.isEmpty ? [paths.configuration] : files
    throw ExitCode(ConfigurationCheck(paths: paths).run(files))
  }
}

struct Release: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "failsafe",
    abstract: "Give back the devices that a gateway left under command when it died; the service does it by itself.")

  @OptionGroup var installation: InstallationOptions

  func run() async throws { throw ExitCode(await FailSafe(paths: installation.paths).run()) }
}
