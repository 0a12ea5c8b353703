import ArgumentParser
import EnergyModel
import LocalAPIClient
import LocalAPISchema

struct BatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "batch", abstract: "One command for many devices, one after the other.",
    subcommands: [Send.self, List.self, Show.self, Cancel.self])

  struct Send: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Send a command to all devices of a tag, a site, a customer, or to those that are named.",
      discussion: """
        heddle batch send --tag north battery charge --power 2kW --for 1h
        Devices of other kinds are left out and named. The exit code is 0 only if all devices confirm.
        """)

    @Option(help: "All devices with this tag.")
    var tag: String?
    @Option(help: "All devices at this site.")
    var site: String?
    @Option(help: "All devices of this customer.")
    var customer: String?
    @Option(help: "This device; may be given several times.")
    var device: [String] = []
    @OptionGroup var order: OrderArguments
    @Option(name: .customLong("for"), help: "How long, such as 30m or 2h.", transform: { try Quantity.duration($0) })
    var duration: Double?
    @Option(
      help: "Time between two devices, such as 5s; 0s tells all at once.", transform: { try BatchCommand.pause($0) })
    var stagger: Double?
    @Option(
      help: "The most that is added to each turn by chance; half of the stagger unless it is said.",
      transform: { try BatchCommand.pause($0) })
    var jitter: Double?
    @OptionGroup var send: SendOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
      let given = [tag, site, customer].compactMap(\.self).count + (device.isEmpty ? 0 : 1)
      guard given == 1 else { throw ValidationError("Give one of --tag, --site, --customer and --device.") }
    }

    func run(in session: Session) async throws -> ExitStatus {
      var ids: [String] = []
      for name in device { ids.append(try await session.device(name).value.id) }
      let order = try order.order()
      let submission = BatchSubmission(
        tag: tag, siteId: site, customerId: try await session.customerID(customer), deviceIds: ids.isEmpty ? nil : ids,
        command: order.slug, input: order.input, durationSeconds: duration, ttlSeconds: send.timeToLive,
        onConflict: send.replace ? .cancelAndReplace : send.onConflict, priority: send.priority,
        notBefore: send.at?.timestamp(now: session.now()), staggerSeconds: stagger, jitterSeconds: jitter,
        dryRun: send.dryRun ? true : nil, idempotencyKey: send.idempotencyKey)
      let reply = try await session.client.sendBatch(submission)
      if reply.isReplay { session.output.writeError("this was sent before with the same key; its result:\n") }
      if send.dryRun {
        session.show(reply) { BatchView.lines($0, color: session.output.color) }
        return BatchView.outcome(of: reply.value)
      }
      let last = try await BatchView.follow(reply, until: send.wait, in: session)
      session.show(last) { BatchView.lines($0, color: session.output.color) }
      return send.wait.outcome(of: last.value)
    }
  }

  struct List: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Batches, newest first.")
    @Option(help: "The most to show, up to 100.")
    var limit = 20
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.batches(limit: limit)) {
        BatchView.list($0.data, color: session.output.color)
      }
      return .fine
    }
  }

  struct Show: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "A batch with what became of each device; followed until all have answered.")
    @Argument(help: "Id, bat_….")
    var id: String
    @Flag(name: .customLong("no-wait"), help: "Show what is so now.")
    var noWait = false
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let first = try await session.client.batch(id)
      let last = try await BatchView.follow(first, until: noWait ? .none : .confirmed, in: session)
      session.show(last) { BatchView.lines($0, color: session.output.color) }
      return BatchView.outcome(of: last.value)
    }
  }

  struct Cancel: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Send nothing more of a batch, and withdraw what was sent.",
      discussion: "Leases that run are ended: those devices go back to normal.")
    @Argument(help: "Id, bat_….")
    var id: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.cancelBatch(id)) { BatchView.lines($0, color: session.output.color) }
      return .fine
    }
  }

  /// A duration that may be nothing.
  static func pause(_ text: String) throws -> Double {
    ["0", "0s"].contains(text) ? 0 : try Quantity.duration(text)
  }
}

enum BatchView {
  /// Time between two looks.
  static let step = Duration.seconds(1)

