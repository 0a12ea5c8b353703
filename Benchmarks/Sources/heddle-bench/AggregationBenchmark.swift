import CBaselines
import TelemetryPipeline

/// The layout that the aggregation uses, an array indexed by a dense series number: against the same loop in C, and
/// against a dictionary by device and field. The same samples, the same accumulator, the same arithmetic, one thread.
struct AggregationBenchmark {
  static let rounds = 9
  static let devices = 1000
  static let fieldsPerDevice = 16
  static let gateAgainstC = 0.85
  static let gateAgainstDictionary = 5.0
  private static let series = devices * fieldsPerDevice

  /// One minute of one series: one cache line.
  private struct Accumulator {
    var minute: Int64 = .min
    var lastAt: Int64 = 0
    var sum = 0.0
    var last = 0.0
    var low = 0.0
    var high = 0.0
    var area = 0.0
    var samples: Int32 = 0

    mutating func add(_ sample: Sample) {
      let minute = sample.observedAt / 60_000
      if self.minute != minute {
        self = Accumulator()
        self.minute = minute
        lastAt = sample.observedAt
      }
      let value = sample.value
      if samples == 0 {
        low = value
        high = value
      } else {
        low = value < low ? value : low
        high = value > high ? value : high
        area += (last + value) * 0.5 * Double(sample.observedAt &- lastAt)
      }
      last = value
      lastAt = sample.observedAt
      sum += value
      samples &+= 1
    }
  }

  private struct Key: Hashable {
    var device: UInt32
    var field: UInt16
  }

  private let samples: [Sample]

  init() {
    samples = (0..<(Self.series * 60)).map {
      Sample(series: UInt32($0 % Self.series), value: Double($0 & 1023), observedAt: Int64($0 / Self.series) * 1000)
    }
  }

  func run() -> [Measurement] {
    precondition(MemoryLayout<Sample>.size == MemoryLayout<baseline_sample>.size)
    precondition(MemoryLayout<Accumulator>.stride == MemoryLayout<baseline_accumulator>.stride)
    return [
      measurement("C -O3", Self.gateAgainstC, alternating(rounds: Self.rounds, dense, native)),
      measurement("Dictionary", Self.gateAgainstDictionary, alternating(rounds: Self.rounds, dense, dictionary)),
    ]
  }

  private func measurement(
    _ baseline: String, _ gate: Double, _ rates: (variant: Double, baseline: Double, ratio: Double)
  ) -> Measurement {
    Measurement(
      name: "aggregation of \(Self.series) series in a Swift array", result: Table.millions(rates.variant),
      baseline: "\(baseline) \(Table.millions(rates.baseline))", ratio: rates.ratio, gate: "≥ \(gate)×",
      holds: rates.ratio >= gate)
  }

  private func dense() -> Double {
    var accumulators = Array(repeating: Accumulator(), count: Self.series)
    let time = threadSeconds {
      for sample in samples where Int(sample.series) < accumulators.count {
        accumulators[Int(sample.series)].add(sample)
      }
    }
    precondition(accumulators[0].samples > 0)
    return Double(samples.count) / time
  }

  private func native() -> Double {
    var accumulators = Array(repeating: baseline_accumulator(), count: Self.series)
    for index in accumulators.indices { accumulators[index].minute = .min }
    let time = threadSeconds {
      samples.withUnsafeBytes { bytes in
        baseline_aggregate(
          bytes.baseAddress?.assumingMemoryBound(to: baseline_sample.self), samples.count, &accumulators, Self.series)
      }
    }
    precondition(accumulators[0].samples > 0)
    return Double(samples.count) / time
  }

  private func dictionary() -> Double {
    var accumulators: [Key: Accumulator] = [:]
    accumulators.reserveCapacity(Self.series)
    let fields = UInt32(Self.fieldsPerDevice)
    let time = threadSeconds {
      for sample in samples {
        let key = Key(device: sample.series / fields, field: UInt16(sample.series % fields))
        accumulators[key, default: Accumulator()].add(sample)
      }
    }
    precondition(!accumulators.isEmpty)
    return Double(samples.count) / time
  }
}
