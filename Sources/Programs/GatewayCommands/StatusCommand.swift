import ArgumentParser
import LocalAPIClient
import LocalAPISchema

struct StatusCommand: GatewayCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Links, devices, freshness and the last errors.")

  @OptionGroup var connection: ConnectionOptions

  func run(in session: Session) async throws -> ExitStatus {
    session.show(try await session.client.status()) { StatusView.lines($0, color: session.output.color) }
    return .fine
  }
}

struct VersionCommand: GatewayCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "The versions of this program and of the gateway.")

  @OptionGroup var connection: ConnectionOptions

  /// The program's own version is known without a gateway too.
  var ownWords: [String] { ["heddle \(ReleaseVersion.current)"] }

  func run(in session: Session) async throws -> ExitStatus {
    session.show(try await session.client.version()) { version in
      ["gateway \(version.version), API \(version.api), at \(session.client.address)"]
    }
    return .fine
  }
}

struct CompletionsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "completions", abstract: "Completions for a shell: bash, zsh or fish.")

  @Argument(help: "bash, zsh or fish.")
  var shell: String

  func validate() throws {
    guard CompletionShell(rawValue: shell) != nil else {
      throw ValidationError("'\(shell)' is not one of bash, zsh, fish.")
    }
  }

  func run() async throws {
    guard let shell = CompletionShell(rawValue: shell) else { return }
    print(HeddleCommand.completionScript(for: shell))
  }
}
