import EnergyModel
import GatewayStore
import TestSupport
import Testing

@testable import TelemetryPipeline

@Suite("Windows lose and double-count nothing")
struct WindowPropertyTests {
  @Test("For any steps of the wall clock and any duplicates", arguments: 0..<100 as Range<UInt64>)
  func clockSteps(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var home = Home([
      Home.device("b", .battery, ["powerW"]), Home.device("g", .meter, ["energyImportedTotalWh"], role: .grid),
    ])
    var positive = 0.0
    var negative = 0.0
    var seconds = 0.0
    var watts = Double.random(in: -5000...5000, using: &random)
    var counter = 1_000_000.0
    let firstCounter = counter
    home.give("b", "powerW", watts)
    home.give("g", "energyImportedTotalWh", counter)
    for _ in 0..<400 {
      let gap = Double.random(in: 0.5...40, using: &random).rounded(.up)
      home.advance(seconds: gap)
      if Int.random(in: 0..<20, using: &random) == 0 {
        home.offset += Int64.random(in: -7_200_000...7_200_000, using: &random)
      }
      let next = Double.random(in: -5000...5000, using: &random)
      positive += PowerIntegrator.meanAboveZero(watts, next) * gap / 3600
      negative += PowerIntegrator.meanAboveZero(-watts, -next) * gap / 3600
      seconds += gap
      watts = next
      counter += Double.random(in: 0...2000, using: &random) * gap / 3600
      let samples = [home.sample("b", "powerW", watts), home.sample("g", "energyImportedTotalWh", counter)]
      for sample in samples {
        for _ in 0..<Int.random(in: 1...3, using: &random) { home.aggregator.accept(sample, now: home.monotonic) }
      }
    }
    for (scope, id) in [(WindowScope.device, "b"), (.site, "home"), (.customer, "demo")] {
      #expect(isClose(home.total(scope, id, .discharge), positive), "seed \(seed) \(scope)")
      #expect(isClose(home.total(scope, id, .charge), negative), "seed \(seed) \(scope)")
    }
    #expect(isClose(home.covered(.device, "b", .charge), seconds), "seed \(seed)")
    #expect(isClose(home.total(.site, "home", .gridImport), counter - firstCounter), "seed \(seed)")
    let balance = positive - negative + counter - firstCounter
    #expect(isClose(home.total(.site, "home", .consumption), balance), "seed \(seed)")
  }

  @Test("For any order of samples that the device dates itself", arguments: 0..<100 as Range<UInt64>)
  func order(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var home = Home([
      Home.device("b", .battery, ["powerW"]), Home.device("g", .meter, ["energyImportedTotalWh"], role: .grid),
    ])
    // The model: of all samples in their order of arrival, those that are later than all before them.
    var kept: [(at: Int64, watts: Double, count: Double)] = []
    let start = home.wall - 3_600_000
    var arrivals = (0..<300).map { (at: start + Int64($0) * 10_000, count: 1000 + Double($0 * $0) / 100) }
    for _ in 0..<60 {
      let index = Int.random(in: 0..<(arrivals.count - 8), using: &random)
      arrivals.swapAt(index, index + Int.random(in: 1...7, using: &random))
    }
    arrivals += arrivals.suffix(20)
    for arrival in arrivals {
      home.advance(seconds: 1)
      let watts = Double.random(in: -5000...5000, using: &random)
      home.give("b", "powerW", watts, observedAt: arrival.at)
      home.give("g", "energyImportedTotalWh", arrival.count, observedAt: arrival.at)
      if arrival.at > kept.last?.at ?? .min { kept.append((arrival.at, watts, arrival.count)) }
    }
    let discharge = zip(kept, kept.dropFirst()).reduce(0.0) { sum, pair in
      sum + PowerIntegrator.meanAboveZero(pair.0.watts, pair.1.watts) * Double(pair.1.at - pair.0.at) / 3_600_000
    }
    #expect(isClose(home.total(.device, "b", .discharge), discharge), "seed \(seed)")
    let counted = (kept.last?.count ?? 0) - (kept.first?.count ?? 0)
    #expect(isClose(home.total(.site, "home", .gridImport), counted), "seed \(seed)")
  }

  @Test("For any cut of an interval into windows", arguments: 0..<50 as Range<UInt64>)
  func splitting(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let start = Int64.random(in: -10_000_000...10_000_000, using: &random)
    let end = start + Int64.random(in: 1...100_000_000, using: &random)
    let limit = Int.random(in: 1...500, using: &random)
    var shares = 0.0
    var minutes: [Int64] = []
    Windows.split(from: start, until: end, limit: limit) { minute, share in
      shares += share
      minutes.append(minute)
    }
    #expect(isClose(shares, 1), "seed \(seed)")
    #expect(minutes.count <= limit && minutes == minutes.sorted(), "seed \(seed)")
    var integrator = PowerIntegrator()
    var pieces: [PowerIntegrator.Piece] = []
    integrator.accept(-100, at: start, maxGapMilliseconds: .max) { pieces.append($0) }
    integrator.accept(300, at: end, maxGapMilliseconds: .max) { pieces.append($0) }
    let hours = Double(end - start) / 3_600_000
    #expect(isClose(pieces.reduce(0) { $0 + $1.positive }, 112.5 * hours), "seed \(seed)")
    #expect(isClose(pieces.reduce(0) { $0 + $1.negative }, 12.5 * hours), "seed \(seed)")
  }
}
