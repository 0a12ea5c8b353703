import ArgumentParser
import EnergyModel
import LocalAPIClient
import LocalAPISchema

struct WebhookCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "webhook", abstract: "Addresses that hear of events.",
    subcommands: [
      Create.self, List.self, Show.self, Update.self, Delete.self, Test.self, Deliveries.self, Replay.self, Rotate.self,
    ], defaultSubcommand: List.self)

  /// Members that can be given with a new one and with a change.
  struct Members: ParsableArguments {
    @Option(help: "Only this type of event, or group: device.offline, command.*; several times for several.")
    var event: [String] = []
    @Option(help: "Only events about this customer's things, by id.")
    var customer: String?
    @Option(help: "What it is for.")
    var label: String?

    var json: [String: JSONValue] {
      var members: [String: JSONValue] = [:]
      if !event.isEmpty { members["eventTypes"] = .array(event.map(JSONValue.text)) }
      if let customer { members["customerId"] = .text(customer) }
      if let label { members["label"] = .text(label) }
      return members
    }
  }

  struct Create: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Tell an address of events. The secret is shown once.")
    @Argument(help: "Where to post to; webhooks.allow in the configuration must allow it.")
    var address: String
    @OptionGroup var members: Members
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      var json = members.json
      json["url"] = .text(address)
      session.showSecret(try await session.client.createWebhook(json))
      return .fine
    }
  }

  struct List: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "All webhooks.")
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.webhooks()) { WebhookView.list($0.data, color: session.output.color) }
      return .fine
    }
  }

  struct Show: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "One webhook.")
    @Argument(help: "Id, whk_….")
    var id: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.webhook(id)) { WebhookView.list([$0], color: session.output.color) }
      return .fine
    }
  }

  struct Update: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Change a webhook, or switch it off or on again.")
    @Argument(help: "Id, whk_….")
    var id: String
    @Option(help: "Where to post to.")
    var address: String?
    @OptionGroup var members: Members
    @Flag(inversion: .prefixedEnableDisable, help: "Whether it is told of events. What happens meanwhile waits.")
    var delivery: Bool?
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      var json = members.json
      if let address { json["url"] = .text(address) }
      if let delivery { json["enabled"] = .flag(delivery) }
      session.show(try await session.client.updateWebhook(id, json)) {
        WebhookView.list([$0], color: session.output.color)
      }
      return .fine
    }
  }

  struct Delete: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Forget a webhook with its deliveries.")
    @Argument(help: "Id, whk_….")
    var id: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.deleteWebhook(id)) { _ in ["webhook \(id) is deleted"] }
      return .fine
    }
  }

  struct Test: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Send a test and show what the receiver says.")
    @Argument(help: "Id, whk_….")
    var id: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let reply = try await session.client.testWebhook(id)
      session.show(reply) { WebhookView.deliveries([$0], color: session.output.color) }
      return reply.value.state == .delivered ? .fine : .failed
    }
  }

  struct Deliveries: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "What was sent and what became of it, newest first; --retry sends one again.")
    @Argument(help: "Id, whk_….")
    var id: String
    @Option(help: "Only waiting, delivered or failed.")
    var state: String?
    @Option(help: "The most to show, up to 500.")
    var limit = 20
    @Option(help: "Send this delivery again, msg_….")
    var retry: String?
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let color = session.output.color
      if let retry {
        session.show(try await session.client.retryDelivery(retry, ofWebhook: id)) {
          WebhookView.deliveries([$0], color: color)
        }
      } else {
        session.show(try await session.client.deliveries(ofWebhook: id, state: state, limit: limit)) {
          WebhookView.deliveries($0.data, color: color)
        }
      }
      return .fine
    }
  }

  struct Replay: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Send again what happened since a time.")
    @Argument(help: "Id, whk_….")
    var id: String
    @Option(help: "2h for two hours ago, or a time such as 2026-05-01T10:00:00Z.")
    var since: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.replayWebhook(id, since: try moment(session.now()))) {
        ["\($0.events) events are sent again"]
      }
      return .fine
    }

    private func moment(_ now: Timestamp) throws -> Timestamp {
      if let time = Timestamp(rfc3339: since) { return time }
      do {
        return now.advanced(byMilliseconds: -Int64(min(try Quantity.duration(since), 1e9) * 1000))
      } catch {
        throw CommandFailure(
          message: "'\(since)' is not a time", hint: "write 2h or 2026-05-01T10:00:00Z", status: .usage)
      }
    }
  }

  struct Rotate: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a new secret, shown once; the old one signs too for a day.")
    @Argument(help: "Id, whk_….")
    var id: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.showSecret(try await session.client.rotateWebhook(id))
      return .fine
    }
  }
}

extension Session {
  /// Only the secret goes to standard output, so that a script can take it.
  fileprivate func showSecret(_ reply: APIReply<WebhookResource>) {
    show(reply) { [$0.secret ?? ""] }
    if !json { output.writeError("the secret of webhook \(reply.value.id) is shown this once; keep it safe\n") }
  }
}

enum WebhookView {
  static func list(_ webhooks: [WebhookResource], color: Bool) -> [String] {
    guard !webhooks.isEmpty else { return ["no webhooks; heddle webhook create URL makes one"] }
    var table = TextTable("WEBHOOK", "URL", "EVENTS", "CUSTOMER", "STATE", "LABEL")
    for webhook in webhooks {
      table.add([
        .init(webhook.id, .strong), .init(webhook.url),
        .init(webhook.eventTypes.isEmpty ? "all" : webhook.eventTypes.joined(separator: ",")),
        .init(webhook.customerId ?? "all"), state(webhook), .init(webhook.label, .faint),
      ])
    }
    return table.lines(color: color)
  }

  private static func state(_ webhook: WebhookResource) -> TextTable.Cell {
    if !webhook.enabled { return .init("off" + (webhook.disabledReason.map { ": \($0)" } ?? ""), .bad) }
    return webhook.failingSince.map { .init("failing since \($0.rfc3339)", .warning) } ?? .init("on", .good)
  }

  static func deliveries(_ deliveries: [WebhookDelivery], color: Bool) -> [String] {
    guard !deliveries.isEmpty else { return ["nothing was sent yet"] }
    var table = TextTable("DELIVERY", "EVENT", "STATE", ">TRIES", "LAST TRY", "NEXT TRY", "ANSWER")
    for delivery in deliveries {
      let style: TextTable.Style =
        switch delivery.state {
        case .delivered: .good
        case .waiting: .warning
        case .failed: .bad
        }
      let answer = [delivery.lastStatus.map(String.init), delivery.lastError].compactMap(\.self)
      table.add([
        .init(delivery.id, .strong), .init(delivery.eventType), .init(delivery.state.rawValue, style),
        .init(String(delivery.attempts)), .init(delivery.lastAttemptAt?.rfc3339 ?? Phrasing.unknown),
        .init(delivery.nextAttemptAt?.rfc3339 ?? Phrasing.unknown), .init(answer.joined(separator: ": ")),
      ])
    }
    return table.lines(color: color)
  }
}
