import EnergyModel
import Foundation
import TestSupport

@testable import TelemetryPipeline

/// A home that makes up its readings: the devices, what they say, and what a plain account makes of it.
struct GeneratedHome {
  /// What can be wrong with counters and powers, one kind for each home.
  enum Kind: Int, CaseIterable {
    /// A grid meter with two counters that are reset now and then, and say 0 for a moment around midnight.
    case resets
    /// Powers alone, in bursts with silence between them.
    case powers
    /// An inverter whose counter begins anew each midnight.
    case daily
    /// A grid meter whose counter wraps at 65,536 Wh.
    case wraps
    /// A battery with powers and counters: the counters win.
    case battery
  }

  /// A field of one of its devices.
  struct Input {
    var device: Int
    var field: String
    var entries: [EnergyAccount.Entry] = []
    /// How many of them the store has.
    var saved = 0
  }

  /// An energy that is measured, and the site's metrics that it is part of.
  struct Flow {
    var input: Int
    var metric: EnergyMetric
    var account: EnergyAccount
  }

  let kind: Kind
  let zone: TimeZone
  let devices: [PipelineLayout.Device]
  /// Index of its first device in the layout.
  let base: Int
  private(set) var inputs: [Input]
  private var random: SeededGenerator
  private var counts: [Double]
  private var lives: [Int]
  private var nonsense = 0
  /// Sound readings since the last reset or nonsense.
  private var sound = 0
  private var silentUntil: Int64 = 0
  private var day: Int64?
  private let phase: Double

  static let wrapLimit = 65_536.0

  init(_ number: Int, customer: String, base: Int, seed: UInt64) {
    kind = Kind(rawValue: number % Kind.allCases.count) ?? .resets
    zone = TimeZone(identifier: number % 2 == 0 ? "Europe/Berlin" : "America/New_York") ?? .gmt
    self.base = base
    random = SeededGenerator(seed: seed &+ UInt64(number) &* 977)
    phase = Double(number) * 1.7
    let site = "site-\(number)"
    func device(
      _ name: String, _ kind: DeviceKind, _ fields: [String], role: MeterRole? = nil,
      _ counters: [String: CounterBehavior] = [:]
    ) -> PipelineLayout.Device {
      let pairs = counters.compactMap { name, behavior in Field.named(name).map { ($0, behavior) } }
      return PipelineLayout.Device(
        id: "\(name)-\(number)", kind: kind, meterRole: role, siteID: site, customerID: customer,
        staleAfter: .seconds(60), fields: fields.compactMap { Field.named($0) },
        counters: Dictionary(uniqueKeysWithValues: pairs))
    }
    switch kind {
    case .resets:
      devices = [device("grid", .meter, ["energyImportedTotalWh", "energyExportedTotalWh"], role: .grid)]
    case .powers:
      devices = [device("grid", .meter, ["powerW"], role: .grid), device("pv", .inverter, ["acPowerW"])]
    case .daily:
      devices = [device("pv", .inverter, ["energyGeneratedTotalWh"], ["energyGeneratedTotalWh": .daily])]
    case .wraps:
      devices = [
        device(
          "grid", .meter, ["energyImportedTotalWh"], role: .grid,
          ["energyImportedTotalWh": .wraps(at: Self.wrapLimit)])
      ]
    case .battery:
      devices = [
        device("battery", .battery, ["powerW", "energyChargedTotalWh", "energyDischargedTotalWh"])
      ]
    }
    inputs = devices.enumerated().flatMap { index, device in
      device.fields.map { Input(device: index, field: $0.name) }
    }
    counts = inputs.map { [kind] _ in kind == .wraps ? 60_000 : 1000 }
    lives = inputs.map { _ in 0 }
  }

  /// What happened, in the order in which it reaches the gateway.
  struct Arrival {
    var device: Int
    var field: String
    var value: Double
    var at: Int64
    var quality = Quality.good
  }

  /// The readings of one moment, `seconds` after the one before.
  mutating func tick(at now: Int64, seconds: Double) -> [Arrival] {
    for index in inputs.indices { advance(index, at: now, seconds: seconds) }
    // A reset that is followed by silence looks like a moment of nonsense, and nobody could say which of the two it was.
    if silentUntil <= now, sound > 3, chance(kind == .powers ? 40 : 400) { silentUntil = now + silence() }
    guard silentUntil <= now else { return [] }
    // What the device says of a reset or a moment of nonsense must differ from what it said before.
    if kind == .resets, nonsense == 0, sound > 3, inputs.allSatisfy({ $0.entries.last.map { $0.value > 300 } ?? false })
    {
      if chance(300) {
        reset()
      } else if isAroundMidnight(now), chance(3) {
        nonsense = Int.random(in: 1...2, using: &random)
        sound = 0
      }
    }
    if nonsense == 0 { sound += 1 }
    var arrivals: [Arrival] = []
    for index in inputs.indices {
      var arrival = Arrival(
        device: base + inputs[index].device, field: inputs[index].field, value: value(index, at: now), at: now)
      var entry = EnergyAccount.Entry(at: now, value: arrival.value, life: lives[index])
      if kind == .resets, nonsense > 0 {
        arrival.value = 0
        entry.isNonsense = true
      } else if kind != .resets, sound > 3, chance(50) {
        arrival.value = -7
        arrival.quality = .suspect
        entry.isNonsense = true
      }
      inputs[index].entries.append(entry)
      arrivals.append(arrival)
      if chance(30) { arrivals.append(arrival) }
      if chance(40), let old = inputs[index].entries.dropLast().last {
        // Something from before that comes late.
        inputs[index].entries.append(EnergyAccount.Entry(at: old.at - 1000, value: 3, life: lives[index]))
        arrivals.append(Arrival(device: arrival.device, field: arrival.field, value: 3, at: old.at - 1000))
      }
    }
    nonsense = max(0, nonsense - 1)
    return arrivals
  }

