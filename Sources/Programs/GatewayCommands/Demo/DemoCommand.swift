import ArgumentParser
import Foundation
import LocalAPIClient
import LocalAPISchema

/// `heddle demo`: a whole home on this machine, simulated over the real protocols, with the real daemon.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Start a gateway with a simulated home (battery, grid meter, thermostat, inverter) until Ctrl-C.")

  @Option(name: .long, help: "Directory with device profiles; may be repeated.")
  var profiles: [String] = []

  /// How long the parts may take until every device is online.
  static let startLimit = 15.0

  func run() async throws {
    let socket = SocketLocations.demo(environment: ProcessInfo.processInfo.environment, userID: getuid())
    let directory = URL(fileURLWithPath: socket).deletingLastPathComponent()
    let stage = DemoStage(directory: directory, profiles: resolvedProfiles(), programs: Self.programFolder())
    signal(SIGINT, SIG_IGN)
    signal(SIGTERM, SIG_IGN)
    let signals = DemoSignals()
    do {
      try await stage.start(within: Self.startLimit)
      print(stage.introduction())
      // Also where the output is a file or a pipe, the words are there when the devices are.
      fflush(nil)
      await stage.untilEnded(signals)
    } catch let problem as DemoProblem {
      FileHandle.standardError.write(Data("heddle demo: \(problem.message)\n".utf8))
      await stage.stop()
      throw ExitCode.failure
    }
    print("\nstopping …")
    await stage.stop()
  }

  /// The folder of this program, where its sisters are too.
  static func programFolder() -> URL {
    URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
  }

  private func resolvedProfiles() -> [String] {
    let places = profiles.isEmpty ? ["/usr/share/heddle/device-profiles"] : profiles
    return places.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
  }
}

/// Why the demo cannot go on.
struct DemoProblem: Error {
  var message: String
}

/// Ctrl-C and the service manager's stop, as something that can be asked.
final class DemoSignals {
  private let sources: [any DispatchSourceSignal]
  private let flag = DemoFlag()

  init() {
    let flag = flag
    sources = [SIGINT, SIGTERM].map { number in
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { flag.raise() }
      source.resume()
      return source
    }
  }

  var isRaised: Bool { flag.isRaised }
}
