import GatewayStore

/// Additions to windows that the store does not have yet, in their order, with a limit.
struct PendingDeltas {
  private(set) var deltas: [WindowDelta] = []
  /// Windows of gauges that were dropped because the store could not take them for too long.
  private(set) var droppedGaugeWindows: UInt64 = 0
  /// Windows of energy that were dropped although they were put together by the hour.
  private(set) var droppedEnergyWindows: UInt64 = 0
  let limit: Int

  init(limit: Int) { self.limit = max(1, limit) }

  mutating func append(_ delta: WindowDelta) {
    deltas.append(delta)
    if deltas.count > limit { shrink() }
  }

  /// Takes everything out, each window once: a second addition would count as one after its end.
  mutating func take() -> [WindowDelta] {
    merge()
    defer { deltas = [] }
    return deltas
  }

  /// Puts back what the store did not take, before everything that came since.
  mutating func restore(_ older: [WindowDelta]) {
    deltas = older + deltas
    if deltas.count > limit { shrink() }
  }

  /// Merges what belongs to the same window; where that is not enough, gives up the oldest gauges, then the minutes of
  /// energy. Leaves a tenth of the limit free, so that it does not run for each addition.
  private mutating func shrink() {
    let goal = limit - limit / 10
    merge()
    if deltas.count > goal { dropOldest(deltas.count - goal, energy: false) }
    if deltas.count > goal {
      for index in deltas.indices where deltas[index].range == nil {
        deltas[index].minute -= deltas[index].minute % 60
      }
      merge()
    }
    if deltas.count > goal { dropOldest(deltas.count - goal, energy: true) }
  }

  private mutating func merge() {
    var positions: [Key: Int] = [:]
    var merged: [WindowDelta] = []
    for delta in deltas {
      let key = Key(series: delta.series, minute: delta.minute)
      if let position = positions[key] {
        merged[position].add(delta)
      } else {
        positions[key] = merged.count
        merged.append(delta)
      }
    }
    deltas = merged
  }

  private mutating func dropOldest(_ count: Int, energy: Bool) {
    let minutes = deltas.filter { ($0.range == nil) == energy }.map(\.minute).sorted()
    guard !minutes.isEmpty, count > 0 else { return }
    let border = minutes[min(count, minutes.count) - 1]
    let before = deltas.count
    deltas.removeAll { ($0.range == nil) == energy && $0.minute <= border }
    let dropped = UInt64(before - deltas.count)
    if energy { droppedEnergyWindows += dropped } else { droppedGaugeWindows += dropped }
  }

  private struct Key: Hashable {
    var series: Int
    var minute: Int64
  }
}

extension WindowDelta {
  /// Adds a later addition to the same window.
  fileprivate mutating func add(_ later: WindowDelta) {
    sum += later.sum
    samples += later.samples
    coveredMilliseconds += later.coveredMilliseconds
    quality = Swift.max(quality, later.quality)
    if let old = range, let new = later.range {
      range = (new.last, Swift.min(old.min, new.min), Swift.max(old.max, new.max))
    }
  }
}
