import AdapterKit
import EnergyModel
import GatewayStore
import Logging
import TimeSource

/// Asks the HTTP sources of carbon intensities, again and again, and keeps what they say in the store, so that a lost
/// network or a restart leaves what is known.
actor CarbonFeed {
  /// The pause after the first failure; each one after it is twice as long, up to the source's interval.
  static let firstPause = Duration.seconds(30)

  private struct Poll {
    var request: CarbonRequest
    var task: Task<Void, Never>
  }

  private let book: CarbonBook
  private let store: GatewayStore
  private let time: TimeSource
  private let random: RandomSource
  private let logger: Logger
  private let client = CarbonClient()
  private var polls: [String: Poll] = [:]

  init(
    book: CarbonBook, store: GatewayStore, time: TimeSource, random: @escaping RandomSource, logger: Logger
  ) {
    self.book = book
    self.store = store
    self.time = time
    self.random = random
    self.logger = logger
  }

  /// Takes over the sources of a configuration: files as they were read, HTTP sources with what the store has of them.
  /// A source that is the same as before is not asked anew.
  func follow(_ sources: [CarbonSource]) async {
    for (name, poll) in polls where sources.first(where: { $0.name == name })?.request != poll.request {
      poll.task.cancel()
      polls[name] = nil
    }
    var known = sources
    for index in known.indices {
      guard let request = known[index].request else { continue }
      do {
        let points = try await store.carbon(source: known[index].name)
        known[index].series = CarbonSeries(
          Array(points.suffix(CarbonSeries.maxPoints)), longestHoldMilliseconds: request.longestHoldMilliseconds)
      } catch {
        logger.error("the carbon intensities of \(known[index].name) cannot be read: \(error)")
      }
    }
    book.replace(known)
    for source in known where polls[source.name] == nil {
      guard let request = source.request else { continue }
      polls[source.name] = Poll(request: request, task: Task { await self.poll(source.name, request) })
    }
  }

  /// Asks no more.
  func stop() {
    for poll in polls.values { poll.task.cancel() }
    polls = [:]
  }

  private func poll(_ name: String, _ request: CarbonRequest) async {
    var failures = FailureLog()
    var backOff = BackOff(first: min(Self.firstPause, request.interval), cap: request.interval)
    var validators = CarbonClient.Validators()
    while !Task.isCancelled {
      var pause = request.interval
      do {
        try await ask(name, request, &validators)
        backOff.reset()
        if failures.success(now: time.monotonic()) { logger.notice("the carbon intensity \(name) is told again") }
      } catch {
        guard !Task.isCancelled else { return }
        pause = max(backOff.next(random: random), .seconds(error.retryAfterSeconds ?? 0))
        let problem = "\(request.shownURL): \(error.message)"
        book.note(problem, of: name)
        if let line = failures.failure("no carbon intensity \(name): \(problem)", now: time.monotonic()) {
          logger.warning("\(line.text)")
        }
      }
      guard (try? await time.sleep(for: pause)) != nil else { return }
    }
  }

  private func ask(
    _ name: String, _ request: CarbonRequest, _ validators: inout CarbonClient.Validators
  ) async throws(CarbonClient.Failure) {
    switch try await client.ask(request, since: validators) {
    case .unchanged: book.add([], to: name)
    case .text(let text, let fresh):
      let points = try request.points(of: text)
      do {
        try await store.saveCarbon(source: name, points)
      } catch {
        // What could not be kept is asked for again in full.
        throw CarbonClient.Failure(message: "it could not be kept: \(error.reason)")
      }
      validators = fresh
      book.add(points, to: name)
    }
  }
}

extension CarbonRequest {
  /// What an answer says.
  fileprivate func points(of text: String) throws(CarbonClient.Failure) -> [CarbonSeries.Point] {
    do {
      guard let paths else { return try CarbonSeries(text: text).points }
      return try CarbonSeries(json: text, at: paths).points
    } catch {
      throw CarbonClient.Failure(message: error.message)
    }
  }
}
