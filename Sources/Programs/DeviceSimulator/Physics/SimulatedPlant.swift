import Foundation

/// A PV plant with its inverter under a sky with slow clouds.
public struct SimulatedPlant: Sendable, Hashable {
  /// AC power in full sun, in W.
  public let peakW: Double
  /// Limit of the output, percent of the peak.
  public var limitPercent = 100.0
  /// Whether the inverter is connected to the grid.
  public var isConnected = true
  /// AC power, never negative.
  public private(set) var powerW = 0.0
  /// What the sun would give without a limit.
  public private(set) var availableW = 0.0
  /// Energy since installation, in Wh.
  public private(set) var energyTotalWh = 12_345_000.0
  /// Energy since midnight, in Wh.
  public private(set) var energyTodayWh = 0.0
  private var day = 0.0

  /// The sun shines between these hours.
  static let sunrise = 6.0
  static let sunset = 20.0
  /// AC power per DC power.
  static let efficiency = 0.97
  /// The inverter follows sun and limit with this time constant, in seconds.
  static let rampSeconds = 0.5

  init(peakW: Double, secondsOfDay: Double, noise: SeededNoise) {
    self.peakW = max(0, peakW)
    availableW = self.peakW * Self.sunshine(atSecond: secondsOfDay, noise: noise)
    powerW = availableW
    day = (secondsOfDay / 86_400).rounded(.down)
  }

  /// What the inverter does, in the model's vocabulary.
  public var status: String {
    if !isConnected { return "standby" }
    if availableW < 1 { return "sleeping" }
    return limitPercent < 100 && availableW > limitPercent / 100 * peakW ? "throttled" : "running"
  }

  /// Power on the DC side.
  public var directCurrentW: Double { powerW / Self.efficiency }

  mutating func advance(by seconds: Double, secondsOfDay: Double, noise: SeededNoise) {
    let today = (secondsOfDay / 86_400).rounded(.down)
    if today != day { energyTodayWh = 0 }
    day = today
    availableW = peakW * Self.sunshine(atSecond: secondsOfDay, noise: noise)
    let wanted = isConnected ? min(availableW, limitPercent / 100 * peakW) : 0
    powerW += (wanted - powerW) * (1 - exp(-seconds / Self.rampSeconds))
    if powerW < 0.5 && wanted == 0 { powerW = 0 }
    energyTotalWh += powerW * seconds / 3600
    energyTodayWh += powerW * seconds / 3600
  }

  /// Share of full sun, 0 to 1: a bell between sunrise and sunset, dimmed by clouds.
  static func sunshine(atSecond second: Double, noise: SeededNoise) -> Double {
    let hour = second.truncatingRemainder(dividingBy: 86_400) / 3600
    guard hour > sunrise, hour < sunset else { return 0 }
    let bell = sin((hour - sunrise) / (sunset - sunrise) * Double.pi)
    let slow = noise.curve(1, at: second, period: 900)
    let quick = noise.curve(2, at: second, period: 40)
    return bell * bell.squareRoot() * (0.82 + 0.15 * slow + 0.03 * quick)
  }
}
