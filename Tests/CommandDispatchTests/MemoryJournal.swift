import CommandDispatch
import EnergyModel
import GatewayStore
import Synchronization

/// A journal in memory, which outlives the runs of the gateway that write it. SQLite takes a thousand times as long.
final class MemoryJournal: Sendable {
  struct State {
    var records: [String: CommandRecord] = [:]
    /// Ids in the order of their insertion.
    var order: [String] = []
    var writes: [String: Int] = [:]
    var isFailing = false
  }

  let state = Mutex(State())
  /// Told of each new step of a command, when it is durable.
  private let noted: @Sendable (CommandRecord, CommandRecord.StatusChange) -> Void

  init(noted: @escaping @Sendable (CommandRecord, CommandRecord.StatusChange) -> Void) { self.noted = noted }

  var all: [CommandRecord] { state.withLock { state in state.order.compactMap { state.records[$0] } } }
  func record(_ id: String) -> CommandRecord? { state.withLock { $0.records[id] } }
  func fail(_ isFailing: Bool) { state.withLock { $0.isFailing = isFailing } }

  /// The journal as one run of the gateway has it.
  struct Connection: CommandJournal {
    let journal: MemoryJournal
    let run: GatewayRun

    func insert(_ command: CommandRecord) async throws(GatewayStoreError) {
      try await write { state in
        guard state.records[command.id] == nil else { throw GatewayStoreError.test(.constraint) }
        state.records[command.id] = command
        state.order.append(command.id)
        return command.history.map { (command, $0) }
      }
    }

    func update(_ command: CommandRecord) async throws(GatewayStoreError) {
      try await write { state in
        guard let old = state.records[command.id] else { throw GatewayStoreError.test(.constraint) }
        let new = command.history.dropFirst(old.history.count)
        var command = command
        command.history = old.history + new
        state.records[command.id] = command
        return new.map { (command, $0) }
      }
    }

    func command(id: String) async throws(GatewayStoreError) -> CommandRecord? {
      try await read { $0.records[id] }
    }

    func command(idempotencyKey: String, actor: String?) async throws(GatewayStoreError) -> CommandRecord? {
      try await read { state in
        Self.newestFirst(state).first { $0.idempotencyKey == idempotencyKey && $0.actor == actor ?? $0.actor }
      }
    }

    func commands(
      deviceID: String?, statuses: Set<CommandStatus>?, limit: Int
    ) async throws(GatewayStoreError) -> [CommandRecord] {
      try await read { state in
        Array(
          Self.newestFirst(state).filter {
            $0.deviceID == deviceID ?? $0.deviceID && statuses?.contains($0.status) ?? true
          }.prefix(limit))
      }
    }

    func openCommands() async throws(GatewayStoreError) -> [CommandRecord] {
      try await read { state in
        state.order.compactMap { state.records[$0] }.filter { !$0.isTerminal }
      }
    }

    func writeCount(of deviceID: String, day: Int64) async throws(GatewayStoreError) -> Int {
      try await read { $0.writes["\(deviceID) \(day)"] ?? 0 }
    }

    func countWrite(of deviceID: String, day: Int64) async throws(GatewayStoreError) -> Int {
      try await write { state in
        state.writes["\(deviceID) \(day)", default: 0] += 1
        return []
      }
      return try await read { $0.writes["\(deviceID) \(day)"] ?? 0 }
    }

    private static func newestFirst(_ state: State) -> [CommandRecord] {
      let all = state.order.compactMap { state.records[$0] }.enumerated()
      return all.sorted { ($0.element.createdAt, $0.offset) > ($1.element.createdAt, $1.offset) }.map(\.element)
    }

    /// A crash can come before, between and after.
    private func write(
      _ body: (inout State) throws -> [(CommandRecord, CommandRecord.StatusChange)]
    ) async throws(GatewayStoreError) {
      await SeededTasks.pass()
      guard !run.isOver else { throw .test(.inUse) }
      let steps: [(CommandRecord, CommandRecord.StatusChange)]
      do {
        steps = try journal.state.withLock { state in
          if state.isFailing { throw GatewayStoreError.test(.diskFull) }
          return try body(&state)
        }
      } catch {
        throw error as? GatewayStoreError ?? .test(.other)
      }
      for (record, step) in steps { journal.noted(record, step) }
      await SeededTasks.pass()
    }

    private func read<T: Sendable>(_ body: (State) -> T) async throws(GatewayStoreError) -> T {
      await SeededTasks.pass()
      guard !run.isOver else { throw .test(.inUse) }
      return journal.state.withLock { body($0) }
    }
  }
}

/// One run of the gateway between two crashes.
final class GatewayRun: Sendable {
  private let over = Atomic<Bool>(false)
  var isOver: Bool { over.load(ordering: .sequentiallyConsistent) }
  func end() { over.store(true, ordering: .sequentiallyConsistent) }
}

extension GatewayStoreError {
  static func test(_ code: Code) -> GatewayStoreError {
    GatewayStoreError(code: code, operation: "test", reason: "the simulation says so")
  }
}
