import EnergyModel
import GatewayStore

/// Turns samples into latest values and windows. Plain: what it knows comes from samples, layout and saved state.
///
/// One pass books a sample for its device, site and customer. Windows hold only what was not flushed yet; the store
/// adds. A sample that is not later than the one before it of the same field is left out, so duplicates and late
/// arrivals are harmless.
struct WindowAggregator {
  /// A number above this is no measurement; it would drown all others in a sum.
  static let largestNumber = 1e15

  /// The last value of an input.
  struct Latest {
    var value = Double.nan
    var observedAt: Int64 = .min
    var receivedAt: Int64 = 0
    /// Monotonic milliseconds of the pipeline's clock.
    var acceptedAt: Int64 = 0
    var quality = Quality.missing
    /// Whether it came since the start, so that `acceptedAt` and the offset of the clocks mean something.
    var isLive = false
    var isDirty = false

    /// Wall time minus monotonic time when it was received.
    var clockOffset: Int64 { receivedAt &- acceptedAt }
  }

  let limits: PipelineLimits
  private(set) var plan: AggregationPlan
  let deviceIDs: [String]
  private let maxGaps: [Int64]
  private let configuredPowers: [Double?]
  private let clockStepMilliseconds: Int64

  private(set) var latest: [Latest]
  private(set) var ratedPowers: [Double?]
  var trackers: [CounterTracker]
  var integrators: [PowerIntegrator]
  var flows: [EnergyFlow]
  private(set) var windows: [WindowAccumulator]
  var pending: PendingDeltas
  var raw: RawBuffer
  private(set) var counts = SampleCounts()
  /// Resets that were believed since the last call of `takeResets`, by counter.
  private var resets: [Int: CounterReset] = [:]
  /// Devices that something changed for since the last call of `takeChangedDevices`.
  private var changed: [Int] = []
  private var isChanged: [Bool]

  init(layout: PipelineLayout, limits: PipelineLimits) {
    self.limits = limits
    let plan = AggregationPlan(layout: layout)
    self.plan = plan
    deviceIDs = layout.devices.map(\.id)
    maxGaps = layout.devices.map(\.maxGap.milliseconds)
    configuredPowers = layout.devices.map(\.ratedPowerW)
    ratedPowers = configuredPowers
    clockStepMilliseconds = limits.clockStep.milliseconds
    latest = Array(repeating: Latest(), count: plan.inputs.count)
    trackers = plan.counters.map { CounterTracker(behavior: $0.behavior) }
    integrators = plan.powers.map { _ in PowerIntegrator() }
    flows = plan.flows
    windows = Array(repeating: WindowAccumulator(), count: plan.series.count)
    pending = PendingDeltas(limit: limits.maxPendingDeltas)
    raw = RawBuffer(limit: limits.maxPendingRaw, isRecording: limits.keepsRaw)
    isChanged = Array(repeating: false, count: layout.devices.count)
  }

  /// Takes one sample.
  ///
  /// - Parameters:
  ///   - now: the pipeline's monotonic clock in milliseconds.
  ///   - isReplay: it comes from the store, where a run before this one left it: it is kept already, and says nothing
  ///     about the clocks.
  mutating func accept(_ sample: Sample, now: Int64, isReplay: Bool = false) {
    let index = Int(sample.series)
    guard index < latest.count else { return }
    // Signed, because the sample can have been accepted just after `now` was read.
    let waited = Int32(bitPattern: UInt32(truncatingIfNeeded: now) &- sample.acceptedAt)
    let acceptedAt = now &- Int64(waited)
    let receivedAt = sample.observedAt &+ Int64(sample.receivedAfter)
    var last = latest[index]
    let step = isReplay ? 0 : clockStep(of: sample, after: last, offset: receivedAt &- acceptedAt)
    if step != 0 {
      follow(step, input: index)
      last = latest[index]
    }
    guard sample.observedAt > last.observedAt else {
      counts.notLater &+= 1
      // Messages that arrive together are several readings, though none of them is later.
      if sample.observedAt == last.observedAt, sample.receivedAfter == 0, last.isLive, !isReplay {
        keep(sample, Quality(rawValue: sample.quality) ?? .bad)
      }
      return
    }
    last.observedAt = sample.observedAt
    last.receivedAt = receivedAt
    last.acceptedAt = acceptedAt
    last.isLive = !isReplay
    last.isDirty = true
    counts.accepted &+= 1
    let input = plan.inputs[index]
    note(input.device)
    take(sample, input, &last)
    latest[index] = last
    if !isReplay { keep(sample, last.quality) }
  }

