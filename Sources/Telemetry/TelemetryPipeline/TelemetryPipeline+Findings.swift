public import EnergyModel
import GatewayStore
import Synchronization
import TimeSource

/// What the pipeline knows of its devices beside their values.
extension TelemetryPipeline {
  /// The devices that have a gauge older than their `staleAfter`, by index. One of which nothing came yet is not among
  /// them.
  public func staleDevices() -> Set<Int> {
    drain()
    let wall = time.wall().milliseconds
    let monotonic = routes.monotonicMilliseconds
    return core.withLock { core in
      routes.words.withLock { words in
        var stale: Set<Int> = []
        func freshness(_ device: Int) -> Freshness {
          Freshness(wall: wall, monotonic: monotonic, staleAfter: layout.devices[device].staleAfter)
        }
        for (index, input) in core.aggregator.plan.inputs.enumerated()
        where input.field.behavior == .gauge && !stale.contains(input.device) {
          let value = LatestValue.of(core.aggregator.latest[index], input.field, freshness(input.device))
          if value.quality == .stale { stale.insert(input.device) }
        }
        for slot in words.slots where slot.field.behavior == .gauge && !stale.contains(slot.device) {
          if LatestValue.of(slot, slot.field, freshness(slot.device)).quality == .stale { stale.insert(slot.device) }
        }
        return stale
      }
    }
  }

  /// The last words of a field, by index of the device; without those that are not known.
  ///
  /// - Parameter field: a label, flag or text.
  public func words(_ field: Field) -> [Int: ReadingValue] {
    routes.words.withLock { words in
      var found: [Int: ReadingValue] = [:]
      for slot in words.slots where slot.field == field {
        if let reading = slot.reading, reading.quality.isAggregated, reading.value != .null {
          found[slot.device] = reading.value
        }
      }
      return found
    }
  }

  /// The resets of counters that were believed since the last call.
  public func takeCounterResets() -> [CounterReset] {
    drain()
    return core.withLock { $0.aggregator.takeResets() }
  }

  /// Where the energy of customers was changed later than `PipelineLimits.lateAfter`, since the last call: the beginnings
  /// of quarters of an hour, by id of the customer.
  public func takeLateUsage() -> [String: Set<Timestamp>] {
    let quarters = lateUsage.withLock { late in
      defer { late = [:] }
      return late
    }
    return quarters.mapValues { Set($0.map { Timestamp(milliseconds: $0 * 900_000) }) }
  }

  /// Notes what a flush changed late.
  func noteLate(_ batch: WindowBatch, wall: Timestamp) {
    let limit = Windows.minute(of: wall.advanced(byMilliseconds: -limits.lateAfter.milliseconds).milliseconds)
    let late = batch.deltas.filter { $0.minute < limit && batch.series[$0.series].scope == .customer }
    guard !late.isEmpty else { return }
    lateUsage.withLock { known in
      for delta in late {
        known[batch.series[delta.series].scopeID, default: []].insert(Windows.quarter(ofMinute: delta.minute))
      }
    }
  }
}
