import EnergyModel
import GatewayStore
import Logging
import TelemetryPipeline
import TimeSource

/// Lets go of what nobody looks at after a while, so that a database in a cellar does not grow for ten years.
///
/// Energy is kept for ever: it is small, and bills are made of it. Minutes of gauges (power, temperature, state of
/// charge) are kept for a named time.
struct Retention: Sendable {
  let store: GatewayStore
  let time: TimeSource
  let logger: Logger

  /// How long minutes of gauges are kept.
  static let gaugeMilliseconds: Int64 = 90 * 86_400_000
  /// Time between two looks.
  static let interval = Duration.seconds(3600)

  /// Looks once at start and then every hour, until its task is cancelled.
  func run() async {
    repeat { await removeOldGauges() } while (try? await time.sleep(for: Self.interval)) != nil
  }

  /// One day of windows per transaction, so that no other writer waits for long.
  func removeOldGauges() async {
    let limit = time.wall().advanced(byMilliseconds: -Self.gaugeMilliseconds)
    do {
      while !Task.isCancelled {
        let removed = try await store.removeGaugeWindows(
          before: limit, energyMetrics: EnergyMetric.allCases.map(\.rawValue))
        guard removed > 0 else { return }
        logger.info("minutes of gauges older than 90 days were removed", metadata: ["windows": "\(removed)"])
      }
    } catch {
      logger.warning("old windows could not be removed: \(error)")
    }
  }
}
