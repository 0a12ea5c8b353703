import EnergyModel
import GatewayStore
import Logging
import Synchronization
import TelemetryPipeline
import TimeSource

/// Keeps the database within its bounds: by age, by bytes, and by what is free on its disk.
///
/// Windows of a minute are summed up to quarters of an hour, hours and days when their day is over. Readings as they came
/// go first, a block of some minutes at a time; then minutes; what was made of these stays for years, because bills are
/// made of it. Nothing here stops the daemon: with too little room, raw readings are not written, and an alert says so.
final class Retention: Sendable {
  /// What the retention needs of the rest.
  struct Surroundings: Sendable {
    var settings: @Sendable () -> StorageSettings
    var pipeline: @Sendable () -> TelemetryPipeline?
    /// Free bytes on the disk; `nil` where that cannot be found out.
    var freeBytes: @Sendable () -> Int64?
    /// An alert about the gateway begins, or is over where there is no message.
    var alert: @Sendable (AlertRecord.Kind, String?) async -> Void
  }

  /// What was found last.
  struct Room: Sendable, Equatable {
    var space: StoreSpace?
    var freeBytes: Int64?
    /// Whether raw readings are written.
    var isRecording = true
  }

  private let store: GatewayStore
  private let time: TimeSource
  private let logger: Logger
  private let around: Surroundings
  private let state = Mutex(Room())

  /// Time between two looks at the room.
  static let roomInterval = Duration.seconds(60)
  /// Looks at the room between two looks at the age.
  static let roomsPerAge = 60
  /// How long after its end a day is summed up: most of what comes late is there.
  static let summingDelay = Duration.seconds(3 * 3600)
  /// Steps of summing up between two looks at the room: a day of some thousand series, and a few seconds of work, also
  /// where all that is kept is still to be summed up.
  static let sumsPerLook = 200
  /// Half hours of minutes that go in one look at the age. A clock that is months ahead must not take all of them.
  static let minuteStepsPerAge = 4 * 48
  /// Events that are kept at most: years of a large installation, and less than the windows of its days.
  static let maxEvents: Int64 = 1_000_000
  /// With this much more than the floor, raw readings are written again.
  static let freeHysteresis = 0.125
  /// How long the log of webhook deliveries is kept: longer than anybody looks for one that did not arrive.
  static let deliveryAge = Duration.seconds(30 * 86_400)
  /// Below this share of the limit, it no longer counts as reached.
  static let calmShare = 0.95

  init(store: GatewayStore, time: TimeSource, logger: Logger, around: Surroundings) {
    self.store = store
    self.time = time
    self.logger = logger
    self.around = around
  }

  /// What was found last.
  var room: Room { state.withLock { $0 } }

  /// Looks at once and then every minute, until its task is cancelled.
  func run() async {
    var looks = 0
    repeat {
      await checkRoom()
      await sumUp()
      if looks % Self.roomsPerAge == 0 { await removeOld() }
      looks += 1
    } while (try? await time.sleep(for: Self.roomInterval)) != nil
  }

  // MARK: Room

  func checkRoom() async {
    let settings = around.settings()
    await checkDisk(settings)
    await checkBytes(settings)
  }

  private func checkDisk(_ settings: StorageSettings) async {
    let free = around.freeBytes()
    let floor = settings.minFreeBytes
    let was = room.isRecording
    let needed = was ? floor : floor + Int64(Double(floor) * Self.freeHysteresis)
    let isRecording = free.map { $0 >= needed } ?? true
    state.withLock { ($0.freeBytes, $0.isRecording) = (free, isRecording) }
    around.pipeline()?.setRecording(isRecording && settings.rawAge > .zero)
    guard isRecording != was else { return }
    if isRecording {
      logger.notice("raw readings are kept again")
      await around.alert(.diskSpaceLow, nil)
    } else {
      let message =
        "only \((free ?? 0) >> 20) MiB are free on the disk of the database, less than store.minFreeBytes (\(floor >> 20) MiB): "
        + "raw readings are not kept; windows and commands go on"
      logger.error("\(message)")
      await around.alert(.diskSpaceLow, message)
    }
  }

