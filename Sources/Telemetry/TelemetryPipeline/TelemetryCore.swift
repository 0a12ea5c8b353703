import EnergyModel
import GatewayStore

/// What the pipeline's lock guards: the consuming ends of all rings and the aggregation that they feed.
///
/// Normally the aggregator thread empties the rings. A question or a flush empties them, too, so that it sees
/// everything that was accepted before it.
struct TelemetryCore {
  /// A link's ring, seen from the consumer.
  final class Inlet {
    let link: String
    var consumer: TelemetryRing.Consumer

    init(link: String, consumer: consuming TelemetryRing.Consumer) {
      self.link = link
      self.consumer = consumer
    }
  }

  /// What is handed to the store, and what to do if it does not take it.
  struct Flush: Sendable {
    var batch: WindowBatch
    var latestInputs: [Int]
    var latestSlots: [Int]
    var changedWords: [(slot: Int, reading: Reading)]
  }

  var aggregator: WindowAggregator
  private(set) var inlets: [Inlet] = []
  private var lastGaugeSave: Int64?
  /// Numbers by input, then labels, flags and texts by slot.
  private let rawNames: RawSeriesNames

  init(aggregator: WindowAggregator, words: LatestWords) {
    self.aggregator = aggregator
    let numbers = aggregator.plan.inputs.map { (aggregator.deviceIDs[$0.device], $0.field) }
    let others = words.slots.map { (aggregator.deviceIDs[$0.device], $0.field) }
    rawNames = RawSeriesNames((numbers + others).map { .init(deviceID: $0, field: $1.name) })
  }

  mutating func addInlet(link: String, consumer: consuming TelemetryRing.Consumer) {
    inlets.append(Inlet(link: link, consumer: consumer))
  }

  var hasWork: Bool { inlets.contains { !$0.consumer.isEmpty } }

  /// Empties all rings into the aggregation.
  ///
  /// - Returns: the devices that changed; none where nobody wants to know, because a list takes memory each time.
  mutating func drain(now: Int64, namesChanges: Bool) -> [Int] {
    for inlet in inlets {
      inlet.consumer.drain { samples in
        for index in samples.indices { aggregator.accept(samples[index], now: now) }
      }
    }
    if namesChanges { return aggregator.takeChangedDevices() }
    aggregator.forgetChangedDevices()
    return []
  }

  /// Takes out everything that the store does not have yet.
  mutating func beginFlush(
    words: inout LatestWords, wall: Timestamp, now: Int64, isLast: Bool
  ) -> Flush? {
    aggregator.closeAccumulators()
    let interval = aggregator.limits.gaugeSaveInterval.milliseconds
    let savesGauges = isLast || lastGaugeSave.map { now &- $0 >= interval } ?? true
    if savesGauges { lastGaugeSave = now }
    let (inputs, numbers) = takeNumbers(includingGauges: savesGauges)
    let (slots, texts) = takeWords(&words)
    let deltas = aggregator.pending.take()
    let accumulators = aggregator.takeAccumulators()
    let changedWords = words.takeChanges()
    let raw = takeRaw(changedWords, at: wall)
    guard !deltas.isEmpty || !accumulators.isEmpty || !numbers.isEmpty || !texts.isEmpty || raw != nil else {
      return nil
    }
    let batch = WindowBatch(
      series: aggregator.plan.series, deltas: deltas, accumulators: accumulators, latest: numbers + texts,
      closedThrough: wall.advanced(byMilliseconds: -aggregator.limits.closeGrace.milliseconds), raw: raw)
    return Flush(batch: batch, latestInputs: inputs, latestSlots: slots, changedWords: changedWords)
  }

  /// The store did not take it: keep it for the next time.
  mutating func undo(_ flush: Flush, words: inout LatestWords) {
    aggregator.pending.restore(flush.batch.deltas)
    aggregator.markAllAccumulatorsDirty()
    for index in flush.latestInputs { aggregator.markLatest(index, isDirty: true) }
    for slot in flush.latestSlots { words.mark(slot, isDirty: true) }
    if let raw = flush.batch.raw { aggregator.raw.restore(raw.samples) }
    words.restoreChanges(flush.changedWords)
  }

  mutating func takeRaw(_ words: [(slot: Int, reading: Reading)], at wall: Timestamp) -> RawBatch? {
    let numbers = aggregator.plan.inputs.count
    let batch = RawBatch(
      names: rawNames, samples: aggregator.raw.take(),
      words: words.map { slot, reading in
        RawWord(
          series: UInt32(clamping: numbers + slot), value: reading.value, quality: reading.quality,
          observedAt: reading.observedAt)
      }, at: wall)
    return batch.isEmpty ? nil : batch
  }

  private mutating func takeNumbers(includingGauges: Bool) -> (inputs: [Int], records: [LatestRecord]) {
    var inputs: [Int] = []
    var records: [LatestRecord] = []
    for index in aggregator.latest.indices where aggregator.latest[index].isDirty {
      let input = aggregator.plan.inputs[index]
      guard includingGauges || input.field.behavior != .gauge else { continue }
      let latest = aggregator.latest[index]
      inputs.append(index)
      records.append(
        LatestRecord(
          deviceID: aggregator.deviceIDs[input.device],
          reading: Reading(
            field: input.field, value: latest.value.isFinite ? .number(latest.value) : .null,
            quality: latest.quality, observedAt: Timestamp(milliseconds: latest.observedAt),
            receivedAt: Timestamp(milliseconds: latest.receivedAt))))
      aggregator.markLatest(index, isDirty: false)
    }
    return (inputs, records)
  }

  private func takeWords(_ words: inout LatestWords) -> (slots: [Int], records: [LatestRecord]) {
    var slots: [Int] = []
    var records: [LatestRecord] = []
    for index in words.slots.indices where words.slots[index].isDirty {
      guard let reading = words.slots[index].reading else { continue }
      slots.append(index)
      records.append(LatestRecord(deviceID: aggregator.deviceIDs[words.slots[index].device], reading: reading))
      words.mark(index, isDirty: false)
    }
    return (slots, records)
  }
}