  /// Looks until all devices came so far; on a terminal it shows how far it is.
  static func follow(
    _ first: APIReply<BatchResource>, until target: WaitTarget, in session: Session
  ) async throws -> APIReply<BatchResource> {
    var reply = first
    let isLive = session.output.isTerminal && !session.json
    while !target.isReached(reply.value), let id = reply.value.id {
      if isLive { session.output.write("\r\u{1B}[K\(summary(reply.value)) …") }
      try await session.sleep(step)
      do {
        reply = try await session.client.batch(id)
      } catch {
        if isLive { session.output.write("\n") }
        session.output.writeError("the batch \(id) may still run: heddle batch show \(id)\n")
        throw error
      }
    }
    if isLive { session.output.write("\r\u{1B}[K") }
    return reply
  }

  /// `12 of 20 confirmed, 1 failed, 3 pending, 4 waiting, 2 skipped`
  static func summary(_ batch: BatchResource) -> String {
    let counts = batch.summary
    let word = batch.dryRun == true ? "would be accepted" : "confirmed"
    var parts = ["\(counts.confirmed) of \(counts.total - counts.skipped) \(word)"]
    for (count, word) in [
      (counts.failed, "failed"), (counts.pending, "pending"), (counts.waiting, "waiting"), (counts.skipped, "skipped"),
    ] where count > 0 { parts.append("\(count) \(word)") }
    return parts.joined(separator: ", ")
  }

  static func lines(_ batch: BatchResource, color: Bool) -> [String] {
    let isDry = batch.dryRun == true
    let target =
      batch.tag.map { "tag \($0)" } ?? batch.siteId.map { "site \($0)" }
      ?? batch.customerId.map { "customer \($0)" } ?? "\(batch.results.count) devices"
    var lines = [
      "\(batch.id ?? "dry run")  \(OrderView.text(batch.command)) for \(target), sent by \(batch.origin.actor)",
      "  " + summary(batch),
    ]
    var table = TextTable("DEVICE", "STATUS", isDry ? "" : "COMMAND", "REASON")
    for result in batch.results {
      let problem = result.problem.map { "\($0.message) (\($0.code))" } ?? ""
      table.add([
        .init(result.deviceId, .strong), .init(result.status, style(result)), .init(result.commandId ?? ""),
        .init(problem),
      ])
    }
    lines += table.lines(color: color)
    for result in batch.results where result.operations != nil {
      lines.append("\(result.deviceId) would do")
      lines += (result.operations ?? []).map { "  \($0)" }
    }
    return lines
  }

  static func list(_ batches: [BatchResource], color: Bool) -> [String] {
    guard !batches.isEmpty else { return ["no batches"] }
    var table = TextTable("BATCH", "TIME", "WHAT", "STATUS", "DEVICES")
    for batch in batches {
      table.add([
        .init(batch.id ?? ""), .init(batch.createdAt.rfc3339), .init(OrderView.text(batch.command)),
        .init(batch.status.rawValue), .init(summary(batch)),
      ])
    }
    return table.lines(color: color)
  }

  private static func style(_ result: BatchResource.Result) -> TextTable.Style {
    if let status = CommandStatus(rawValue: result.status) { return CommandView.style(status) }
    return result.status == BatchResource.Result.skipped ? .faint : .plain
  }

  /// Success only where every device that was meant showed it.
  static func outcome(of batch: BatchResource) -> ExitStatus {
    let counts = batch.summary
    let meant = counts.total - counts.skipped
    if counts.confirmed == meant { return .fine }
    if counts.pending + counts.waiting > 0 { return .notConfirmed }
    let hasUnproven = batch.results.contains { $0.status == "unconfirmed" || $0.status == "drifted" }
    if hasUnproven { return .notConfirmed }
    return counts.confirmed > 0 ? .partial : .failed
  }
}

/// A command without a device, in words.
enum OrderView {
  /// `battery:charge powerW=2000 for 1 h`
  static func text(_ order: CommandOrder) -> String {
    var words = [order.slug]
    words += order.input.sorted { $0.key < $1.key }.map { "\($0.key)=\(Phrasing.value($0.value, of: $0.key))" }
    if let seconds = order.durationSeconds { words.append("for \(Phrasing.duration(seconds))") }
    return words.joined(separator: " ")
  }
}
