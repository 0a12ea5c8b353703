/// An energy that is booked in windows, in Wh. The raw value is the metric's name in the store and the API.
public enum EnergyMetric: String, CaseIterable, Sendable, Hashable {
  /// Into batteries.
  case charge
  /// Out of batteries.
  case discharge
  /// From the sun: a hybrid's DC inputs, the AC side of other inverters, meters with role `pv`.
  case generation
  /// From the grid, by meters with role `grid`.
  case gridImport = "import"
  /// To the grid, by meters with role `grid`.
  case gridExport = "export"
  /// Of a device: what it absorbs at its terminals. Of a site or customer: the household's load by balance, generation
  /// + discharge − charge + import − export, which exists only where there is a grid meter.
  case consumption
  /// Of a device: what it delivers at its terminals. Of a site or customer: generation + discharge, so that what a
  /// hybrid delivers from its battery is not counted twice.
  case production

  /// How an energy of a device enters the household's load of its site; `nil` if it does not.
  var balanceSign: Double? {
    switch self {
    case .generation, .discharge, .gridImport: 1
    case .charge, .gridExport: -1
    case .consumption, .production: nil
    }
  }

  /// Whether it is part of the production of a site.
  var isProduction: Bool { self == .generation || self == .discharge }

  /// The energies that make up the household's load.
  static let balanced: [EnergyMetric] = allCases.filter { $0.balanceSign != nil }
}