  private mutating func chance(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &random) == 0 }

  private mutating func silence() -> Int64 {
    kind == .powers
      ? Int64.random(in: 600_000...36_000_000, using: &random)
      : Int64.random(in: 400_000...40_000_000, using: &random)
  }

  private func isAroundMidnight(_ now: Int64) -> Bool {
    let second = now / 1000
    let local = second + Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second))))
    return (local + 900) % 86_400 < 1800
  }

  /// What the field counts or shows at a time, in W.
  private func watts(_ index: Int, at now: Int64) -> Double {
    let hours = Double(now) / 3_600_000
    return 1200 * sin(hours / 3.7 + phase + Double(index)) + 400 * sin(hours * 2.3 + phase)
  }

  private mutating func advance(_ index: Int, at now: Int64, seconds: Double) {
    counts[index] += max(0, watts(index, at: now)) * seconds / 3600
    guard kind == .daily else { return }
    let today = PlainZone(zone).day(now)
    if let day, day != today { counts[index] = 0 }
    day = today
  }

  private mutating func reset() {
    sound = 0
    for index in inputs.indices {
      lives[index] += 1
      counts[index] = Double.random(in: 0...5, using: &random)
    }
  }

  private func value(_ index: Int, at now: Int64) -> Double {
    guard inputs[index].field.hasPrefix("energy") else { return watts(index, at: now).rounded() }
    let count = (counts[index] / 10).rounded(.down) * 10
    return kind == .wraps ? count.truncatingRemainder(dividingBy: Self.wrapLimit) : count
  }

  /// The store has everything up to here.
  mutating func noteSaved() { for index in inputs.indices { inputs[index].saved = inputs[index].entries.count } }

  /// The gateway died: what came since is forgotten, as if it had never arrived.
  mutating func forgetUnsaved() {
    for index in inputs.indices { inputs[index].entries.removeLast(inputs[index].entries.count - inputs[index].saved) }
  }

  // MARK: The account

  /// The flows of its devices.
  var flows: [Flow] {
    func entries(_ device: Int, _ field: String) -> (Int, [EnergyAccount.Entry]) {
      let index = inputs.firstIndex { $0.device == device && $0.field == field } ?? 0
      return (index, inputs[index].entries)
    }
    func counter(_ device: Int, _ field: String, _ metric: EnergyMetric) -> Flow {
      let (index, list) = entries(device, field)
      let account = EnergyAccount(
        counter: list, wrapsAt: kind == .wraps ? Self.wrapLimit : nil, isDaily: kind == .daily)
      return Flow(input: index, metric: metric, account: account)
    }
    func power(_ device: Int, _ field: String, _ metric: EnergyMetric, _ side: Double) -> Flow {
      let (index, list) = entries(device, field)
      return Flow(input: index, metric: metric, account: EnergyAccount(power: list, side: side))
    }
    switch kind {
    case .resets:
      return [
        counter(0, "energyImportedTotalWh", .gridImport), counter(0, "energyExportedTotalWh", .gridExport),
      ]
    case .powers:
      return [
        power(0, "powerW", .gridImport, 1), power(0, "powerW", .gridExport, -1), power(1, "acPowerW", .generation, 1),
      ]
    case .daily: return [counter(0, "energyGeneratedTotalWh", .generation)]
    case .wraps: return [counter(0, "energyImportedTotalWh", .gridImport)]
    case .battery:
      return [
        counter(0, "energyDischargedTotalWh", .discharge), counter(0, "energyChargedTotalWh", .charge),
      ]
    }
  }

  /// How often each input went down, and how many of its readings do not count: a run that has none of that shows little.
  var mishaps: (drops: Int, nonsense: Int) {
    let all = inputs.map(\.entries)
    let drops = all.map { list in zip(list, list.dropFirst()).count { $1.value < $0.value && !$1.isNonsense } }
    return (drops.reduce(0, +), all.joined().count { $0.isNonsense })
  }

  var site: String { devices.first?.siteID ?? "" }
}

extension PlainZone {
  init(_ zone: TimeZone) {
    self.init { Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double($0)))) }
  }
}
