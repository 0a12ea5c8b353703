import EnergyModel
import GatewayStore

/// Everything that the aggregation looks up by index, worked out once from the layout.
struct AggregationPlan {
  /// A number that a device gives.
  struct Input {
    let device: Int
    let field: Field
    /// Window series of a gauge; −1 for counters and settings.
    var windows = -1
    /// Index of its counter; −1 for everything else.
    var counter = -1
    /// Index of its power; −1 for everything that is not integrated.
    var power = -1
    var isRatedPower = false
  }

  /// A counter that supplies a flow.
  struct Counter {
    let input: Int
    let flow: Int
    let behavior: CounterBehavior
  }

  /// A power that supplies flows.
  struct Power {
    let input: Int
    /// Index of the flow of its positive side; −1 if there is none.
    var positiveFlow = -1
    /// Index of the flow of its negative side; −1 if there is none.
    var negativeFlow = -1
  }

  /// A group within which the balance is drawn: a site, or what a customer has outside of sites.
  private struct BalanceGroup: Hashable {
    var siteID: String?
    var customerID: String?
  }

  private(set) var inputs: [Input] = []
  private(set) var flows: [EnergyFlow] = []
  private(set) var counters: [Counter] = []
  private(set) var powers: [Power] = []
  private(set) var series: [SeriesKey] = []
  /// Share of a scope's groups with energy that have a grid meter, by `site/…` and `customer/…` key.
  private(set) var balancedShare: [SeriesKey: Double] = [:]
  /// Input of a field of a device, at `device × Field.all.count + field`; −1 if it is not bound or no number.
  private(set) var inputIndices: [Int32]

  private var seriesIndices: [SeriesKey: Int] = [:]
  private var metered: Set<BalanceGroup> = []

  init(layout: PipelineLayout) {
    inputIndices = Array(repeating: -1, count: layout.devices.count * Field.all.count)
    for device in layout.devices where device.kind == .meter && device.meterRole == .grid {
      metered.insert(Self.group(of: device))
    }
    for (index, device) in layout.devices.enumerated() {
      addInputs(of: device, at: index)
      addFlows(of: device, at: index)
    }
    shareCoverage()
    balancedShare = Self.balancedShares(layout, metered: metered)
  }

  /// Books the devices at other sites and customers from now on. Devices, inputs and flows stay; series are only added,
  /// because windows that wait for the store know theirs by index.
  mutating func reassign(_ layout: PipelineLayout) {
    metered = Set(layout.devices.filter { $0.kind == .meter && $0.meterRole == .grid }.map(Self.group))
    var flow = 0
    for (index, device) in layout.devices.enumerated() {
      for rule in EnergyRule.of(device) where flow < flows.count && flows[flow].device == index {
        guard flows[flow].name == rule.name else { continue }
        flows[flow].targets = targets(of: rule, at: device)
        flow += 1
      }
    }
    shareCoverage()
    balancedShare = Self.balancedShares(layout, metered: metered)
  }

  /// The index of a series of windows; `nil` if nothing is booked there.
  func windows(_ scope: WindowScope, _ id: String, _ metric: EnergyMetric) -> Int? {
    seriesIndices[SeriesKey(scope: scope, scopeID: id, metric: metric.rawValue)]
  }

  private mutating func addInputs(of device: PipelineLayout.Device, at index: Int) {
    for field in device.fields where field.isNumeric && input(field, of: index) == nil {
      var input = Input(device: index, field: field)
      if field.behavior == .gauge {
        input.windows = window(SeriesKey(scope: .device, scopeID: device.id, metric: field.name))
      }
      input.isRatedPower = field.name == "ratedPowerW"
      inputIndices[index * Field.all.count + Int(field.index)] = Int32(inputs.count)
      inputs.append(input)
    }
  }

