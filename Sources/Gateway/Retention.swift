import EnergyModel
import GatewayStore
import Logging
import TelemetryPipeline
import TimeSource

/// Lets go of what nobody looks at after a while, so that a database in a cellar does not grow for ten years.
///
/// Energy is kept for ever: it is small, and bills are made of it. Minutes of gauges (power, temperature, state of
/// charge) are kept for a named time, and so is the audit.
struct Retention: Sendable {
  let store: GatewayStore
  let time: TimeSource
  let logger: Logger

  /// How long minutes of gauges are kept.
  static let gaugeMilliseconds: Int64 = 90 * 86_400_000
  /// How long the audit is kept: two years, since energy is billed and settled by the year.
  static let auditMilliseconds: Int64 = 730 * 86_400_000
  /// Time between two looks.
  static let interval = Duration.seconds(3600)

  /// Looks once at start and then every hour, until its task is cancelled.
  func run() async {
    repeat {
      await removeOldGauges()
      await removeOldAudit()
    } while (try? await time.sleep(for: Self.interval)) != nil
  }

  /// The chain goes on from where it was cut, so that what is left can be verified.
  func removeOldAudit() async {
    let now = time.wall()
    do {
      try await store.removeAudit(before: now.advanced(byMilliseconds: -Self.auditMilliseconds), at: now)
    } catch {
      logger.warning("old audit rows could not be removed: \(error)")
    }
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
