import EnergyModel
import GatewayStore
import Testing

@testable import TelemetryPipeline

@Suite("Energy in windows")
struct EnergyTests {
  @Test("Power that crosses zero is split: what went in and what came out are both booked")
  func zeroCrossing() {
    var home = Home([Home.device("b", .battery, ["powerW"])])
    home.give("b", "powerW", 3600)
    home.advance(seconds: 20)
    home.give("b", "powerW", -3600)
    #expect(isClose(home.total(.device, "b", .discharge), 5))
    #expect(isClose(home.total(.device, "b", .charge), 5))
    #expect(isClose(home.total(.device, "b", .production), 5))
    #expect(isClose(home.total(.device, "b", .consumption), 5))
    #expect(isClose(home.covered(.device, "b", .charge), 20))
    #expect(home.total(.site, "home", .consumption) == nil)
  }

  @Test("Energy goes into the minute in which it flowed, for device, site and customer in one pass")
  func minutes() {
    var home = Home([
      Home.device("grid", .meter, ["powerW"], role: .grid), Home.device("pv", .inverter, ["acPowerW"]),
    ])
    for _ in 0...12 {
      home.give("grid", "powerW", 600)
      home.give("pv", "acPowerW", 1200)
      home.advance(seconds: 10)
    }
    for (scope, id) in [(WindowScope.device, "grid"), (.site, "home"), (.customer, "demo")] {
      let windows = home.windows(scope, id, "import")
      #expect(windows.keys.sorted() == [0, 1])
      #expect(isClose(windows[0]?.sum, 10) && isClose(windows[1]?.sum, 10))
      #expect(windows[0]?.coveredMilliseconds == 60_000)
    }
    #expect(isClose(home.windows(.site, "home", "consumption")[1]?.sum, 30))
    #expect(isClose(home.windows(.site, "home", "consumption")[1]?.coveredMilliseconds, 60_000))
  }

  @Test("A gap longer than the limit is not integrated and lowers the coverage")
  func gap() {
    var home = Home([Home.device("b", .battery, ["powerW"])])
    home.give("b", "powerW", 3600)
    home.advance(seconds: 300)
    home.give("b", "powerW", 3600)
    home.advance(seconds: 301)
    home.give("b", "powerW", 3600)
    home.advance(seconds: 10)
    home.give("b", "powerW", 3600)
    #expect(isClose(home.total(.device, "b", .discharge), 310))
    #expect(isClose(home.covered(.device, "b", .discharge), 310))
  }

  @Test("A hybrid's generation is its solar inputs; its AC side is production only")
  func hybrid() {
    var home = Home([
      Home.device("inv", .inverter, ["acPowerW", "pvPowerW", "energyGeneratedTotalWh"], hybrid: true),
      Home.device("bat", .battery, ["powerW"]), Home.device("grid", .meter, ["powerW"], role: .grid),
    ])
    for step in 0...6 {
      home.give("inv", "pvPowerW", 3600)
      home.give("inv", "acPowerW", 7200)
      home.give("inv", "energyGeneratedTotalWh", 1000 + Double(step) * 20)
      home.give("bat", "powerW", 3600)
      home.give("grid", "powerW", -1800)
      home.advance(seconds: 10)
    }
    #expect(isClose(home.total(.device, "inv", .generation), 60))
    #expect(isClose(home.total(.device, "inv", .production), 120))
    #expect(isClose(home.total(.site, "home", .generation), 60))
    #expect(isClose(home.total(.site, "home", .discharge), 60))
    #expect(isClose(home.total(.site, "home", .production), 120))
    #expect(isClose(home.total(.site, "home", .gridExport), 30))
    #expect(isClose(home.total(.site, "home", .consumption), 60 + 60 - 30))
    #expect(isClose(home.total(.customer, "demo", .consumption), 90))
  }

  @Test("A charger consumes for itself; the site has it in its balance already")
  func charger() {
    var home = Home([
      Home.device("car", .charger, ["powerW", "energyTotalWh"]), Home.device("grid", .meter, ["powerW"], role: .grid),
    ])
    for step in 0...6 {
      home.give("car", "powerW", 3600)
      home.give("car", "energyTotalWh", 5000 + Double(step) * 10)
      home.give("grid", "powerW", 5400)
      home.advance(seconds: 10)
    }
    #expect(isClose(home.total(.device, "car", .consumption), 60))
    #expect(home.total(.device, "car", .charge) == nil)
    #expect(isClose(home.total(.site, "home", .consumption), 90))
    #expect(isClose(home.total(.customer, "demo", .consumption), 90))
    #expect(isClose(home.covered(.site, "home", .consumption), 60))
  }

