import EnergyModel
import GatewayStore

extension WindowAggregator {
  /// The state of the accumulators that changed, for the same transaction as their windows.
  mutating func takeAccumulators() -> [AccumulatorRecord] {
    var records: [AccumulatorRecord] = []
    for index in plan.counters.indices where flows[plan.counters[index].flow].isDirty {
      records.append(record(plan.counters[index].input, state(of: trackers[index])))
    }
    for index in plan.powers.indices {
      let power = plan.powers[index]
      let isDirty = [power.positiveFlow, power.negativeFlow].contains { $0 >= 0 && flows[$0].isDirty }
      guard isDirty, let last = integrators[index].last else { continue }
      var state = AccumulatorState()
      state.observedAt = last.at
      state.value = last.watts
      records.append(record(power.input, state))
    }
    for index in flows.indices where flows[index].isDirty {
      var state = AccumulatorState()
      state.counterSince = flows[index].counterSince
      state.poweredThrough = flows[index].poweredThrough == .min ? nil : flows[index].poweredThrough
      records.append(
        AccumulatorRecord(deviceID: deviceIDs[flows[index].device], name: flows[index].name.rawValue, state: state))
      flows[index].isDirty = false
    }
    return records
  }

  /// Continues where the accumulators of an earlier run stopped.
  ///
  /// - Parameter times: the times that saved state can have. State from the future is moved to now: the clock was
  ///   wrong before the restart, and waiting for that time would lose everything until then.
  mutating func restore(_ records: [AccumulatorRecord], times: ClosedRange<Int64>) {
    let states = Dictionary(
      records.map { ([$0.deviceID, $0.name], $0.state.clamped(to: times)) }, uniquingKeysWith: { first, _ in first })
    for index in plan.counters.indices {
      guard let state = states[key(plan.counters[index].input)], let value = state.value, let at = state.observedAt
      else { continue }
      trackers[index] = CounterTracker(
        behavior: plan.counters[index].behavior, current: CounterTracker.Point(value: value, at: at),
        changedAt: state.changedAt ?? at, epoch: state.epoch ?? 0, step: state.step, lastReset: reset(state, times),
        candidate: candidate(state, times))
    }
    for index in plan.powers.indices {
      guard let state = states[key(plan.powers[index].input)], let watts = state.value, let at = state.observedAt
      else { continue }
      integrators[index] = PowerIntegrator(last: (at, watts))
    }
    for index in flows.indices {
      guard let state = states[[deviceIDs[flows[index].device], flows[index].name.rawValue]] else { continue }
      flows[index].counterSince = state.counterSince
      flows[index].poweredThrough = state.poweredThrough ?? .min
      if let since = state.counterSince, flows[index].power >= 0 {
        flows[index].isPowerClosed = integrators[flows[index].power].last.map { $0.at >= since } ?? true
      }
    }
    forgetLostCounters()
  }

  /// Everything was handed to a store that did not take it: hand it over again.
  mutating func markAllAccumulatorsDirty() {
    for index in flows.indices { flows[index].isDirty = true }
  }

  /// A flow whose counter is no longer bound by the profile goes back to integrating power.
  private mutating func forgetLostCounters() {
    let counted = Set(plan.counters.map(\.flow))
    for index in flows.indices where !counted.contains(index) {
      flows[index].counterSince = nil
      flows[index].isPowerClosed = false
    }
  }

  private func key(_ input: Int) -> [String] { [deviceIDs[plan.inputs[input].device], plan.inputs[input].field.name] }

  private func record(_ input: Int, _ state: AccumulatorState) -> AccumulatorRecord {
    AccumulatorRecord(
      deviceID: deviceIDs[plan.inputs[input].device], name: plan.inputs[input].field.name, state: state)
  }

  private func state(of tracker: CounterTracker) -> AccumulatorState {
    var state = AccumulatorState()
    state.observedAt = tracker.current?.at
    state.value = tracker.current?.value
    state.changedAt = tracker.changedAt
    state.epoch = tracker.epoch
    state.step = tracker.step
    state.beforeReset = tracker.lastReset.map { [$0.before.value, Double($0.before.at), $0.to] }
    state.resetCandidate = tracker.candidate.map {
      [$0.first.value, Double($0.first.at), $0.last.value, Double($0.last.at), Double($0.readings)]
    }
    return state
  }

  private func candidate(_ state: AccumulatorState, _ times: ClosedRange<Int64>) -> CounterTracker.Candidate? {
    guard let numbers = state.resetCandidate, numbers.count == 5,
      let first = Int64(exactly: numbers[1].rounded())?.clamped(to: times),
      let last = Int64(exactly: numbers[3].rounded())?.clamped(to: times), let readings = Int(exactly: numbers[4])
    else { return nil }
    return CounterTracker.Candidate(
      first: CounterTracker.Point(value: numbers[0], at: first),
      last: CounterTracker.Point(value: numbers[2], at: last), readings: readings)
  }

  private func reset(_ state: AccumulatorState, _ times: ClosedRange<Int64>) -> CounterTracker.Reset? {
    guard let numbers = state.beforeReset, numbers.count == 3,
      let at = Int64(exactly: numbers[1].rounded())?.clamped(to: times)
    else { return nil }
    return CounterTracker.Reset(before: CounterTracker.Point(value: numbers[0], at: at), to: numbers[2])
  }
}

extension AccumulatorState {
  fileprivate func clamped(to times: ClosedRange<Int64>) -> AccumulatorState {
    var state = self
    state.observedAt = observedAt?.clamped(to: times)
    state.changedAt = changedAt?.clamped(to: times)
    state.counterSince = counterSince?.clamped(to: times)
    state.poweredThrough = poweredThrough?.clamped(to: times)
    return state
  }
}
