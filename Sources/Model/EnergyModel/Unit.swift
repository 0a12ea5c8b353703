/// The SI unit of a field. The unit is part of the field's name too (`powerW`, `energyWh`).
public enum Unit: String, CaseIterable, Sendable, Hashable {
  case watt = "W"
  case wattHour = "Wh"
  case voltAmpere = "VA"
  case voltAmpereReactive = "var"
  case volt = "V"
  case ampere = "A"
  case hertz = "Hz"
  case celsius = "°C"
  case percent = "%"
  case second = "s"
  case count = ""

  /// What a value is multiplied with (and what is added afterwards) to get from a device's unit to the SI unit.
  public struct Conversion: Sendable, Hashable {
    /// The SI unit that results.
    public let unit: Unit
    /// Value in SI = value × factor + offset.
    public let factor: Double
    /// Value in SI = value × factor + offset.
    public let offset: Double
  }

  /// The conversions that a profile may name in `unit:`, by spelling.
  public static let conversions: [String: Conversion] = {
    func linear(_ unit: Unit, _ factor: Double) -> Conversion { Conversion(unit: unit, factor: factor, offset: 0) }
    return [
      "W": linear(.watt, 1), "mW": linear(.watt, 0.001), "kW": linear(.watt, 1000), "MW": linear(.watt, 1e6),
      "Wh": linear(.wattHour, 1), "mWh": linear(.wattHour, 0.001), "kWh": linear(.wattHour, 1000),
      "MWh": linear(.wattHour, 1e6), "Wmin": linear(.wattHour, 1 / 60), "Ws": linear(.wattHour, 1 / 3600),
      "VA": linear(.voltAmpere, 1), "kVA": linear(.voltAmpere, 1000),
      "var": linear(.voltAmpereReactive, 1), "kvar": linear(.voltAmpereReactive, 1000),
      "V": linear(.volt, 1), "mV": linear(.volt, 0.001),
      "A": linear(.ampere, 1), "mA": linear(.ampere, 0.001),
      "Hz": linear(.hertz, 1),
      "C": linear(.celsius, 1), "°C": linear(.celsius, 1),
      "F": Conversion(unit: .celsius, factor: 5 / 9, offset: -160.0 / 9),
      "°F": Conversion(unit: .celsius, factor: 5 / 9, offset: -160.0 / 9),
      "K": Conversion(unit: .celsius, factor: 1, offset: -273.15),
      "%": linear(.percent, 1), "fraction": linear(.percent, 100),
      "s": linear(.second, 1), "ms": linear(.second, 0.001), "min": linear(.second, 60), "h": linear(.second, 3600),
    ]
  }()
}
