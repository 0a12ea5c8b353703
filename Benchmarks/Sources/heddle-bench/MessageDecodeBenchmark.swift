import DeviceProfiles
import EnergyModel
import Foundation

/// A message of JSON to readings through the decoder of its profile, against `JSONDecoder` into a fixed struct. Both
/// reuse what they can; processor time of one thread.
final class MessageDecodeBenchmark {
  static let rounds = 9
  static let gate = 20.0
  private static let messages = 512

  private var decoder: EndpointDecoder
  private var batch = ReadingBatch()
  private let frames: [RawFrame]
  private let bodies: [Data]

  init() throws {
    decoder = EndpointDecoder(try BenchmarkMessage.bound())
    let payloads = BenchmarkMessage.payloads(Self.messages)
    frames = payloads.map {
      RawFrame(
        body: .message(topic: BenchmarkMessage.topic, payload: $0, isRetained: false),
        receivedAt: Timestamp(milliseconds: 1_777_636_800_000))
    }
    bodies = payloads.map { Data($0) }
  }

  func run() throws -> Measurement {
    decoder.decode(frames[0], into: &batch)
    guard batch.count == BenchmarkMessage.readings, batch.problems.isEmpty else {
      throw BenchmarkProfile.Failure(description: "\(batch)")
    }
    let expected = batch.entries.compactMap(\.reading.value.number).reduce(0, +)
    let stated = try JSONDecoder().decode(BenchmarkMessage.Fixed.self, from: bodies[0]).sum
    guard (stated - expected).magnitude < 1e-3 else {
      throw BenchmarkProfile.Failure(description: "\(expected) is not \(stated)")
    }
    batch.removeAll()
    let result = alternating(rounds: Self.rounds, profileRate, foundationRate)
    return Measurement(
      name: "JSON of \(bodies[0].count) bytes → 12 readings", result: Table.millions(result.variant, "messages/s"),
      baseline: "JSONDecoder \(Table.millions(result.baseline))", ratio: result.ratio, gate: "≥ \(Self.gate)×",
      holds: result.ratio >= Self.gate)
  }

  private func profileRate() -> Double {
    let passes = 40
    var readings = 0
    let time = threadSeconds {
      for _ in 0..<passes {
        for frame in frames {
          decoder.decode(frame, into: &batch)
          readings += batch.count
          batch.removeAll()
        }
      }
    }
    precondition(readings == passes * frames.count * BenchmarkMessage.readings)
    return Double(passes * frames.count) / time
  }

  private func foundationRate() -> Double {
    let decoder = JSONDecoder()
    let passes = 4
    var sum = 0.0
    let time = threadSeconds {
      for _ in 0..<passes {
        for body in bodies { sum += (try? decoder.decode(BenchmarkMessage.Fixed.self, from: body))?.sum ?? .nan }
      }
    }
    precondition(sum.isFinite)
    return Double(passes * bodies.count) / time
  }
}
