/// What a device is in the unified model.
public enum DeviceKind: String, CaseIterable, Sendable, Hashable, Codable {
  case battery, thermostat, inverter, meter, charger
}

/// What a meter measures. Only a `grid` meter closes the energy balance of a site.
public enum MeterRole: String, CaseIterable, Sendable, Hashable, Codable {
  /// At the grid connection: import is positive.
  case grid
  /// One or more loads: what it measures is consumption.
  case load
  /// Generation that has no inverter of its own in the model.
  case pv
  /// Behind another meter: shown for itself, never part of a balance.
  case sub
}
