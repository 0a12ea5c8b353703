import EnergyModel
import GatewayStore

/// What was not flushed yet of one window of one series: one cache line.
struct WindowAccumulator {
  /// Minutes since 1970; `.min` while nothing was added.
  var minute: Int64 = .min
  var sum = 0.0
  var last = 0.0
  var min = 0.0
  var max = 0.0
  var coveredMilliseconds = 0.0
  var samples: Int32 = 0
  var quality: UInt8 = 0
  /// Whether `last`, `min` and `max` mean something: gauges only.
  var hasRange = false

  var isEmpty: Bool { minute == .min }

  /// Takes a sample of a gauge.
  mutating func add(gauge value: Double, quality: UInt8) {
    min = samples == 0 ? value : Swift.min(min, value)
    max = samples == 0 ? value : Swift.max(max, value)
    last = value
    sum += value
    samples &+= 1
    hasRange = true
    self.quality = Swift.max(self.quality, quality)
  }

  /// Takes a piece of energy.
  mutating func add(wattHours: Double, coveredMilliseconds covered: Double, quality: UInt8) {
    sum += wattHours
    coveredMilliseconds += covered
    samples &+= 1
    self.quality = Swift.max(self.quality, quality)
  }

  /// The same as something to add to the store.
  func delta(series: Int) -> WindowDelta {
    WindowDelta(
      series: series, minute: minute, sum: sum, range: hasRange ? (last, min, max) : nil, samples: Int(samples),
      coveredMilliseconds: coveredMilliseconds, quality: Quality(rawValue: quality) ?? .bad)
  }
}
