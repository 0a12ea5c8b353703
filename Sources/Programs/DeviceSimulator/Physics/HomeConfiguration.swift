/// What a simulated home is made of. All powers in W, energies in Wh.
public struct HomeConfiguration: Sendable, Hashable {
  /// Chooses clouds, loads and noise.
  public var seed: UInt64 = 1
  /// Usable capacity of the battery.
  public var batteryCapacityWh = 10_000.0
  /// Highest charging and discharging power of the battery.
  public var batteryPowerW = 5_000.0
  /// State of charge at the start, 0 to 100.
  public var socPercent = 55.0
  /// Power of the PV plant in full sun.
  public var pvPeakW = 8_000.0
  /// Seconds since midnight at the start, for the sun and the household's habits.
  public var secondsOfDay = 12.0 * 3600
  /// Simulated seconds per real second.
  public var speed = 1.0
  /// The thermostats' rooms at the start, in °C.
  public var roomTemperatureC = 20.2

  /// A house with 8 kW on the roof and 10 kWh in the cellar, at noon.
  public init() {}

  /// Faster than this, a second of real time would be coarser than the physics.
  public static let maxSpeed = 3600.0
}
