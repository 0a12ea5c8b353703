public import EnergyModel
import Synchronization

extension TelemetryPipeline {
  /// Whether readings of a field are kept. Not of a power that follows from the signed one.
  ///
  /// - Parameter device: its index in the layout.
  public func keeps(_ field: Field, device: Int) -> Bool {
    switch routes.route(device, field) {
    case .number: PowerTwin.named(field.name) == nil || Field.named("powerW").map { !binds($0, device) } ?? true
    case .word: true
    case .derived, .nowhere: false
    }
  }

  private func binds(_ field: Field, _ device: Int) -> Bool {
    if case .number = routes.route(device, field) { true } else { false }
  }

  /// The energy that a counter supplies; `nil` for a counter of something else.
  ///
  /// - Parameter device: its index in the layout.
  public func metric(ofCounter field: Field, device: Int) -> EnergyMetric? {
    guard case .number(let input) = routes.route(device, field) else { return nil }
    return core.withLock { core in
      let counter = core.aggregator.plan.inputs[Int(input)].counter
      guard counter >= 0 else { return nil }
      return core.aggregator.plan.flows[core.aggregator.plan.counters[counter].flow].name
    }
  }
}