  @Test("What a car feeds back is the production of its charger")
  func feedingBack() {
    var home = Home([Home.device("car", .charger, ["powerW"])])
    home.give("car", "powerW", -3600)
    home.advance(seconds: 10)
    home.give("car", "powerW", -3600)
    #expect(isClose(home.total(.device, "car", .production), 10))
    #expect(isClose(home.total(.device, "car", .consumption), 0))
    #expect(home.total(.site, "home", .production) == nil)
  }

  @Test("A hybrid that does not bind its solar power has no generation")
  func hybridWithoutSolar() {
    var home = Home([Home.device("inv", .inverter, ["acPowerW"], hybrid: true)])
    home.give("inv", "acPowerW", 3600)
    home.advance(seconds: 10)
    home.give("inv", "acPowerW", 3600)
    #expect(home.total(.device, "inv", .generation) == nil)
    #expect(isClose(home.total(.device, "inv", .production), 10))
  }

  @Test("Meters are booked by their role")
  func meterRoles() {
    var home = Home([
      Home.device("pv", .meter, ["powerW"], role: .pv), Home.device("load", .meter, ["powerW"], role: .load),
      Home.device("sub", .meter, ["powerW"]), Home.device("grid", .meter, ["powerW"], role: .grid),
    ])
    for _ in 0...1 {
      for id in ["pv", "load", "sub", "grid"] { home.give(id, "powerW", 3600) }
      home.advance(seconds: 10)
    }
    #expect(isClose(home.total(.device, "pv", .generation), 10))
    #expect(isClose(home.total(.device, "load", .consumption), 10))
    #expect(isClose(home.total(.device, "sub", .consumption), 10))
    #expect(isClose(home.total(.device, "grid", .gridImport), 10))
    #expect(home.total(.device, "grid", .consumption) == nil)
    // Loads and sub-meters are behind the grid meter: the balance knows them already.
    #expect(isClose(home.total(.site, "home", .consumption), 20))
  }

  @Test("Two sites of a customer: only the one with a grid meter is balanced, and each device counts once")
  func customers() {
    var home = Home([
      Home.device("grid", .meter, ["powerW"], role: .grid, site: "a"),
      Home.device("pv-a", .inverter, ["acPowerW"], site: "a"), Home.device("pv-b", .inverter, ["acPowerW"], site: "b"),
      Home.device("loose", .inverter, ["acPowerW"], site: nil),
    ])
    for _ in 0...1 {
      home.give("grid", "powerW", 3600)
      for id in ["pv-a", "pv-b", "loose"] { home.give(id, "acPowerW", 3600) }
      home.advance(seconds: 10)
    }
    #expect(isClose(home.total(.customer, "demo", .generation), 30))
    #expect(isClose(home.total(.customer, "demo", .consumption), 20))
    #expect(home.total(.site, "b", .consumption) == nil)
    let key = SeriesKey(scope: .customer, scopeID: "demo", metric: "consumption")
    #expect(isClose(home.aggregator.plan.balancedShare[key], 1.0 / 3))
  }

  @Test("A lifetime counter wins over integrating power, and takes over without a gap or an overlap")
  func counterTakesOver() {
    var home = Home([Home.device("b", .battery, ["powerW", "energyDischargedTotalWh"])])
    for step in 0...12 {
      home.give("b", "powerW", 3600)
      // The counter comes first after 25 s, between two samples of power, and counts 1.1 Wh a second.
      home.advance(seconds: 5)
      if step >= 2 { home.give("b", "energyDischargedTotalWh", 1000 + Double(step - 2) * 11) }
      home.advance(seconds: 5)
    }
    #expect(isClose(home.total(.device, "b", .discharge), 25 + 110))
    #expect(isClose(home.covered(.device, "b", .discharge), 25 + 100))
    // There is no counter for the other direction, so power still supplies it.
    #expect(isClose(home.covered(.device, "b", .charge), 120))
    #expect(home.total(.device, "b", .charge) == 0)
  }

  @Test("A counter whose readings lag behind power is clipped where power was booked")
  func laggingCounter() {
    var home = Home([Home.device("b", .battery, ["powerW", "energyDischargedTotalWh"])])
    home.give("b", "powerW", 3600)
    home.advance(seconds: 100)
    home.give("b", "powerW", 3600)
    home.give("b", "energyDischargedTotalWh", 1000, observedAt: home.wall - 40_000)
    home.advance(seconds: 60)
    home.give("b", "energyDischargedTotalWh", 1060, observedAt: home.wall - 40_000)
    #expect(isClose(home.total(.device, "b", .discharge), 100 + 20))
  }