  private func checkBytes(_ settings: StorageSettings) async {
    do {
      var space = try await store.space()
      var removed = 0
      while space.usedBytes > settings.maxBytes, !Task.isCancelled, try await removeForRoom(&removed) {
        space = try await store.space()
      }
      state.withLock { $0.space = space }
      if removed > 0 {
        let message =
          "the database reached store.maxBytes (\(settings.maxBytes >> 20) MiB): the oldest raw readings and minutes "
          + "went before their time"
        logger.warning("\(message)", metadata: ["removed": "\(removed)"])
        await around.alert(.storeLimitReached, message)
      } else if Double(space.usedBytes) < Double(settings.maxBytes) * Self.calmShare {
        await around.alert(.storeLimitReached, nil)
      }
    } catch {
      logger.warning("the size of the database could not be looked after: \(error)")
    }
  }

  /// Lets go of the oldest; `false` when nothing is left that may go.
  private func removeForRoom(_ removed: inout Int) async throws -> Bool {
    var count = try await store.removeOldestRaw(before: Timestamp(milliseconds: .max))
    if count == 0 {
      count = try await store.removeOldestMinutes(before: time.wall().advanced(byMilliseconds: -86_400_000))
    }
    removed += count
    return count > 0
  }

  // MARK: Age

  /// Makes the coarser windows of days that are over.
  func sumUp() async {
    let limit = limit(Self.summingDelay)
    await step("windows", "summed up", atMost: Self.sumsPerLook) { [store] in
      try await store.sumUpWindows(before: limit)
    }
  }

  private func limit(_ age: Duration) -> Timestamp {
    time.wall().advanced(byMilliseconds: -Int64(age / .milliseconds(1)))
  }

  func removeOld() async {
    let settings = around.settings()
    let now = time.wall()
    await step("raw readings", "removed") { [store] in
      try await store.sealRaw(at: now)
      return try await store.removeOldestRaw(before: limit(settings.rawAge))
    }
    await step("windows of a minute", "removed", atMost: Self.minuteStepsPerAge) { [store] in
      try await store.removeOldestMinutes(before: limit(settings.minuteAge))
    }
    // One day goes each day. A clock that is years ahead for an hour must not take everything.
    await step("quarters of an hour", "removed", atMost: 2) { [store] in
      try await store.removeOldestSums(before: limit(settings.quarterAge))
    }
    do {
      // The chain goes on from where it was cut, so that what is left can be verified.
      try await store.removeAudit(before: limit(settings.auditAge), at: now)
    } catch {
      logger.warning("old audit rows could not be removed: \(error)")
    }
    await step("carbon intensities", "removed", atMost: 1) { [store] in
      try await store.removeCarbon(before: limit(settings.quarterAge))
    }
    await step("events", "removed") { [store] in
      try await store.removeOldestEvents(before: limit(settings.auditAge), beyond: Self.maxEvents)
    }
    await step("deliveries to webhooks", "removed", atMost: 1) { [store] in
      try await store.removeDeliveries(before: limit(Self.deliveryAge))
      return 0
    }
  }

  /// One small transaction after the other, so that no other writer waits for long.
  private func step(
    _ what: String, _ done: String, atMost limit: Int = .max, _ work: () async throws -> Int
  ) async {
    var total = 0
    var steps = 0
    do {
      while !Task.isCancelled, steps < limit {
        steps += 1
        let count = try await work()
        guard count > 0 else { break }
        total += count
      }
    } catch {
      logger.warning("old \(what) could not be \(done): \(error)")
    }
    if total > 0 { logger.info("old \(what) were \(done)", metadata: ["count": "\(total)"]) }
  }
}
