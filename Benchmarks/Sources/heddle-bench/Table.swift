import Foundation

/// One line of the result.
struct Measurement {
  var name: String
  /// The figure, with its unit.
  var result: String
  /// What it is compared with in the same run; empty where there is nothing to compare.
  var baseline = ""
  /// Result divided by baseline, if both are rates.
  var ratio: Double?
  /// What has to hold, in words, and whether it does.
  var gate: String
  var holds: Bool
}

/// The lines, for people.
struct Table: CustomStringConvertible {
  private var rows: [Measurement] = []

  var allHold: Bool { rows.allSatisfy(\.holds) }

  mutating func add(_ row: Measurement) { rows.append(row) }
  mutating func add(_ more: [Measurement]) { rows += more }

  var description: String {
    let header = ["what", "result", "baseline", "ratio", "has to be", ""]
    let lines =
      [header]
      + rows.map { row in
        [row.name, row.result, row.baseline, row.ratio.map(Self.ratio) ?? "", row.gate, row.holds ? "ok" : "FAILED"]
      }
    let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { line in
      zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
    }.joined(separator: "\n")
  }

  static func ratio(_ value: Double) -> String { "\((value * 100).rounded() / 100)×" }

  /// A rate in millions a second.
  static func millions(_ rate: Double, _ unit: String = "/s") -> String {
    let number = rate < 1e5 ? (rate / 1e2).rounded() / 1e4 : (rate / 1e4).rounded() / 100
    return "\(number) M\(unit.hasPrefix("/") ? "" : " ")\(unit)"
  }
}

/// The middle of some numbers; 0 for none.
func median(_ numbers: [Double]) -> Double {
  guard !numbers.isEmpty else { return 0 }
  let sorted = numbers.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// Seconds of processor time, of all threads, that something took.
func processorSeconds(_ body: () -> Void) -> Double {
  let start = clockSeconds(CLOCK_PROCESS_CPUTIME_ID)
  body()
  return clockSeconds(CLOCK_PROCESS_CPUTIME_ID) - start
}

/// Seconds of processor time of this thread that something took.
func threadSeconds(_ body: () -> Void) -> Double {
  let start = clockSeconds(CLOCK_THREAD_CPUTIME_ID)
  body()
  return clockSeconds(CLOCK_THREAD_CPUTIME_ID) - start
}

/// What a clock of the system says, in seconds.
func clockSeconds(_ clock: clockid_t) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// What this process had written to disks so far, in bytes.
func writtenBytes() throws -> Int {
  let text = try String(contentsOfFile: "/proc/self/io", encoding: .utf8)
  let line = text.split(separator: "\n").first { $0.hasPrefix("write_bytes: ") }
  guard let bytes = line?.split(separator: " ").last.flatMap({ Int($0) }) else {
    throw BenchmarkProfile.Failure(description: "/proc/self/io has no write_bytes")
  }
  return bytes
}

/// Rates of two variants that take turns: rounds of (variant, baseline), after one round that does not count.
func alternating(rounds: Int, _ variant: () -> Double, _ baseline: () -> Double) -> (
  variant: Double, baseline: Double, ratio: Double
) {
  _ = (variant(), baseline())
  return medians(
    (0..<rounds).map { round in
      // The order changes, so that neither always runs on the warmer machine.
      if round % 2 == 0 {
        let first = variant()
        return (first, baseline())
      }
      let first = baseline()
      return (variant(), first)
    })
}

/// The same where the variants wait for something.
func alternating(
  rounds: Int, _ variant: () async throws -> Double, _ baseline: () async throws -> Double
) async throws -> (variant: Double, baseline: Double, ratio: Double) {
  _ = (try await variant(), try await baseline())
  var results: [(Double, Double)] = []
  for round in 0..<rounds {
    if round % 2 == 0 {
      let first = try await variant()
      results.append((first, try await baseline()))
    } else {
      let first = try await baseline()
      results.append((try await variant(), first))
    }
  }
  return medians(results)
}

private func medians(_ results: [(Double, Double)]) -> (variant: Double, baseline: Double, ratio: Double) {
  (median(results.map(\.0)), median(results.map(\.1)), median(results.map { $0.0 / $0.1 }))
}
