import CommandDispatch
import EnergyModel
import Foundation
import GatewayStore
import Logging
import Synchronization
import TestSupport

@testable import Gateway

/// A real store, a clock that is moved by hand, and a dispatcher that keeps what it was told.
final class ScheduleBench: Sendable {
  struct State {
    var requests: [CommandRequest] = []
    var cancelled: [String] = []
    var refusal: CommandRefusal?
    var tags: [String: [String]] = [:]
    var customers: [String: String] = [:]
    /// Commands without a revert.
    var lasting: Set<String> = []
    /// A command of a higher priority that holds every device.
    var holder: String?
  }

  /// 2026-05-01T10:00:00Z, a Friday.
  static let start = Timestamp(milliseconds: 1_777_629_600_000)

  let clock = TestClock(wall: ScheduleBench.start)
  let store: GatewayStore
  let state = Mutex(State())
  private let folder: URL
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  init() async throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("schedules-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    store = try await GatewayStore.open(
      path: folder.appendingPathComponent("heddle.db").path, now: Self.start, logger: logger)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// A runner as a start of the gateway makes it; all share the store.
  func runner(devices: [String] = ["battery-1"], zone: String = "UTC") -> ScheduleRunner {
    ScheduleRunner(
      store: store,
      hands: .init(
        followers: {
          self.state.withLock { state in
            devices.map { .init(id: $0, customerID: state.customers[$0], zone: zone, tags: state.tags[$0] ?? []) }
          }
        },
        submit: { request throws(CommandRefusal) in try await self.submit(request) },
        cancel: { await self.end($0, as: .cancelled) },
        higherHolder: { _ in self.state.withLock { $0.holder } },
        acceptsDuration: { device, name in
          guard let kind = name.kind, device.hasPrefix(kind.rawValue) else { return nil }
          return self.state.withLock { !$0.lasting.contains(name.verb) } && name.verb != "auto"
        }),
      time: clock.source, random: { 0.5 }, logger: logger)
  }

  func batches() -> BatchRunner {
    BatchRunner(store: store, time: clock.source, logger: logger) { request throws(CommandRefusal) in
      try await self.submit(request)
    }
  }

  private func submit(_ request: CommandRequest) async throws(CommandRefusal) -> CommandRecord {
    let number = try state.withLock { state throws(CommandRefusal) in
      if let refusal = state.refusal { throw refusal }
      state.requests.append(request)
      return state.requests.count
    }
    var record = CommandRecord(
      id: "cmd_\(number)", deviceID: request.deviceID, name: request.name, input: request.input,
      durationSeconds: request.durationSeconds, actor: request.actor, idempotencyKey: request.idempotencyKey,
      requestDigest: request.digest, createdAt: clock.now)
    record.status = .confirmed
    record.leaseExpiresAt = request.durationSeconds.map { clock.now.advanced(byMilliseconds: Int64($0 * 1000)) }
    try? await store.insert(record)
    return record
  }

  /// What the dispatcher made of a command.
  func end(_ id: String, as status: CommandStatus, _ code: CommandErrorCode? = nil) async {
    if status == .cancelled { state.withLock { $0.cancelled.append(id) } }
    guard var record = try? await store.command(id: id) else { return }
    record.status = status
    record.failure = code.map { .init(code: $0, message: "\($0)", isRetryable: false) }
    try? await store.update(record)
  }

  /// What was sent so far: verb and seconds.
  var sent: [String] {
    state.withLock {
      $0.requests.map { "\($0.deviceID) \($0.name.verb) \($0.durationSeconds.map { "\(Int($0))" } ?? "-")" }
    }
  }

  /// Moves the clock in steps and lets the runner look after each.
  func advance(_ runner: ScheduleRunner, minutes: Int, step: Duration = .seconds(60)) async {
    for _ in 0..<minutes {
      clock.advance(by: step)
      await runner.look()
    }
  }

  func weekly(
    _ id: String, _ target: ScheduleRecord.Target = .device("battery-1"), verb: String = "charge",
    times: [(String, String)], otherwise: String? = nil, zone: String? = nil
  ) -> ScheduleRecord {
    let rules = times.map {
      ScheduleRecord.Rule(
        daysOfWeek: Array(0...6), startTime: $0.0, endTime: $0.1,
        command: ScheduledCommand(name: "battery:\(verb)", input: ["powerW": .number(2000)]))
    }
    return ScheduleRecord(
      id: id, target: target,
      plan: .weekly(
        rules: rules, fallback: otherwise.map { ScheduledCommand(name: "battery:\($0)") }, fallbackMode: nil),
      timeZone: zone, actor: "ada", createdAt: clock.now)
  }
}
