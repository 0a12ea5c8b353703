/// A room with a thermostat: it relaxes to the outdoor temperature, heating and cooling work against it.
public struct SimulatedRoom: Sendable, Hashable {
  /// Room temperature.
  public private(set) var temperatureC: Double
  /// Outdoor temperature.
  public private(set) var outdoorC = 8.0
  /// Relative humidity, 0 to 100.
  public private(set) var humidityPercent = 45.0
  /// What it was asked to do, in the model's vocabulary.
  public var mode = "heat" { didSet { decide() } }
  /// Heats below this temperature.
  public var heatSetpointC = 20.0 { didSet { decide() } }
  /// Cools above this temperature.
  public var coolSetpointC = 26.0 { didSet { decide() } }
  /// What the fan was asked to do, in the model's vocabulary.
  public var fanMode = "auto"
  /// Named set of setpoints, in the model's vocabulary.
  public var preset = "none"
  /// Whether a hold overrides the schedule, in the model's vocabulary.
  public var holdType = "none"
  /// Who chose the setpoint, in the model's vocabulary.
  public var setpointSource = "manual"
  /// What it does, in the model's vocabulary.
  public private(set) var action = "idle"
  /// Time spent heating, in seconds.
  public private(set) var heatSecondsTotal = 1_234_000.0
  /// Time spent cooling, in seconds.
  public private(set) var coolSecondsTotal = 56_000.0

  /// How long the room keeps its warmth, in seconds.
  static let leakSeconds = 8.0 * 3600
  /// What heating and cooling do, in kelvin per second.
  static let heatingRate = 6.0 / 3600
  static let coolingRate = 4.0 / 3600
  /// Heating that runs stops this far above the setpoint, and starts anywhere below it.
  static let hysteresisC = 0.2
  /// What a setpoint may be.
  public static let heatRange = 5.0...30.0
  /// What a cooling setpoint may be.
  public static let coolRange = 16.0...35.0

  init(temperatureC: Double) {
    self.temperatureC = temperatureC
    decide()
  }

  /// Whether the fan turns.
  public var fanRuns: Bool { fanMode == "on" || fanMode == "circulate" || action == "cooling" }
  /// How far a radiator valve is open.
  public var valvePercent: Double {
    action == "heating" ? min(100, max(20, (heatSetpointC - temperatureC) * 50)) : 0
  }

  mutating func advance(by seconds: Double, outdoorC: Double, humidityPercent: Double) {
    self.outdoorC = outdoorC
    self.humidityPercent = humidityPercent
    temperatureC += (outdoorC - temperatureC) * min(1, seconds / Self.leakSeconds)
    if action == "heating" {
      temperatureC += Self.heatingRate * seconds
      heatSecondsTotal += seconds
    } else if action == "cooling" {
      temperatureC -= Self.coolingRate * seconds
      coolSecondsTotal += seconds
    }
    decide()
  }

  /// A change of the setpoint shows at once, not at the next step.
  private mutating func decide() {
    let mayHeat = ["heat", "heatCool", "auto", "emergencyHeat", "eco"].contains(mode)
    let mayCool = ["cool", "heatCool", "auto"].contains(mode)
    let heatingEnd = heatSetpointC + (action == "heating" ? Self.hysteresisC : 0)
    let coolingEnd = coolSetpointC - (action == "cooling" ? Self.hysteresisC : 0)
    if mode == "off" {
      action = "off"
    } else if mayHeat && temperatureC < heatingEnd {
      action = "heating"
    } else if mayCool && temperatureC > coolingEnd {
      action = "cooling"
    } else {
      action = mode == "fanOnly" ? "fan" : "idle"
    }
  }
}
