import EnergyModel
import Foundation
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import Logging
import Synchronization
import TimeSource

/// Tells webhooks of events: makes deliveries of the event log in its order and tries each until it arrives or is given
/// up. Everything is in the store before it is tried, so that a restart neither loses nor renames one.
///
/// One task for each webhook: a receiver that does not answer holds up nobody else.
actor WebhookRunner {
  /// Seconds before each try, as Standard Webhooks recommends: about three days in all.
  static let retrySeconds: [Double] = [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
  /// A wait is longer by up to this part, so that many gateways do not come at the same time.
  static let jitter = 0.1
  /// A receiver's wish to be asked later counts up to this.
  static let maxRetryAfterSeconds = 86_400
  /// A webhook to which nothing arrives for so long is switched off.
  static let patienceMilliseconds: Int64 = 5 * 86_400_000
  /// Deliveries of a webhook that may wait; further events stay in the log until there is room.
  static let maxWaiting = 1000
  /// Events that are read at once.
  static let eventsAtOnce = 200
  /// The longest rest without a look.
  static let longestRest = Duration.seconds(3600)
  /// The rest after a failure of the store.
  static let troubleRest = Duration.seconds(5)

  let store: GatewayStore
  let events: EventLog
  let time: TimeSource
  let logger: Logger
  let random: @Sendable () -> Double
  let makeAlertID: @Sendable () -> String
  let sender = WebhookSender()
  private nonisolated let allowed = Mutex(WebhookAllowList())
  private nonisolated let pokes: AsyncStream<Void>
  private nonisolated let poking: AsyncStream<Void>.Continuation
  private var working: [String: Task<Void, Never>] = [:]
  /// Webhooks that got something to do while they were at work.
  private var again: Set<String> = []
  private var nap: Task<Void, Never>?
  private var isStopping = false

  init(
    store: GatewayStore, events: EventLog, time: TimeSource, logger: Logger, random: @escaping @Sendable () -> Double,
    makeAlertID: @escaping @Sendable () -> String
  ) {
    self.store = store
    self.events = events
    self.time = time
    self.logger = logger
    self.random = random
    self.makeAlertID = makeAlertID
    (pokes, poking) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// What the configuration allows now.
  nonisolated var allowList: WebhookAllowList { allowed.withLock { $0 } }

  nonisolated func replace(_ list: WebhookAllowList) { allowed.withLock { $0 = list } }

  /// There may be something new. Never waits.
  nonisolated func poke() { poking.yield() }

  /// Works until `stop`, or until its task is cancelled.
  func run() async {
    poke()
    for await _ in pokes { await look() }
  }

  /// Tries nothing more; what is on the wire is tried again after the next start.
  func stop() async {
    isStopping = true
    poking.finish()
    nap?.cancel()
    let tasks = working.values
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  private func look() async {
    guard !isStopping else { return }
    do {
      for webhook in try await store.webhooks() where webhook.isEnabled {
        try await fanOut(webhook)
        start(webhook.id)
      }
      let next = try await store.nextDeliveryTime(after: time.wall())
      rest(for: next.map { Duration.milliseconds(max(1, $0.millisecondsSince(time.wall()))) } ?? Self.longestRest)
    } catch {
      logger.error("webhooks cannot be looked after: \(error)")
      rest(for: Self.troubleRest)
    }
  }

  private func rest(for duration: Duration) {
    nap?.cancel()
    guard !isStopping else { return }
    nap = Task { [time, poking] in
      if (try? await time.sleep(for: min(duration, Self.longestRest))) != nil { poking.yield() }
    }
  }

  /// Makes deliveries of what happened since the last look.
  private func fanOut(_ webhook: WebhookRecord) async throws(GatewayStoreError) {
    var cursor = webhook.cursor
    while try await store.waitingDeliveries(of: webhook.id) < Self.maxWaiting {
      let found = try await store.events(after: cursor, limit: Self.eventsAtOnce)
      guard let last = found.last else { return }
      let now = time.wall()
      let wanted = found.filter(webhook.wants).map { webhook.delivery(of: $0, at: now) }
      try await store.fanOut(wanted, to: webhook.id, through: last.seq)
      cursor = last.seq
      if found.count < Self.eventsAtOnce { return }
    }
  }

  // MARK: Work

  private func start(_ id: String) {
    guard working[id] == nil else {
      again.insert(id)
      return
    }
    working[id] = Task {
      let hasTried = await self.work(on: id)
      self.ended(id, hasTried: hasTried)
    }
  }

  /// The next try of what failed, and events that found no room, are for the next look.
  private func ended(_ id: String, hasTried: Bool) {
    working[id] = nil
    let isWanted = again.remove(id) != nil
    if hasTried || isWanted { poke() }
  }

  /// Tries what is due, one after the other. Returns whether there was anything.
  private func work(on id: String) async -> Bool {
    var hasTried = false
    do {
      while !Task.isCancelled, let webhook = try await store.webhook(id: id), webhook.isEnabled,
        let delivery = try await store.dueDelivery(of: id, at: time.wall())
      {
        _ = try await attempt(delivery, to: webhook)
        hasTried = true
      }
    } catch {
      logger.error("a delivery could not be kept: \(error)", metadata: ["webhook": "\(id)"])
      rest(for: Self.troubleRest)
      return false
    }
    return hasTried
  }

  /// Tries once and keeps what came of it.
  ///
  /// - Parameter isTest: then there is no second try.
  func attempt(
    _ delivery: WebhookDeliveryRecord, to webhook: WebhookRecord, isTest: Bool = false
  ) async throws(GatewayStoreError) -> WebhookDeliveryRecord {
    var delivery = delivery
    guard let body = try await body(of: delivery) else {
      delivery.state = .failed
      delivery.nextAttemptAt = nil
      delivery.lastError = "the event is not in the log any more"
      try await store.update(delivery)
      return delivery
    }
    let reply = await send(body, delivery, webhook)
    // What was cut off by a stop is tried again after the next start.
    guard !Task.isCancelled else { return delivery }
    let now = time.wall()
    delivery.attempts += 1
    delivery.lastAttemptAt = now
    delivery.lastStatus = reply.status
    delivery.lastError = reply.error
    delivery.nextAttemptAt = nil
    if reply.error == nil {
      delivery.state = .delivered
    } else if isTest || reply.status == Self.gone || delivery.attempts >= Self.retrySeconds.count {
      delivery.state = .failed
    } else {
      delivery.nextAttemptAt = now.advanced(byMilliseconds: wait(before: delivery.attempts, reply.retryAfterSeconds))
    }
    try await store.update(delivery)
    if !isTest || reply.error == nil { try await judge(webhook, reply, at: now) }
    return delivery
  }

  /// Whoever answers with this wants nothing more.
  private static let gone = 410

  /// Milliseconds before a try, counted from 0.
  private func wait(before attempt: Int, _ wish: Int?) -> Int64 {
    let planned = Self.retrySeconds[attempt] * (1 + Self.jitter * random())
    return Int64(max(planned, Double(min(wish ?? 0, Self.maxRetryAfterSeconds))) * 1000)
  }

  private func judge(
    _ webhook: WebhookRecord, _ reply: WebhookSender.Reply, at now: Timestamp
  ) async throws(GatewayStoreError) {
    guard reply.error != nil else {
      if webhook.failingSince != nil { try await store.noteWebhook(webhook.id, failingSince: nil) }
      return
    }
    let since = webhook.failingSince ?? now
    if webhook.failingSince == nil { try await store.noteWebhook(webhook.id, failingSince: now) }
    if reply.status == Self.gone {
      try await disable(webhook, "the receiver answered 410 Gone", at: now)
    } else if now.millisecondsSince(since) >= Self.patienceMilliseconds {
      try await disable(webhook, "nothing arrived since \(since.rfc3339): \(reply.error ?? "")", at: now)
    }
  }

  private func disable(
    _ webhook: WebhookRecord, _ reason: String, at now: Timestamp
  ) async throws(GatewayStoreError) {
    guard try await store.disableWebhook(webhook.id, because: reason, at: now) else { return }
    logger.error("a webhook was switched off: \(reason)", metadata: ["webhook": "\(webhook.id)"])
    events.record(
      .webhookDisabled, data: ["webhookId": .text(webhook.id), "url": .text(webhook.url), "message": .text(reason)])
    let alert = AlertRecord(
      id: makeAlertID(), kind: .webhookDisabled, deviceID: webhook.id, commandID: "",
      message: "the webhook \(webhook.id) to \(webhook.url) was switched off: \(reason)", raisedAt: now)
    let kept = try await store.raise(alert)
    if kept.isNew { events.record(.alertRaised, alert: kept.alert) }
  }

  // MARK: Messages

  private func send(
    _ body: Data, _ delivery: WebhookDeliveryRecord, _ webhook: WebhookRecord
  ) async -> WebhookSender.Reply {
    guard let url = URL(string: webhook.url) else { return .init(error: "'\(webhook.url)' is no address") }
    let now = time.wall()
    let seconds = now.milliseconds / 1000
    let headers = [
      ("Content-Type", "application/json"), ("User-Agent", "heddle/\(ReleaseVersion.current)"),
      ("webhook-id", delivery.id), ("webhook-timestamp", String(seconds)),
      (
        "webhook-signature",
        WebhookSignature.header(id: delivery.id, timestamp: seconds, body: body, secrets: webhook.secrets(at: now))
      ),
    ]
    return await sender.post(body, headers: headers, to: url, allowList.verdict(on: url))
  }

  /// The event as the API gives it; `nil` where it was removed.
  private func body(of delivery: WebhookDeliveryRecord) async throws(GatewayStoreError) -> Data? {
    var event = EventResource(
      sequence: 0, type: delivery.eventType, version: 1, key: delivery.id, timestamp: delivery.createdAt,
      data: ["message": .text("a test of the webhook \(delivery.webhookID)")])
    if let seq = delivery.seq {
      guard let record = try await store.events(after: seq - 1, limit: 1).first, record.seq == seq else { return nil }
      event = EventLog.resource(of: record)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try? encoder.encode(event)
  }
}

extension WebhookRecord {
  /// Whether it is to hear of an event.
  func wants(_ event: EventRecord) -> Bool {
    (customerID == nil || customerID == event.customerID) && EventTypes.matches(event.type, anyOf: eventTypes)
  }

  /// An event on its way. Its id follows from webhook and event, so that the same event has it again.
  func delivery(of event: EventRecord, at now: Timestamp) -> WebhookDeliveryRecord {
    let own = id.split(separator: "_").last.map(String.init) ?? id
    return WebhookDeliveryRecord(
      id: "msg_\(own)_\(event.seq)", webhookID: id, seq: event.seq, eventType: event.type, createdAt: now)
  }

  /// The secrets that sign now.
  func secrets(at now: Timestamp) -> [String] {
    guard let oldSecret, let oldSecretUntil, oldSecretUntil > now else { return [secret] }
    return [secret, oldSecret]
  }
}
