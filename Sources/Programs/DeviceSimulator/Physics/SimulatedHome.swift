import Foundation

/// The physics of one home: sun, PV plant, battery, household, cars, rooms and the grid connection that closes the balance.
///
/// All simulated devices of a home look at the same value, so `grid = load - pv - battery` holds among them. Power is
/// positive into the site: discharging, generation, import.
public struct SimulatedHome: Sendable {
  /// What the home is made of.
  public let configuration: HomeConfiguration
  let noise: SeededNoise
  /// Simulated seconds since the midnight before the start.
  public private(set) var clock: Double
  /// The battery of the home.
  public var battery: SimulatedBattery
  /// The PV plant of the home.
  public var plant: SimulatedPlant
  /// One for each thermostat.
  public var rooms: [SimulatedRoom] = []
  /// One for each metering plug.
  public var plugs: [SimulatedPlug] = []
  /// One for each charging station.
  public var chargers: [SimulatedCharger] = []
  /// What the household takes, plugs and cars included.
  public private(set) var loadW = 0.0
  /// Energy from the grid, in Wh.
  public private(set) var importedTotalWh = 4_321_000.0
  /// Energy to the grid, in Wh.
  public private(set) var exportedTotalWh = 5_678_000.0
  /// Energy that the household took, in Wh.
  public private(set) var loadTotalWh = 9_876_000.0

  /// The physics is computed in steps of at most this many seconds, and of more when a long time is skipped.
  static let stepSeconds = 1.0
  /// Steps of one call; a longer time is taken in coarser steps.
  static let maxSteps = 7200.0
  /// A longer time than this is cut: ten days.
  static let maxSkipSeconds = 864_000.0
  /// How the household's power is spread over the phases.
  static let loadShares = [0.45, 0.3, 0.25]

  /// A home at its start time, without rooms, plugs and cars.
  public init(_ configuration: HomeConfiguration) {
    self.configuration = configuration
    noise = SeededNoise(seed: configuration.seed)
    clock = min(max(configuration.secondsOfDay, 0), 86_399)
    battery = SimulatedBattery(
      capacityWh: configuration.batteryCapacityWh, powerW: configuration.batteryPowerW,
      socPercent: configuration.socPercent)
    plant = SimulatedPlant(peakW: configuration.pvPeakW, secondsOfDay: clock, noise: noise)
    loadW = householdW(at: clock)
  }

  /// Adds a room with a thermostat and returns its index.
  public mutating func addRoom() -> Int {
    var room = SimulatedRoom(temperatureC: configuration.roomTemperatureC)
    room.advance(by: 0, outdoorC: outdoorC, humidityPercent: humidityPercent)
    rooms.append(room)
    return rooms.count - 1
  }

  /// Adds a metering plug and returns its index.
  public mutating func addPlug() -> Int {
    plugs.append(SimulatedPlug(stream: 100 + UInt64(plugs.count)))
    return plugs.count - 1
  }

  /// Adds a charging station with a car and returns its index.
  public mutating func addCharger() -> Int {
    chargers.append(SimulatedCharger())
    return chargers.count - 1
  }

  /// Power from the grid; negative when exporting. Closes the balance by definition.
  public var gridW: Double { loadW - plant.powerW - battery.powerW }
  /// Outdoor temperature, warmest in the afternoon.
  public var outdoorC: Double {
    8 - 4 * cos((clock / 3600 - 3) / 12 * Double.pi) + noise.curve(5, at: clock, period: 1800)
  }
  var humidityPercent: Double { 45 + 4 * noise.curve(6, at: clock, period: 1200) }
  /// Grid frequency.
  public var frequencyHz: Double { 50 + 0.02 * noise.curve(7, at: clock, period: 15) }

  /// Voltage of a phase, 0 to 2, to neutral.
  public func voltageV(phase: Int) -> Double {
    231 + 1.5 * noise.curve(10 + UInt64(max(0, phase)), at: clock, period: 20)
  }

  /// Power of the household on a phase, 0 to 2.
  public func loadW(phase: Int) -> Double {
    loadW * (Self.loadShares.indices.contains(phase) ? Self.loadShares[phase] : 0)
  }

  /// Lets simulated time pass.
  public mutating func advance(by seconds: Double) {
    guard seconds.isFinite, seconds > 0 else { return }
    let total = min(seconds, Self.maxSkipSeconds)
    let step = max(Self.stepSeconds, total / Self.maxSteps)
    var rest = total
    while rest > 1e-9 {
      let slice = min(step, rest)
      advanceOneStep(slice)
      rest -= slice
    }
  }

  private mutating func advanceOneStep(_ seconds: Double) {
    clock += seconds
    plant.advance(by: seconds, secondsOfDay: clock, noise: noise)
    for index in plugs.indices { plugs[index].advance(by: seconds, clock: clock, noise: noise) }
    loadW = householdW(at: clock) + plugs.reduce(0) { $0 + $1.powerW }
    for index in chargers.indices {
      chargers[index].advance(by: seconds, surplusW: plant.powerW - loadW)
      loadW += chargers[index].powerW
    }
    battery.advance(by: seconds, deficitW: loadW - plant.powerW)
    for index in rooms.indices {
      rooms[index].advance(by: seconds, outdoorC: outdoorC, humidityPercent: humidityPercent)
    }
    let energy = gridW * seconds / 3600
    if energy > 0 { importedTotalWh += energy } else { exportedTotalWh -= energy }
    loadTotalWh += loadW * seconds / 3600
  }

  /// Base load, habits of the day, and an appliance that runs in some of the five-minute slots.
  private func householdW(at second: Double) -> Double {
    let hour = second.truncatingRemainder(dividingBy: 86_400) / 3600
    let morning = 450 * exp(-pow((hour - 7.5) / 1.2, 2))
    let evening = 900 * exp(-pow((hour - 19) / 2, 2))
    let wobble = 35 * noise.curve(3, at: second, period: 30)
    let slot = Int64((second / 300).rounded(.down))
    let appliance = noise.unit(4, slot) > 0.88 ? 1200 + 800 * noise.unit(8, slot) : 0
    return 320 + morning + evening + wobble + appliance
  }
}
