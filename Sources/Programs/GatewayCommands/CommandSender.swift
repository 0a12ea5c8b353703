import ArgumentParser
import EnergyModel
import LocalAPIClient
import LocalAPISchema

/// How a command is sent. The same on every command for a device.
struct SendOptions: ParsableArguments {
  @Flag(help: "Only say what would be written to the device.")
  var dryRun = false

  @Option(
    name: .customLong("wait"),
    help: "How far to follow it: confirmed, acknowledged or none. The exit code is 0 only if it came so far.")
  var waitFor: WaitTarget?

  @Flag(name: .customLong("no-wait"), help: "The same as --wait none.")
  var noWait = false

  @Flag(help: "Replace what another command does now; the same as --on-conflict cancelAndReplace.")
  var replace = false

  @Option(
    help: "When another command holds the device: reject, cancelAndReplace or queueAfter.",
    transform: { try SendOptions.word($0) })
  var onConflict: ConflictPolicy?

  @Option(
    help: "Who goes first: manual (on the gateway itself), grid-program, user, schedule or optimizer.",
    transform: { try SendOptions.word($0) })
  var priority: CommandPriority?

  @Option(
    help: "Send it later: 22:00, +30m, or 2026-05-01T22:00:00Z. It waits in the gateway, also across restarts.",
    transform: { try MomentText($0) })
  var at: MomentText?

  @Option(
    name: .customLong("ttl"), help: "How long it may wait for the device, such as 2h; 1m without.",
    transform: { try Quantity.duration($0) })
  var timeToLive: Double?

  @Option(help: "A repetition with the same key is not sent again.")
  var idempotencyKey: String?

  var wait: WaitTarget { waitFor ?? (noWait ? .none : .confirmed) }

  static func word<Word: RawRepresentable<String> & CaseIterable>(_ text: String) throws -> Word {
    guard let word = Word(rawValue: text) else {
      throw ValidationError("'\(text)' is none of \(Word.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    return word
  }

  func validate() throws {
    if replace, let onConflict, onConflict != .cancelAndReplace {
      throw ValidationError("--replace and --on-conflict \(onConflict.rawValue) contradict each other.")
    }
    if noWait, let waitFor, waitFor != .none {
      throw ValidationError("--no-wait and --wait \(waitFor.rawValue) contradict each other.")
    }
  }
}

/// Sends commands and follows them until the device shows what it does.
struct CommandSender {
  /// The longest time that a command is followed, in seconds. Its own end, `unconfirmed`, comes before.
  static let maxFollowSeconds = 900
  /// How long one look waits in a pipe, and where each step counts: on a terminal, which shows it, and where the first
  /// answer of the device is enough.
  static let lookSeconds = (pipe: 30, step: 1)

  let session: Session
  let options: SendOptions

  /// One command with its arguments.
  struct Order {
    var verb: String
    var input: [String: ScalarValue] = [:]
    var lease: LeaseOptions?
  }

  /// Sends orders to a device one after the other; stops at the first that does not work. As JSON each is one line.
  func send(_ orders: [Order], to device: String) async throws -> ExitStatus {
    let id = try await session.device(device).value.id
    var status = ExitStatus.fine
    for (index, order) in orders.enumerated() {
      do {
        // Several commands of one call are several requests, so each needs a key of its own.
        let key = options.idempotencyKey.map { orders.count > 1 ? "\($0)/\(order.verb)" : $0 }
        let (json, outcome) = try await send(order, to: id, key: key)
        if session.json { session.print(json: json, pretty: false) }
        status = outcome
      } catch  where index > 0 {
        _ = StatusCommand.report(error, session.output, json: session.json)
        status = .partial
      }
      if status != .fine { break }
    }
    return status
  }

  private func send(_ order: Order, to id: String, key: String?) async throws -> (JSONValue, ExitStatus) {
    let submission = CommandSubmission(
      command: order.verb, input: order.input, durationSeconds: order.lease?.duration,
      until: order.lease?.until?.timestamp(now: session.now()), ttlSeconds: options.timeToLive,
      notBefore: options.at?.timestamp(now: session.now()),
      priority: options.priority, idempotencyKey: key,
      onConflict: options.replace ? .cancelAndReplace : options.onConflict)
    if options.dryRun {
      let reply = try await session.client.preview(submission, to: id)
      if !session.json { session.output.print(CommandView.preview(reply.value, color: session.output.color)) }
      return (reply.json, .fine)
    }
    let first = try await session.client.submit(submission, to: id)
    if first.isReplay { session.output.writeError("this was sent before with the same key; its result:\n") }
    let last = try await follow(first)
    if !session.json { showResult(last.value) }
    return (last.json, options.wait.outcome(of: last.value))
  }

  private var look: Int {
    showsProgress || options.wait == .acknowledged ? Self.lookSeconds.step : Self.lookSeconds.pipe
  }
  private var showsProgress: Bool { session.output.isTerminal && !session.json }

  private func follow(_ first: APIReply<CommandResource>) async throws -> APIReply<CommandResource> {
    var reply = first
    var waited = 0
    while !options.wait.isReached(reply.value), reply.value.status != .scheduled, waited < Self.maxFollowSeconds {
      if showsProgress { session.output.write("\r\u{1B}[K\(CommandView.lifeLine(reply.value)) …") }
      do {
        reply = try await session.client.command(reply.value.id, waitSeconds: look)
      } catch {
        if showsProgress { session.output.write("\n") }
        session.output.writeError(
          "the command \(reply.value.id) may still run: heddle command show \(reply.value.id)\n")
        throw error
      }
      waited += look
    }
    if showsProgress { session.output.write("\r\u{1B}[K") }
    return reply
  }

  private func showResult(_ command: CommandResource) {
    var lines = CommandView.lines(command, now: nil, color: session.output.color)
    if !command.isSettled { lines.append("  see     heddle command show \(command.id)") }
    session.output.print(lines)
  }

  /// Success only where the device showed it.
  static func outcome(of status: CommandStatus) -> ExitStatus {
    switch status {
    case .confirmed, .completed: .fine
    case .unconfirmed, .drifted, .accepted, .scheduled, .queued, .dispatched, .acknowledged: .notConfirmed
    case .rejected, .failed, .expired, .cancelled, .superseded, .reverted: .failed
    }
  }
}
