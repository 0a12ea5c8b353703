import ArgumentParser
import EnergyModel
import GatewayStore
import LocalAPIClient
import LocalAPISchema

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Who did what, and whether nobody changed the record of it.",
    subcommands: [List.self, Verify.self], defaultSubcommand: List.self)

  struct List: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "What was done, newest first.")

    @Option(help: "Only by this actor: a key's id, local:<user>, gateway.")
    var actor: String?
    @Option(help: "Only this action, or all of a group: command.confirmed, command, key, alert, configuration.")
    var action: String?
    @Option(help: "Only to this device, key or file.")
    var subject: String?
    @Option(help: "Only of this command, cmd_….")
    var command: String?
    @Option(help: "From this time on, such as 2026-05-01T10:00:00Z.")
    var from: String?
    @Option(help: "Before this time.")
    var to: String?
    @Option(help: "The most to show, up to 500.")
    var limit = 50
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let reply = try await session.client.audit(
        actor: actor, action: action, subject: subject, commandId: command, from: from, to: to, limit: limit)
      session.show(reply) { AuditView.list($0.data, of: $0.totalItems) }
      return .fine
    }
  }

  struct Verify: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check every byte of the audit. Exits with 1 and names the row when one is not as it was written.",
      discussion: """
        Without --store the running gateway does it. Who can write the file can also make the whole chain anew: note \
        number and hash of the newest row elsewhere now and then, and look for them with 'heddle audit list --json'.
        """)

    @Option(help: "The database file, to check without a gateway: /var/lib/heddle/heddle.db.")
    var store: String?
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
      guard let store else { return try await runWithGateway() }
      let output = Output.standard(environment: [:])
      var status: ExitStatus
      do {
        let result = try GatewayStore.verifyAudit(inFile: store)
        status = Self.show(Self.resource(result), output, json: connection.json)
      } catch {
        status = Self.report(
          CommandFailure(message: error.reason, hint: error.hint), output, json: connection.json)
      }
      if status != .fine { throw ExitCode(status.rawValue) }
    }

    func run(in session: Session) async throws -> ExitStatus {
      Self.show(try await session.client.verifyAudit().value, session.output, json: session.json)
    }

    static func show(_ result: AuditVerificationResource, _ output: Output, json: Bool) -> ExitStatus {
      if json {
        output.write(Session.text(result, pretty: true) + "\n")
      } else {
        output.print(AuditView.verification(result))
      }
      return result.isSound ? .fine : .failed
    }

    private static func resource(_ result: AuditVerification) -> AuditVerificationResource {
      AuditVerificationResource(
        isSound: result.isSound, rows: result.rows, anchor: result.anchor, head: result.head,
        headHash: result.headHash, findings: result.findings.map { .init(sequence: $0.sequence, message: $0.message) })
    }
  }
}

enum AuditView {
  /// `12  2026-05-01T10:00:00.000Z  local:1000  command.accepted  battery-1  cmd_…  why`, and what changed.
  static func list(_ rows: [AuditResource], of total: Int) -> [String] {
    guard !rows.isEmpty else { return ["no such rows"] }
    let lines = rows.flatMap { row in
      let words = [
        "\(row.sequence)", row.timestamp.rfc3339, row.actor, row.action, row.subject, row.commandId, row.reason,
      ]
      let head = words.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: "  ")
      return [head] + change("before", row.before) + change("after", row.after)
    }
    let left = total - rows.count
    let singleLines = lines.map { line in String(line.map { $0.isNewline ? " " : $0 }) }
    return singleLines + (left > 0 ? ["\(left) more: --limit, --from, --to"] : [])
  }

  private static func change(_ word: String, _ value: JSONValue) -> [String] {
    value == .object([:]) ? [] : ["  \(word) \(Session.text(value, pretty: false))"]
  }

  static func verification(_ result: AuditVerificationResource) -> [String] {
    let range = result.anchor > 0 ? ", rows up to \(result.anchor) were removed by retention" : ""
    guard !result.isSound else {
      return ["\(result.rows) rows are as they were written\(range)", "newest row \(result.head)  \(result.headHash)"]
    }
    return result.findings.map { finding in
      finding.sequence.map { "row \($0): \(finding.message)" } ?? finding.message
    } + ["the audit was changed: \(result.findings.count) findings in \(result.rows) rows\(range)"]
  }
}
