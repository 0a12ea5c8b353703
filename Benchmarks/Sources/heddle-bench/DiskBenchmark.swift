import EnergyModel
import Foundation
import GatewayStore
import TelemetryPipeline

/// What a gateway with 200 readings a second writes to its disk in all: 2,000 gauges of 200 devices every ten seconds
/// through the pipeline into the store, with raw readings, windows of a minute, energies, and the write-ahead log.
struct DiskBenchmark {
  static let devices = 200
  static let minutes = 30
  static let gateGigabytes = 2.5

  func run() async throws -> [Measurement] {
    let fields = Array(Field.of(.inverter).filter { $0.isNumeric && $0.behavior == .gauge }.prefix(10))
    guard fields.count * Self.devices == RawLayoutBenchmark.series else {
      throw BenchmarkProfile.Failure(description: "\(fields.count) gauges")
    }
    let bench = try await BenchmarkPipeline(fields: fields, devices: Self.devices)
    var generator = ReadingGenerator()
    let before = try writtenBytes()
    let limits = PipelineLimits()
    let flushes = Int(limits.windowInterval / limits.flushInterval)
    for number in 1...Self.minutes * RawLayoutBenchmark.groupsPerMinute {
      var samples: [RawSample] = []
      generator.append(to: &samples)
      let now = Timestamp(milliseconds: generator.now + 1000)
      try await bench.save(
        samples.map { sample in
          let (device, field) = Int(sample.series).quotientAndRemainder(dividingBy: fields.count)
          let time = Timestamp(milliseconds: sample.observedAt)
          return (
            device,
            NumericReading(
              field: fields[field], value: sample.value, quality: sample.quality, observedAt: time, receivedAt: time)
          )
        }, at: now, windows: number.isMultiple(of: flushes))
    }
    let readings = Self.minutes * RawLayoutBenchmark.groupsPerMinute * RawLayoutBenchmark.series
    try await bench.finish(expecting: readings)
    let bytes = Double(try writtenBytes() - before)
    let gigabytes = bytes / Double(Self.minutes) * 1440 / 1e9
    return [
      Measurement(
        name: "disk at 200 readings/s, all in all",
        result: "\((gigabytes * 100).rounded() / 100) GB a day, \((bytes / Double(readings)).rounded()) B a reading",
        gate: "≤ \(Self.gateGigabytes) GB", holds: gigabytes <= Self.gateGigabytes)
    ]
  }
}
