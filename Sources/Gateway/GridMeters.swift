import EnergyModel
import Synchronization
import TelemetryPipeline

/// What the grid meters of the sites show now, for interlocks that look at the whole site.
final class GridMeters: Sendable {
  private let running = Mutex<RunningConfiguration?>(nil)

  func replace(_ configuration: RunningConfiguration?) { running.withLock { $0 = configuration } }

  /// The power at the grid connection of a device's site in W, positive importing; `nil` without a fresh value.
  func power(atSiteOf deviceID: String) -> Double? {
    guard let running = running.withLock({ $0 }), let site = running.device(deviceID)?.siteID,
      let index = running.configuration.devices.firstIndex(where: {
        $0.kind == .meter && $0.role == .grid && $0.siteID == site
      }), let power = running.pipeline.latest(index).first(where: { $0.field.name == "powerW" }),
      power.quality == .good, case .number(let watts) = power.value
    else { return nil }
    return watts
  }
}
