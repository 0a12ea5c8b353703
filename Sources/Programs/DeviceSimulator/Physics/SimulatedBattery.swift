import Foundation

/// A battery with its inverter: follows a goal, within the limits of power and charge. Power is positive discharging.
public struct SimulatedBattery: Sendable, Hashable {
  /// What it was told to do.
  public enum Goal: Sendable, Hashable {
    /// Balances the grid connection to zero; the normal state.
    case selfConsumption
    /// Charges from surplus only and keeps everything for an outage.
    case backup
    /// A constant power (positive discharging) until a state of charge is reached, if one is given.
    case power(Double, targetSocPercent: Double?)
    /// Neither charges nor discharges.
    case idle
  }

  /// What it works towards now.
  public var goal = Goal.selfConsumption
  /// The word for what it was told, in the model's vocabulary.
  public var operatingMode = "selfConsumption"
  /// Who told it, in the model's vocabulary.
  public var controlSource = "none"
  /// Usable capacity, in Wh.
  public let capacityWh: Double
  /// What its inverter can do.
  public let ratedPowerW: Double
  /// Highest charging power allowed now, never negative.
  public var maxChargePowerW: Double
  /// Highest discharging power allowed now, never negative.
  public var maxDischargePowerW: Double
  /// Kept for outages; self-consumption ends here.
  public var reservePercent = 10.0
  /// Nothing discharges below it, whatever the goal.
  public let minSocPercent = 5.0
  /// Nothing charges above it.
  public let maxSocPercent = 100.0
  /// Energy that can be taken out of the cells now.
  public private(set) var storedWh: Double
  /// Positive discharging.
  public private(set) var powerW = 0.0
  /// Energy taken in since installation, in Wh.
  public private(set) var chargedTotalWh = 3_210_000.0
  /// Energy given out since installation, in Wh.
  public private(set) var dischargedTotalWh = 2_890_000.0

  /// Share of the energy that survives one way.
  static let efficiency = 0.97
  /// The power follows its setpoint with this time constant, so it is there after about a second.
  static let rampSeconds = 0.25
  /// Below this power it counts as idle.
  static let idleBandW = 20.0

  /// A battery at rest, in its normal state.
  public init(capacityWh: Double, powerW: Double, socPercent: Double) {
    self.capacityWh = max(1, capacityWh)
    ratedPowerW = max(0, powerW)
    maxChargePowerW = ratedPowerW
    maxDischargePowerW = ratedPowerW
    storedWh = self.capacityWh * min(max(socPercent, 0), 100) / 100
  }

  /// State of charge, 0 to 100.
  public var socPercent: Double { storedWh / capacityWh * 100 }

  /// What it does, in the model's vocabulary.
  public var chargingState: String {
    if powerW > Self.idleBandW { return "discharging" }
    if powerW < -Self.idleBandW { return "charging" }
    if socPercent >= maxSocPercent - 0.1 { return "full" }
    return socPercent <= minSocPercent + 0.1 ? "empty" : "idle"
  }

  /// Lets time pass.
  ///
  /// - Parameter deficitW: what the house needs beyond the sun; negative when the sun gives more.
  mutating func advance(by seconds: Double, deficitW: Double) {
    let wanted = limited(setpoint(deficitW: deficitW), seconds: seconds)
    powerW += (wanted - powerW) * (1 - exp(-seconds / Self.rampSeconds))
    // The ramp may still carry power that the cells can no longer take or give.
    powerW = limited(powerW, seconds: seconds)
    let energy = powerW * seconds / 3600
    if energy > 0 {
      storedWh = max(0, storedWh - energy / Self.efficiency)
      dischargedTotalWh += energy
    } else {
      storedWh = min(capacityWh, storedWh - energy * Self.efficiency)
      chargedTotalWh -= energy
    }
  }

  private func setpoint(deficitW: Double) -> Double {
    switch goal {
    case .selfConsumption: socPercent <= reservePercent ? min(deficitW, 0) : deficitW
    case .backup: min(deficitW, 0)
    case .idle: 0
    case .power(let power, let target):
      if let target, power < 0 ? socPercent >= target : socPercent <= target { 0 } else { power }
    }
  }

  private func limited(_ power: Double, seconds: Double) -> Double {
    let hours = max(seconds, 0.001) / 3600
    let available = max(0, storedWh - capacityWh * minSocPercent / 100) * Self.efficiency / hours
    let room = max(0, capacityWh * maxSocPercent / 100 - storedWh) / Self.efficiency / hours
    return min(max(power, -min(maxChargePowerW, room)), min(maxDischargePowerW, available))
  }
}