  @Test("A counter that is bound but never gives a value leaves the work to power")
  func silentCounter() {
    var home = Home([Home.device("b", .battery, ["powerW", "energyDischargedTotalWh"])])
    for _ in 0...6 {
      home.give("b", "powerW", 3600)
      home.give("b", "energyDischargedTotalWh", .nan, quality: .missing)
      home.advance(seconds: 10)
    }
    #expect(isClose(home.total(.device, "b", .discharge), 60))
  }

  @Test("A day off the gateway is booked on return, spread over the day, and says that it is estimated")
  func dayOff() {
    var home = Home([Home.device("g", .meter, ["energyImportedTotalWh"], role: .grid)])
    home.give("g", "energyImportedTotalWh", 5000)
    home.advance(seconds: 86_400)
    home.give("g", "energyImportedTotalWh", 5000 + 14_400)
    let windows = home.windows(.site, "home", "import")
    #expect(windows.count == 1440)
    #expect(windows.values.allSatisfy { isClose($0.sum, 10) && $0.quality == .estimated })
    #expect(isClose(home.total(.customer, "demo", .consumption), 14_400))
  }

  @Test("A month off costs a bounded number of windows and every day gets its share")
  func monthOff() {
    var home = Home([Home.device("g", .meter, ["energyImportedTotalWh"], role: .grid)])
    home.give("g", "energyImportedTotalWh", 0)
    home.advance(seconds: 30 * 86_400)
    home.give("g", "energyImportedTotalWh", 30_000)
    let windows = home.windows(.site, "home", "import")
    #expect(windows.count <= PipelineLimits().maxSpreadWindows)
    for day in 0..<30 as Range<Int64> {
      let sum = windows.filter { $0.key / 1440 == day }.values.reduce(0) { $0 + $1.sum }
      #expect(isClose(sum, 1000, tolerance: 0.02), "day \(day)")
    }
  }

  @Test("Suspect, bad and missing values are shown but never aggregated")
  func qualities() {
    var home = Home([Home.device("b", .battery, ["powerW", "socPercent"])])
    for quality in [Quality.suspect, .bad, .missing, .stale] {
      home.give("b", "socPercent", 250, quality: quality)
      home.advance(seconds: 5)
    }
    home.give("b", "socPercent", 1e300)
    #expect(home.windows(.device, "b", "socPercent").isEmpty)
    #expect(home.aggregator.latest[1].quality == .suspect)
    home.advance(seconds: 10)
    home.give("b", "socPercent", 40)
    home.advance(seconds: 10)
    home.give("b", "socPercent", 60)
    let window = home.windows(.device, "b", "socPercent").values.first
    #expect(window?.samples == 2 && window?.sum == 100)
  }

  @Test("A counter that is not believed keeps its value and is shown as suspect")
  func suspectCounter() {
    var home = Home([Home.device("g", .meter, ["energyImportedTotalWh"], role: .grid)])
    home.give("g", "energyImportedTotalWh", 5000)
    home.advance(seconds: 10)
    home.give("g", "energyImportedTotalWh", 0)
    #expect(home.aggregator.latest[0].value == 5000)
    #expect(home.aggregator.latest[0].quality == .suspect)
    #expect(home.aggregator.counts.suspectCounters == 1)
  }

  @Test("The rated power that the device says bounds its counters")
  func ratedPower() {
    var home = Home([Home.device("b", .battery, ["energyChargedTotalWh", "ratedPowerW"])])
    home.give("b", "ratedPowerW", 5000)
    home.give("b", "energyChargedTotalWh", 10_000)
    home.advance(seconds: 10)
    home.give("b", "energyChargedTotalWh", 13_000)
    #expect(home.aggregator.latest[0].quality == .suspect)
  }

  @Test("What the store cannot take is bounded: gauges go first, energy is kept")
  func pendingLimit() {
    var pending = PendingDeltas(limit: 100)
    for minute in 0..<80 as Range<Int64> {
      pending.append(
        WindowDelta(series: 0, minute: minute, sum: 1, range: (1, 1, 1), samples: 1, coveredMilliseconds: 0))
    }
    for minute in 0..<1000 as Range<Int64> {
      pending.append(WindowDelta(series: 1, minute: minute, sum: 1, samples: 1, coveredMilliseconds: 60_000))
    }
    #expect(pending.deltas.count <= 100)
    #expect(pending.droppedGaugeWindows == 80)
    #expect(pending.droppedEnergyWindows == 0)
    #expect(pending.deltas.reduce(0) { $0 + $1.sum } == 1000)
    #expect(pending.deltas.reduce(0) { $0 + $1.coveredMilliseconds } == 60_000_000)
  }
}
