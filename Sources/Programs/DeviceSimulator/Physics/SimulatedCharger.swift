import Foundation

/// A charging station with a car at its plug: gives what mode and current limit allow until the car has enough.
public struct SimulatedCharger: Sendable, Hashable {
  /// What it was asked to do, in the model's vocabulary.
  public var mode = "start-charging"
  /// Highest current per phase that is allowed, in A.
  public var maxCurrentA = Self.ratedCurrentA
  /// Whether a car is at the plug. A session begins when one comes.
  public var isPluggedIn = true { didSet { if isPluggedIn, !oldValue { sessionEnergyWh = 0 } } }
  /// Where the car stops by itself, percent of its battery.
  public var carLimitPercent = 80.0
  /// Power into the car, never negative.
  public private(set) var powerW = 0.0
  /// Energy since the car was plugged in, in Wh.
  public private(set) var sessionEnergyWh = 0.0
  /// Energy since installation, in Wh.
  public private(set) var energyTotalWh = 2_345_000.0
  /// What the car's battery holds, in Wh.
  public private(set) var carStoredWh = 0.4 * Self.carCapacityWh

  /// Current per phase of the station and of the car's charger.
  public static let ratedCurrentA = 16.0
  /// A car cannot charge with less.
  public static let leastCurrentA = 6.0
  /// The car draws from all of them alike.
  static let phases = 3.0
  static let voltageV = 230.0
  static let carCapacityWh = 60_000.0
  /// Share of the energy that reaches the car's battery.
  static let efficiency = 0.9
  /// The power follows the limit with this time constant.
  static let rampSeconds = 0.4

  init() {}

  /// Whether the car would take energy if it got some.
  private var wantsEnergy: Bool {
    isPluggedIn && carStoredWh < Self.carCapacityWh * min(max(carLimitPercent, 0), 100) / 100
  }

  /// What happens at the plug, in the model's vocabulary.
  public var state: String {
    if !isPluggedIn { return "notPluggedIn" }
    if powerW > 0 { return "charging" }
    return wantsEnergy ? "readyWaiting" : "pluggedIn"
  }

  /// Lets time pass.
  ///
  /// - Parameter surplusW: what the sun gives beyond the household, for the solar modes.
  mutating func advance(by seconds: Double, surplusW: Double) {
    let wanted = wantsEnergy ? allowedA(surplusW: surplusW) * Self.phases * Self.voltageV : 0
    powerW += (wanted - powerW) * (1 - exp(-seconds / Self.rampSeconds))
    if wanted == 0, powerW < 5 { powerW = 0 }
    let energy = powerW * seconds / 3600
    carStoredWh = min(Self.carCapacityWh, carStoredWh + energy * Self.efficiency)
    sessionEnergyWh += energy
    energyTotalWh += energy
  }

  /// The current that the car may draw; 0 where it would be too little to charge with.
  private func allowedA(surplusW: Double) -> Double {
    let surplusA = max(0, surplusW) / Self.phases / Self.voltageV
    let asked: Double =
      switch mode {
      case "stop-charging", "schedule": 0
      case "solar": surplusA
      case "solar-minimum": max(surplusA, Self.leastCurrentA)
      default: Self.ratedCurrentA
      }
    let allowed = min(asked, maxCurrentA, Self.ratedCurrentA)
    return allowed >= Self.leastCurrentA ? allowed : 0
  }
}
