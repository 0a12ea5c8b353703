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
  static func millions(_ rate: Double) -> String { "\((rate / 1e4).rounded() / 100) M/s" }
}

/// The middle of some numbers; 0 for none.
func median(_ numbers: [Double]) -> Double {
  guard !numbers.isEmpty else { return 0 }
  let sorted = numbers.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// Seconds that something took.
func seconds(_ body: () -> Void) -> Double {
  let duration = ContinuousClock().measure(body)
  return Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
}

/// Seconds of processor time, of all threads, that something took.
func processorSeconds(_ body: () -> Void) -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
  let start = now()
  body()
  return now() - start
}

/// Rates of two variants that take turns: rounds of (variant, baseline), after one round that does not count.
func alternating(rounds: Int, _ variant: () -> Double, _ baseline: () -> Double) -> (
  variant: Double, baseline: Double, ratio: Double
) {
  _ = (variant(), baseline())
  let results = (0..<rounds).map { round in
    // The order changes, so that neither always runs on the warmer machine.
    if round % 2 == 0 {
      let first = variant()
      return (first, baseline())
    }
    let first = baseline()
    return (variant(), first)
  }
  return (median(results.map(\.0)), median(results.map(\.1)), median(results.map { $0.0 / $0.1 }))
}
