import DeviceDiscovery
import DeviceProfiles
import EnergyModel
import LocalAPISchema
import TimeSource

/// Runs one look around at a time, and keeps what the last ones found.
actor DiscoveryDesk {
  /// Results that are kept, the running one included.
  static let kept = 8

  private struct Entry {
    let board: DiscoveryBoard
    let task: Task<Void, Never>
  }

  private let library: @Sendable () -> ProfileLibrary
  private let time: TimeSource
  private let random: @Sendable () -> Double
  /// Oldest first.
  private var entries: [(id: String, entry: Entry)] = []
  private var isStopping = false

  /// - Parameter library: reads the profiles; asked at each start, so that new ones are found.
  init(library: @escaping @Sendable () -> ProfileLibrary, time: TimeSource, random: @escaping @Sendable () -> Double) {
    self.library = library
    self.time = time
    self.random = random
  }

  func start(_ plan: DiscoveryPlan, known: [KnownLink], id: String) throws(APIError) -> DiscoveryResource {
    if let running = entries.map(\.entry.board.resource).first(where: { $0.status == .running }) {
      throw APIError(
        status: 409, code: "DISCOVERY_RUNNING", message: "another look around runs: \(running.id)",
        hint: "wait for it, or end it with DELETE /v1/discovery/\(running.id)",
        details: ["discoveryId": .text(running.id)])
    }
    guard !isStopping else {
      throw APIError(status: 503, code: "STOPPING", message: "the gateway is stopping")
    }
    let board = DiscoveryBoard(id: id, startedAt: time.wall(), plan: plan)
    let task = Task.detached { [library, time, random] in
      await Discovery(
        plan, catalogue: ProductCatalogue(library()), known: known, board: board, time: time, random: random
      ).run()
    }
    entries.append((id, Entry(board: board, task: task)))
    if entries.count > Self.kept { entries.removeFirst() }
    return board.resource
  }

  func resource(_ id: String) throws(APIError) -> DiscoveryResource {
    guard let found = entries.first(where: { $0.id == id }) else { throw Self.unknown(id) }
    return found.entry.board.resource
  }

  /// Returns when nothing is asked any more.
  func cancel(_ id: String) async throws(APIError) {
    guard let index = entries.firstIndex(where: { $0.id == id }) else { throw Self.unknown(id) }
    let entry = entries[index].entry
    guard entry.board.resource.status == .running else {
      entries.remove(at: index)
      return
    }
    entry.task.cancel()
    await entry.task.value
  }

  /// Ends what runs; a read that is under way ends by its own timeout, unseen.
  func stop() {
    isStopping = true
    for (_, entry) in entries { entry.task.cancel() }
  }

  private static func unknown(_ id: String) -> APIError {
    APIError(
      status: 404, code: "NOT_FOUND", message: "there is no discovery '\(id)'",
      hint: "the gateway keeps the last \(kept) until it is started again")
  }
}
