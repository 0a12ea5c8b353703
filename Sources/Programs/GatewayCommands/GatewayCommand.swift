import ArgumentParser
import Foundation
import LocalAPIClient
import LocalAPISchema

/// A command that asks the gateway.
protocol GatewayCommand: AsyncParsableCommand {
  var connection: ConnectionOptions { get }
  /// What is said before the gateway is asked.
  var ownWords: [String] { get }
  func run(in session: Session) async throws -> ExitStatus
}

extension GatewayCommand {
  var ownWords: [String] { [] }

  func run() async throws { try await runWithGateway() }

  /// Finds the gateway, runs, and ends the program with what came of it.
  func runWithGateway() async throws {
    let environment = ProcessInfo.processInfo.environment
    let output = Output.standard(environment: environment)
    var status: ExitStatus
    if !ownWords.isEmpty, !connection.json { output.print(ownWords) }
    do {
      let address = try connection.address(
        environment: environment, userID: getuid(), exists: FileManager.default.fileExists(atPath:))
      let authorities = try connection.authorities(environment: environment)
      let session = Session(
        client: LocalAPIClient(address, trusting: authorities), output: output, json: connection.json,
        sleep: { try await ContinuousClock().sleep(for: $0) })
      status = await perform(in: session)
      await session.client.shutdown()
    } catch {
      status = Self.report(error, output, json: connection.json)
    }
    if status != .fine { throw ExitCode(status.rawValue) }
  }

  /// Runs and reports what goes wrong.
  func perform(in session: Session) async -> ExitStatus {
    do {
      return try await run(in: session)
    } catch {
      return Self.report(error, session.output, json: session.json)
    }
  }

  /// What was wrong and what to do, on standard error; the problem itself under `--json`.
  static func report(_ error: any Error, _ output: Output, json: Bool) -> ExitStatus {
    let message: String
    var hint: String?
    var status = ExitStatus.failed
    switch error {
    case let failure as CommandFailure:
      message = failure.message
      hint = failure.hint
      status = failure.status
    case let failure as APIClientError:
      message = failure.message
      hint = failure.hint
      if case .unreachable = failure { status = .unreachable }
      if case .problem(let problem) = failure, json { output.write(Session.text(problem, pretty: true) + "\n") }
    default: message = "\(error)"
    }
    output.writeError("error: \(message)\n" + (hint.map { "hint: \($0)\n" } ?? ""))
    return status
  }
}
