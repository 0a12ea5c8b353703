import DeviceProfiles
import Foundation
import LocatedYAML

/// `heddled check`: everything that can be said about a configuration without touching a device.
public struct ConfigurationCheck: Sendable {
  let paths: GatewayPaths

  /// The exit code for a configuration that is wrong, as in sysexits.h.
  public static let configurationExitCode: Int32 = 78

  /// A check against the profiles in these paths.
  public init(paths: GatewayPaths) { self.paths = paths }

  /// Prints the findings of each file and returns the exit code: 0 when all are good, 78 otherwise.
  public func run(_ files: [String]) -> Int32 {
    let library = Self.library(paths)
    var isGood = true
    for finding in library.diagnostics {
      print(finding.picture)
      if finding.severity == .error { isGood = false }
    }
    for file in files {
      let (configuration, findings) = Self.load(file, library: library, paths: paths)
      for finding in findings { print(finding.picture) }
      guard let configuration else {
        isGood = false
        continue
      }
      let endpoints = Set(configuration.devices.map(\.endpointName)).count
      print(
        "\(file): good: \(configuration.links.count) links, \(configuration.devices.count) devices behind "
          + "\(endpoints) endpoints, \(configuration.customers.count) customers, \(configuration.sites.count) sites; "
          + "\(library.profiles.count) profiles")
    }
    return isGood ? 0 : Self.configurationExitCode
  }

  /// All profiles, those of the installation over the shipped ones.
  static func library(_ paths: GatewayPaths) -> ProfileLibrary {
    ProfileLibrary(directories: paths.profileDirectories)
  }

  /// Reads one configuration file with everything it refers to.
  static func load(
    _ file: String, library: ProfileLibrary, paths: GatewayPaths
  ) -> (configuration: GatewayConfiguration?, diagnostics: [Diagnostic]) {
    let text: String
    do {
      text = try String(contentsOfFile: file, encoding: .utf8)
    } catch {
      let finding = Diagnostic(
        code: "C100", file: file, line: 0, column: 0, message: "the file cannot be read: \(error.localizedDescription)",
        hint: "name another with --config")
      return (nil, [finding])
    }
    let credentials = CredentialDirectory(
      service: ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"], configurationFile: file)
    return ConfigurationReader(profiles: library, credentials: credentials, paths: paths).read(text: text, file: file)
  }
}
