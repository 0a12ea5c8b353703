import TelemetryPipeline

/// The layout that the aggregation uses, an array indexed by a dense series number, against a dictionary by device and
/// field: the same samples, the same accumulator, the same arithmetic.
struct AggregationBenchmark {
  static let rounds = 7
  static let devices = 1000
  static let fieldsPerDevice = 16
  static let gate = 5.0

  private struct Accumulator {
    var minute: Int64 = .min
    var sum = 0.0
    var last = 0.0
    var low = 0.0
    var high = 0.0
    var covered = 0.0
    var samples: Int32 = 0

    mutating func add(_ sample: Sample) {
      let minute = sample.observedAt / 60_000
      if self.minute != minute {
        self = Accumulator()
        self.minute = minute
      }
      low = samples == 0 ? sample.value : min(low, sample.value)
      high = samples == 0 ? sample.value : max(high, sample.value)
      last = sample.value
      sum += sample.value
      samples &+= 1
    }
  }

  private struct Key: Hashable {
    var device: UInt32
    var field: UInt16
  }

  private let samples: [Sample]

  init() {
    let series = Self.devices * Self.fieldsPerDevice
    samples = (0..<(series * 60)).map {
      Sample(series: UInt32($0 % series), value: Double($0 & 1023), observedAt: Int64($0 / series) * 1000)
    }
  }

  func run() -> Measurement {
    let result = alternating(rounds: Self.rounds, dense, dictionary)
    return Measurement(
      name: "\(Self.devices * Self.fieldsPerDevice) series in a dense array", result: Table.millions(result.variant),
      baseline: "Dictionary \(Table.millions(result.baseline))", ratio: result.ratio, gate: "≥ \(Self.gate)×",
      holds: result.ratio >= Self.gate)
  }

  private func dense() -> Double {
    var accumulators = Array(repeating: Accumulator(), count: Self.devices * Self.fieldsPerDevice)
    let time = seconds { for sample in samples { accumulators[Int(sample.series)].add(sample) } }
    precondition(accumulators[0].samples > 0)
    return Double(samples.count) / time
  }

  private func dictionary() -> Double {
    var accumulators: [Key: Accumulator] = [:]
    accumulators.reserveCapacity(Self.devices * Self.fieldsPerDevice)
    let fields = UInt32(Self.fieldsPerDevice)
    let time = seconds {
      for sample in samples {
        let key = Key(device: sample.series / fields, field: UInt16(sample.series % fields))
        accumulators[key, default: Accumulator()].add(sample)
      }
    }
    precondition(!accumulators.isEmpty)
    return Double(samples.count) / time
  }
}
