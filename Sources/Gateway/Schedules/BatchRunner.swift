import CommandDispatch
import EnergyModel
import GatewayStore
import Logging
import TimeSource

/// Sends the commands of batches, each at its turn. What is kept goes on after a restart.
actor BatchRunner {
  let store: GatewayStore
  let submit: @Sendable (CommandRequest) async throws(CommandRefusal) -> CommandRecord
  let time: TimeSource
  let logger: Logger
  private var running: [String: Task<Void, Never>] = [:]
  private var isStopping = false

  init(
    store: GatewayStore, time: TimeSource, logger: Logger,
    submit: @escaping @Sendable (CommandRequest) async throws(CommandRefusal) -> CommandRecord
  ) {
    self.store = store
    self.time = time
    self.logger = logger
    self.submit = submit
  }

  /// Goes on with what the last run left.
  func resume() async {
    do {
      for batch in try await store.waitingBatches() { start(batch) }
    } catch {
      logger.error("batches of the last run could not be read: \(error)")
    }
  }

  /// Starts a batch that the store has.
  func start(_ batch: BatchRecord) {
    guard !isStopping, running[batch.id] == nil else { return }
    // Wall time may jump while it waits.
    let wall = time.wall()
    let monotonic = time.monotonic()
    running[batch.id] = Task {
      for item in batch.items where item.state == .waiting {
        let delay = item.plannedAt.millisecondsSince(wall)
        if delay > 0, (try? await time.sleepUntil(monotonic + .milliseconds(delay))) == nil { break }
        guard !Task.isCancelled else { break }
        let isLate = Double(-delay) > batch.order.ttlSeconds * 1000
        await self.send(item, of: batch, isLate: isLate)
      }
      running[batch.id] = nil
    }
  }

  /// Sends nothing more of one batch. What is being sent is sent when it returns.
  func cancel(_ id: String) async {
    guard let task = running[id] else { return }
    task.cancel()
    await task.value
  }

  /// Sends nothing more.
  func stop() async {
    isStopping = true
    let tasks = running.values
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  private func send(_ item: BatchRecord.Item, of batch: BatchRecord, isLate: Bool) async {
    var item = item
    if isLate {
      item.state = .expired
      item.code = CommandErrorCode.expired.rawValue
      item.message = "the gateway did not run when its turn came"
    } else if let request = batch.request(for: item.deviceID) {
      do throws(CommandRefusal) {
        item.commandID = try await submit(request).id
        item.state = .sent
      } catch {
        item.commandID = error.commandID
        item.state = .rejected
        item.code = error.code.rawValue
        item.message = error.description
      }
    }
    do {
      try await store.update(item, of: batch.id)
    } catch {
      // The command itself is in the journal; after a restart the same key finds it.
      logger.error("a batch could not be kept: \(error)", metadata: ["batch": "\(batch.id)"])
    }
  }
}

extension BatchRecord {
  /// The command for one of its devices; `nil` where the kept name is none.
  func request(for deviceID: String) -> CommandRequest? {
    guard let name = CommandName(order.command.name) else { return nil }
    let key = "\(id)/\(deviceID)"
    return CommandRequest(
      deviceID: deviceID, name: name, input: order.command.input, durationSeconds: order.command.durationSeconds,
      ttlSeconds: order.ttlSeconds, actor: actor, batchID: id, priority: order.priority, idempotencyKey: key,
      digest: key, onConflict: order.onConflict)
  }
}