  private mutating func keep(_ sample: Sample, _ quality: Quality) {
    raw.append(RawSample(series: sample.series, value: sample.value, quality: quality, observedAt: sample.observedAt))
  }

  /// Books the devices at the sites and customers of another layout of the same devices from now on.
  mutating func reassign(_ layout: PipelineLayout) {
    plan.reassign(layout)
    for index in flows.indices { flows[index].targets = plan.flows[index].targets }
    let missing = plan.series.count - windows.count
    if missing > 0 { windows += Array(repeating: WindowAccumulator(), count: missing) }
  }

  /// The devices that changed since the last call.
  mutating func takeChangedDevices() -> [Int] {
    let taken = changed
    forgetChangedDevices()
    return taken
  }

  mutating func forgetChangedDevices() {
    for device in changed { isChanged[device] = false }
    changed.removeAll(keepingCapacity: true)
  }

  /// The resets since the last call, the latest of each counter.
  mutating func takeResets() -> [CounterReset] {
    defer { resets = [:] }
    return resets.values.sorted { ($0.deviceID, $0.field.index) < ($1.deviceID, $1.field.index) }
  }

  /// Puts everything that is not flushed yet in order into `pending`.
  mutating func closeAccumulators() {
    for index in windows.indices where !windows[index].isEmpty { spill(index) }
  }

  /// Sets the last value from before a restart; after the accumulators, because they are saved more often and a
  /// sample that they know must not count again.
  ///
  /// - Parameter times: the times that a saved value can have.
  mutating func restore(_ reading: Reading, input index: Int, times: ClosedRange<Int64>) {
    latest[index].value = reading.value.number ?? .nan
    latest[index].quality = reading.quality
    latest[index].observedAt = reading.observedAt.milliseconds.clamped(to: times)
    latest[index].receivedAt = reading.receivedAt.milliseconds.clamped(to: times)
    let input = plan.inputs[index]
    let known = [
      input.counter >= 0 ? trackers[input.counter].current?.at : nil,
      input.power >= 0 ? integrators[input.power].last?.at : nil,
    ]
    for case let time? in known { latest[index].observedAt = max(latest[index].observedAt, time) }
    rate(latest[index].value, quality: reading.quality, input: input)
  }

  /// Says which latest values are saved, or have to be saved again.
  mutating func markLatest(_ index: Int, isDirty: Bool) { latest[index].isDirty = isDirty }

  private mutating func note(_ device: Int) {
    guard !isChanged[device] else { return }
    isChanged[device] = true
    changed.append(device)
  }

  private mutating func take(_ sample: Sample, _ input: AggregationPlan.Input, _ last: inout Latest) {
    var quality = Quality(rawValue: sample.quality) ?? .bad
    if !sample.value.isFinite { quality = max(quality, .missing) }
    if abs(sample.value) > Self.largestNumber { quality = max(quality, .suspect) }
    if quality.isAggregated, input.counter >= 0, !count(sample, counter: input.counter) {
      // The held value stays in place; only the quality says that the device now claims something else.
      last.quality = .suspect
      counts.suspectCounters &+= 1
      return
    }
    last.value = sample.value
    last.quality = quality
    guard quality.isAggregated else { return }
    if input.windows >= 0 {
      let minute = Windows.minute(of: sample.observedAt)
      select(minute, of: input.windows)
      windows[input.windows].add(gauge: sample.value, quality: quality.rawValue)
    }
    if input.power >= 0 { integrate(sample, power: input.power, quality: quality) }
    if input.isRatedPower { rate(sample.value, quality: quality, input: input) }
  }

