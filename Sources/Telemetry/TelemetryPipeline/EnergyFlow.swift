import EnergyModel

/// An energy in one direction at one device, fed by a counter or by integrating power, and where it is booked.
struct EnergyFlow {
  /// A window series that gets the energy.
  struct Target {
    /// Index of the window series.
    var windows: Int
    /// 1, or −1 where the energy lowers the household's load.
    var sign: Double
    /// Share of the series' coverage that this flow stands for.
    var coverageShare: Double
  }

  let device: Int
  /// Index of the power that can supply it; −1 if there is none.
  var power = -1
  /// The metric that names it within its device, for the saved state.
  let name: EnergyMetric
  var targets: [Target] = []
  /// From when on the counter supplies it, milliseconds since 1970; `nil` while no counter gave a value.
  var counterSince: Int64?
  /// Whether the counter has taken over and power is not integrated any more.
  var isPowerClosed = false
  /// Up to when power was integrated, milliseconds since 1970, as long as the counter has not come past that time;
  /// otherwise `.min`.
  var poweredThrough: Int64 = .min
  var isDirty = false
}

/// What a device's fields mean for energy: the decision of `model-and-api`, device by device.
struct EnergyRule: Equatable {
  /// How the flow is named, and booked at device, site and customer.
  var name: EnergyMetric
  var metrics: [EnergyMetric]
  /// The lifetime counter of this direction; `nil` where the model has none.
  var counter: String?
  /// The power, and whether its positive side is meant.
  var power: String
  var isPositive: Bool
  /// Whether site and customer get it, too.
  var isShared = true

  /// The rules of a device.
  static func of(_ device: PipelineLayout.Device) -> [EnergyRule] {
    switch device.kind {
    case .battery:
      [
        EnergyRule(
          name: .discharge, metrics: [.discharge, .production], counter: "energyDischargedTotalWh", power: "powerW",
          isPositive: true),
        EnergyRule(
          name: .charge, metrics: [.charge, .consumption], counter: "energyChargedTotalWh", power: "powerW",
          isPositive: false),
      ]
    case .inverter: inverter(device)
    case .meter: meter(device.meterRole ?? .sub)
    case .charger: charger
    case .thermostat: []
    }
  }

  private static func inverter(_ device: PipelineLayout.Device) -> [EnergyRule] {
    let names = Set(device.fields.map(\.name))
    // A hybrid's AC side contains its battery. Elsewhere a lifetime counter wins over integrating power.
    let isFromSolarInputs =
      device.isHybrid || names.contains("energyPvTotalWh")
      || (names.contains("pvPowerW") && !names.contains("energyGeneratedTotalWh"))
    var rules = [
      EnergyRule(
        name: .production, metrics: isFromSolarInputs ? [.production] : [.production, .generation],
        counter: "energyGeneratedTotalWh", power: "acPowerW", isPositive: true),
      EnergyRule(
        name: .consumption, metrics: [.consumption], counter: "energyAbsorbedTotalWh", power: "acPowerW",
        isPositive: false, isShared: false),
    ]
    if isFromSolarInputs {
      rules.append(
        EnergyRule(
          name: .generation, metrics: [.generation], counter: "energyPvTotalWh", power: "pvPowerW", isPositive: true))
    }
    return rules
  }

  /// A charger is a load behind the grid meter: what it takes is in the site's balance already, so that adding it would
  /// count it twice. A car that feeds back is the charger's production.
  private static let charger = [
    EnergyRule(
      name: .consumption, metrics: [.consumption], counter: "energyTotalWh", power: "powerW", isPositive: true,
      isShared: false),
    EnergyRule(
      name: .production, metrics: [.production], counter: nil, power: "powerW", isPositive: false, isShared: false),
  ]

  private static func meter(_ role: MeterRole) -> [EnergyRule] {
    func rule(_ metrics: [EnergyMetric], isPositive: Bool, isShared: Bool) -> EnergyRule {
      EnergyRule(
        name: metrics[0], metrics: metrics,
        counter: isPositive ? "energyImportedTotalWh" : "energyExportedTotalWh", power: "powerW",
        isPositive: isPositive, isShared: isShared)
    }
    return switch role {
    case .grid:
      [
        rule([.gridImport], isPositive: true, isShared: true), rule([.gridExport], isPositive: false, isShared: true),
      ]
    case .pv:
      [
        rule([.generation, .production], isPositive: true, isShared: true),
        rule([.consumption], isPositive: false, isShared: false),
      ]
    case .load, .sub:
      [
        rule([.consumption], isPositive: true, isShared: false),
        rule([.production], isPositive: false, isShared: false),
      ]
    }
  }
}