  private mutating func addFlows(of device: PipelineLayout.Device, at index: Int) {
    for rule in EnergyRule.of(device) {
      let counter = rule.counter.flatMap { Field.named($0) }.flatMap { input($0, of: index) }
      let power = Field.named(rule.power).flatMap { input($0, of: index) }
      guard counter != nil || power != nil else { continue }
      let flow = flows.count
      flows.append(EnergyFlow(device: index, name: rule.name, targets: targets(of: rule, at: device)))
      if let counter {
        inputs[counter].counter = counters.count
        let behavior = device.counters[inputs[counter].field] ?? .monotonic
        counters.append(Counter(input: counter, flow: flow, behavior: behavior))
      }
      if let power { connect(power: power, to: flow, isPositive: rule.isPositive) }
    }
  }

  private mutating func connect(power input: Int, to flow: Int, isPositive: Bool) {
    if inputs[input].power < 0 {
      inputs[input].power = powers.count
      powers.append(Power(input: input))
    }
    flows[flow].power = inputs[input].power
    if isPositive {
      powers[inputs[input].power].positiveFlow = flow
    } else {
      powers[inputs[input].power].negativeFlow = flow
    }
  }

  private mutating func targets(of rule: EnergyRule, at device: PipelineLayout.Device) -> [EnergyFlow.Target] {
    var targets: [EnergyFlow.Target] = []
    func add(_ key: SeriesKey, sign: Double) {
      targets.append(EnergyFlow.Target(windows: window(key), sign: sign, coverageShare: 1))
    }
    for metric in rule.metrics {
      add(SeriesKey(scope: .device, scopeID: device.id, metric: metric.rawValue), sign: 1)
    }
    guard rule.isShared else { return targets }
    var scopes: [(WindowScope, String)] = []
    if let site = device.siteID { scopes.append((.site, site)) }
    if let customer = device.customerID { scopes.append((.customer, customer)) }
    for (scope, id) in scopes {
      for metric in rule.metrics {
        guard let sign = metric.balanceSign else { continue }
        add(SeriesKey(scope: scope, scopeID: id, metric: metric.rawValue), sign: 1)
        if metric.isProduction {
          add(SeriesKey(scope: scope, scopeID: id, metric: EnergyMetric.production.rawValue), sign: 1)
        }
        if metered.contains(Self.group(of: device)) {
          add(SeriesKey(scope: scope, scopeID: id, metric: EnergyMetric.consumption.rawValue), sign: sign)
        }
      }
    }
    return targets
  }

  /// The flows into one series share its coverage, so that it is whole when all of them are.
  private mutating func shareCoverage() {
    var flowsInto = Array(repeating: 0, count: series.count)
    for flow in flows { for target in flow.targets { flowsInto[target.windows] += 1 } }
    for flow in flows.indices {
      for target in flows[flow].targets.indices {
        let count = flowsInto[flows[flow].targets[target].windows]
        flows[flow].targets[target].coverageShare = 1 / Double(max(1, count))
      }
    }
  }

  private mutating func window(_ key: SeriesKey) -> Int {
    if let index = seriesIndices[key] { return index }
    seriesIndices[key] = series.count
    series.append(key)
    return series.count - 1
  }

  private func input(_ field: Field, of device: Int) -> Int? {
    let index = inputIndices[device * Field.all.count + Int(field.index)]
    return index < 0 ? nil : Int(index)
  }

  private static func group(of device: PipelineLayout.Device) -> BalanceGroup {
    BalanceGroup(siteID: device.siteID, customerID: device.siteID == nil ? device.customerID : nil)
  }

  private static func balancedShares(
    _ layout: PipelineLayout, metered: Set<BalanceGroup>
  ) -> [SeriesKey: Double] {
    var groups: [SeriesKey: Set<BalanceGroup>] = [:]
    for device in layout.devices {
      let isBalanced = EnergyRule.of(device).contains { $0.isShared && $0.metrics.contains { $0.balanceSign != nil } }
      guard isBalanced else { continue }
      for (scope, id) in [(WindowScope.site, device.siteID), (.customer, device.customerID)] {
        guard let id else { continue }
        let key = SeriesKey(scope: scope, scopeID: id, metric: EnergyMetric.consumption.rawValue)
        groups[key, default: []].insert(group(of: device))
      }
    }
    return groups.mapValues { Double($0.intersection(metered).count) / Double(max(1, $0.count)) }
  }
}