  private mutating func rate(_ value: Double, quality: Quality, input: AggregationPlan.Input) {
    guard input.isRatedPower, quality.isAggregated, value.isFinite, value > 0 else { return }
    ratedPowers[input.device] = configuredPowers[input.device] ?? value
  }
}

/// What happened to samples since the start.
struct SampleCounts {
  var accepted: UInt64 = 0
  /// Duplicates, and samples that are older than the one before.
  var notLater: UInt64 = 0
  /// Readings of counters that were not believed.
  var suspectCounters: UInt64 = 0
  /// Steps of the wall clock, counted once per input.
  var clockSteps: UInt64 = 0
}

// MARK: - The wall clock

extension WindowAggregator {
  /// How far the wall clock was set since the last sample of this input; 0 where it was not, or where the device says
  /// the time itself.
  private func clockStep(of sample: Sample, after last: Latest, offset: Int64) -> Int64 {
    guard last.isLive, sample.receivedAfter == 0, last.receivedAt == last.observedAt,
      sample.observedAt != last.observedAt  // The same sample once more, delivered late.
    else { return 0 }
    let step = offset &- last.clockOffset
    return step.magnitude > UInt64(max(0, clockStepMilliseconds)) ? step : 0
  }

  /// Moves what was measured before the step to where it would be on the new clock, so that the time in between is the
  /// time that passed. Counters follow only backwards: after a forward step their energy is spread over the gap, which
  /// is right also where the machine slept.
  private mutating func follow(_ step: Int64, input index: Int) {
    counts.clockSteps &+= 1
    latest[index].observedAt &+= step
    latest[index].receivedAt &+= step
    let input = plan.inputs[index]
    if input.power >= 0 {
      integrators[input.power].shift(byMilliseconds: step)
      let power = plan.powers[input.power]
      for flow in [power.positiveFlow, power.negativeFlow] where flow >= 0 && flows[flow].poweredThrough != .min {
        flows[flow].poweredThrough &+= step
      }
    }
    if input.counter >= 0, step < 0 {
      trackers[input.counter].shift(byMilliseconds: step)
      let flow = plan.counters[input.counter].flow
      if let since = flows[flow].counterSince { flows[flow].counterSince = since &+ step }
    }
  }
}

// MARK: - Energy

extension WindowAggregator {
  /// Takes a reading of a counter; `false` if it is not believed.
  private mutating func count(_ sample: Sample, counter index: Int) -> Bool {
    let counter = plan.counters[index]
    let device = plan.inputs[counter.input].device
    // The rating is that of the AC side; solar inputs can deliver more.
    let rated = flows[counter.flow].name == .generation ? nil : ratedPowers[device]
    let (epoch, before) = (trackers[index].epoch, trackers[index].current)
    defer { if trackers[index].epoch != epoch { noteReset(of: index, before: before) } }
    switch trackers[index].accept(sample.value, at: sample.observedAt, ratedPowerW: rated) {
    case .held:
      // A restart must not begin the count of agreeing readings anew.
      flows[counter.flow].isDirty = true
      return false
    case .baseline: takeOver(flow: counter.flow, at: sample.observedAt)
    case .booked(let wattHours, let since):
      if flows[counter.flow].counterSince == nil { takeOver(flow: counter.flow, at: since) }
      flows[counter.flow].isDirty = true
      let isSpread = sample.observedAt &- since > maxGaps[device]
      spread(
        wattHours, from: since, until: sample.observedAt, flow: counter.flow,
        quality: isSpread ? .estimated : Quality(rawValue: sample.quality) ?? .good)
    }
    return true
  }

