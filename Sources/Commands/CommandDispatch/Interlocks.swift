import EnergyModel

/// What an installation forbids, whoever asks and whatever the product could do. A `nil` forbids nothing.
///
/// Checked before each write, and all the time while a lease runs: what gets forbidden meanwhile is undone.
public struct Interlocks: Sendable, Hashable {
  /// A battery is not discharged at or below this state of charge, in percent, nor is its reserve set lower.
  public var minSocPercent: Double?
  /// A battery is not charged at or above this state of charge, in percent.
  public var maxSocPercent: Double?
  /// The most that a battery is charged with, in W.
  public var maxChargePowerW: Double?
  /// The most that a battery is discharged with, in W.
  public var maxDischargePowerW: Double?
  /// The most that a battery's power may change with one command, in W.
  public var maxPowerStepW: Double?
  /// The lowest setpoint of a thermostat, in °C.
  public var minSetpointC: Double?
  /// The highest setpoint of a thermostat, in °C.
  public var maxSetpointC: Double?
  /// The least distance of cooling setpoint above heating setpoint, in K.
  public var minDeadbandC: Double?
  /// The highest current of a charger, in A.
  public var maxCurrentA: Double?
  /// The least time between two commands that change something, in seconds.
  public var minIntervalSeconds: Double?
  /// What was switched on stays on at least so long, in seconds.
  public var minOnSeconds: Double?
  /// What was switched off stays off at least so long, in seconds.
  public var minOffSeconds: Double?
  /// The most that the site may take from the grid, in W; needs a grid meter.
  public var maxImportPowerW: Double?
  /// The most that the site may give to the grid, in W, as a positive number; needs a grid meter.
  public var maxExportPowerW: Double?
  /// Devices that must not charge while this one discharges, nor the other way round: their ids.
  public var exclusiveWith: [String] = []

  /// Nothing is forbidden.
  public init() {}

  /// These rules of a device, and those of its site where they say nothing.
  public func over(_ site: Interlocks) -> Interlocks {
    var all = self
    let numbers: [WritableKeyPath<Interlocks, Double?>] = [
      \.minSocPercent, \.maxSocPercent, \.maxChargePowerW, \.maxDischargePowerW, \.maxPowerStepW, \.minSetpointC,
      \.maxSetpointC, \.minDeadbandC, \.maxCurrentA, \.minIntervalSeconds, \.minOnSeconds, \.minOffSeconds,
      \.maxImportPowerW, \.maxExportPowerW,
    ]
    for number in numbers where all[keyPath: number] == nil { all[keyPath: number] = site[keyPath: number] }
    if all.exclusiveWith.isEmpty { all.exclusiveWith = site.exclusiveWith }
    return all
  }
}

/// What a device was told last, for the interlocks that look at time.
struct SwitchMemory: Sendable {
  /// When the last command went out, on the monotonic clock.
  var lastCommandAt: Duration?
  /// When it was last switched on or off, and to what.
  var lastSwitch: (isOn: Bool, at: Duration)?

  /// Whether a command switches something on or off; `nil` where it does neither.
  static func switching(_ verb: String, _ input: [String: ScalarValue]) -> Bool? {
    switch (verb, input["mode"], input["on"]) {
    case ("connect", _, _): true
    case ("disconnect", _, _): false
    case ("switch", _, .flag(let isOn)?): isOn
    case ("set-operating-mode", .text(let mode)?, _): mode != "off" && mode != "stop-charging"
    default: nil
    }
  }
}
