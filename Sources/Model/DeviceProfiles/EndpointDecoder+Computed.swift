import EnergyModel

extension EndpointDecoder {
  /// Follows what changed. Quality is that of the worst input, the time that of the oldest, among those that the
  /// evaluation used and that have a value: `first(asked, told)` is as old as the one that was taken.
  mutating func recompute(_ time: Timestamp, _ batch: inout ReadingBatch) {
    for computed in layout.computed {
      guard computed.inputs.contains(where: { isDirty[$0] }) else { continue }
      // A sum of two values of which one was not read yet would look like a measurement.
      guard hasReadEverything || computed.required.allSatisfy({ slots[$0].isSeen }) else { continue }
      let (outcome, observedAt) = evaluate(computed)
      store(outcome, computed.point, observedAt ?? time, time, &batch)
    }
    for index in isDirty.indices { isDirty[index] = false }
  }

  func evaluate(
    _ computed: EndpointLayout.Computed
  ) -> (outcome: ValueConverter.Outcome, observedAt: Timestamp?) {
    var quality = Quality.good
    var observedAt: Timestamp?
    let value = computed.expression.evaluate(byIndex: { index in
      switch computed.bindings[index] {
      case .point(let place):
        let slot = slots[place]
        guard slot.value != .null else { return .null }
        quality = max(quality, slot.quality)
        if !layout.points[place].isConstant { observedAt = min(observedAt ?? slot.observedAt, slot.observedAt) }
        return slot.value
      case .constant(let value): return value
      }
    })
    var outcome = layout.points[computed.point].converter.convertComputed(value)
    if outcome.value != .null { outcome.quality = max(outcome.quality, quality) }
    return (outcome, observedAt)
  }
}

extension EndpointLayout.Point {
  var isConstant: Bool { if case .constant = source { true } else { false } }
}
