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
    isDirty.withUnsafeMutableBufferPointer { $0.update(repeating: false) }
  }

  func evaluate(
    _ computed: EndpointLayout.Computed
  ) -> (outcome: ValueConverter.Outcome, observedAt: Timestamp?) {
    var inputs = SlotInputs(slots: slots, bindings: computed.bindings, layout: layout)
    let value = computed.expression.root.evaluate(&inputs)
    var outcome = layout.points[computed.point].converter.convertComputed(value)
    if outcome.value != .null { outcome.quality = max(outcome.quality, inputs.quality) }
    return (outcome, inputs.observedAt)
  }
}

/// What is known, for one formula; remembers what the formula looked at.
private struct SlotInputs: ExpressionInputs {
  let slots: [EndpointDecoder.Slot]
  let bindings: [EndpointLayout.Binding]
  let layout: EndpointLayout
  var quality = Quality.good
  var observedAt: Timestamp?

  mutating func value(at index: Int) -> ScalarValue {
    switch bindings[index] {
    case .constant(let value): return value
    case .point(let place):
      guard slots[place].value != .null else { return .null }
      quality = max(quality, slots[place].quality)
      let isConstant = layout.points[place].isConstant
      if !isConstant { observedAt = min(observedAt ?? slots[place].observedAt, slots[place].observedAt) }
      return slots[place].value
    }
  }
}

extension EndpointLayout.Point {
  var isConstant: Bool { if case .constant = source { true } else { false } }
}
