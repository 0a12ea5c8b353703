import EnergyModel
import Synchronization

/// The carbon intensities in force: what the configuration's files say, and what its HTTP sources said so far.
final class CarbonBook: Sendable {
  private let known = Mutex<[CarbonSource]>([])

  /// All sources with what is known of them.
  var sources: [CarbonSource] { known.withLock { $0 } }

  /// Another configuration is in force.
  func replace(_ sources: [CarbonSource]) { known.withLock { $0 = sources } }

  /// A source said something new; later values win over earlier ones of the same time.
  func add(_ points: [CarbonSeries.Point], to name: String) {
    change(name) { source in
      source.problem = nil
      if points.isEmpty { return }
      let hold = source.series.longestHoldMilliseconds
      let merged = CarbonSeries(source.series.points + points).points
      source.series = CarbonSeries(Array(merged.suffix(CarbonSeries.maxPoints)), longestHoldMilliseconds: hold)
    }
  }

  /// A source gave no answer.
  func note(_ problem: String, of name: String) { change(name) { $0.problem = problem } }

  private func change(_ name: String, _ change: (inout CarbonSource) -> Void) {
    known.withLock { sources in
      if let index = sources.firstIndex(where: { $0.name == name }) { change(&sources[index]) }
    }
  }
}