  /// A counter that starts anew each midnight is not reset by that.
  private mutating func noteReset(of index: Int, before old: CounterTracker.Point?) {
    let tracker = trackers[index]
    guard tracker.behavior != .daily, let old, let new = tracker.current else { return }
    let input = plan.inputs[plan.counters[index].input]
    let reset = CounterReset(
      deviceID: deviceIDs[input.device], field: input.field, before: old.value, after: new.value,
      observedAt: Timestamp(milliseconds: new.at), epoch: tracker.epoch)
    resets[index] = resets[index].map(reset.merged) ?? reset
  }

  /// The counter gave its first value: from here on it supplies the flow instead of its power.
  private mutating func takeOver(flow: Int, at time: Int64) {
    flows[flow].counterSince = time
    flows[flow].isDirty = true
    if flows[flow].poweredThrough <= time { flows[flow].poweredThrough = .min }
    let power = flows[flow].power
    guard power >= 0, let last = integrators[power].last else { return }
    flows[flow].isPowerClosed = last.at >= time
  }

  /// Books a counter's difference evenly over the time between its two readings, without the part of it for which
  /// power was integrated already.
  private mutating func spread(_ wattHours: Double, from start: Int64, until end: Int64, flow: Int, quality: Quality) {
    let from = max(start, min(end, flows[flow].poweredThrough))
    if end >= flows[flow].poweredThrough { flows[flow].poweredThrough = .min }
    guard end > from else { return }
    let remaining = wattHours * (Double(end &- from) / Double(end &- start))
    let length = Double(end &- from)
    Windows.split(from: from, until: end, limit: limits.maxSpreadWindows) { minute, share in
      book(remaining * share, covered: length * share, minute: minute, flow: flow, quality: quality)
    }
  }

  private mutating func integrate(_ sample: Sample, power index: Int, quality: Quality) {
    let power = plan.powers[index]
    let maxGap = maxGaps[plan.inputs[power.input].device]
    var integrator = integrators[index]
    integrator.accept(sample.value, at: sample.observedAt, maxGapMilliseconds: maxGap) { piece in
      bookPower(piece.positive, piece, flow: power.positiveFlow, quality: quality)
      bookPower(piece.negative, piece, flow: power.negativeFlow, quality: quality)
    }
    integrators[index] = integrator
    for flow in [power.positiveFlow, power.negativeFlow] where flow >= 0 {
      flows[flow].isDirty = true
      if let since = flows[flow].counterSince, sample.observedAt >= since { flows[flow].isPowerClosed = true }
    }
  }

  /// Books integrated power, but only up to where the counter of the same flow takes over.
  private mutating func bookPower(_ wattHours: Double, _ piece: PowerIntegrator.Piece, flow: Int, quality: Quality) {
    guard flow >= 0, !flows[flow].isPowerClosed else { return }
    let until = min(piece.until, flows[flow].counterSince ?? .max)
    guard until > piece.from else { return }
    let share = Double(until - piece.from) / Double(piece.until - piece.from)
    flows[flow].poweredThrough = until
    book(
      wattHours * share, covered: Double(until - piece.from), minute: piece.minute, flow: flow, quality: quality)
  }

  private mutating func book(_ wattHours: Double, covered: Double, minute: Int64, flow: Int, quality: Quality) {
    for target in flows[flow].targets {
      select(minute, of: target.windows)
      windows[target.windows].add(
        wattHours: wattHours * target.sign, coveredMilliseconds: covered * target.coverageShare,
        quality: quality.rawValue)
    }
  }

  private mutating func select(_ minute: Int64, of index: Int) {
    guard windows[index].minute != minute else { return }
    if !windows[index].isEmpty { spill(index) }
    windows[index].minute = minute
  }

  private mutating func spill(_ index: Int) {
    pending.append(windows[index].delta(series: index))
    windows[index] = WindowAccumulator()
  }
}

extension Int64 {
  /// The nearest number within a range.
  func clamped(to range: ClosedRange<Int64>) -> Int64 { Swift.min(Swift.max(self, range.lowerBound), range.upperBound) }
}
