import CommandDispatch
import EnergyModel
import LocatedYAML

/// Reads `interlocks:` of a site or device. What a device says comes over what its site says.
struct InterlockReader {
  private static var numbers: [(key: String, range: ClosedRange<Double>, place: WritableKeyPath<Interlocks, Double?>)] {
    [
      ("minSocPercent", 0...100, \.minSocPercent), ("maxSocPercent", 0...100, \.maxSocPercent),
      ("maxChargePowerW", 0...10_000_000, \.maxChargePowerW),
      ("maxDischargePowerW", 0...10_000_000, \.maxDischargePowerW),
      ("maxPowerStepW", 1...10_000_000, \.maxPowerStepW), ("minSetpointC", -50...100, \.minSetpointC),
      ("maxSetpointC", -50...100, \.maxSetpointC), ("minDeadbandC", 0...50, \.minDeadbandC),
      ("maxCurrentA", 0...10_000, \.maxCurrentA), ("minIntervalSeconds", 0...86_400, \.minIntervalSeconds),
      ("minOnSeconds", 0...86_400, \.minOnSeconds), ("minOffSeconds", 0...86_400, \.minOffSeconds),
      ("maxImportPowerW", 0...100_000_000, \.maxImportPowerW), ("maxExportPowerW", 0...100_000_000, \.maxExportPowerW),
    ]
  }

  /// - Parameter base: what the site says.
  func read(_ node: YAMLNode?, over base: Interlocks = Interlocks()) -> Interlocks {
    var interlocks = base
    guard let node, node.expectMapping(keys: Self.numbers.map(\.key) + ["exclusiveWith"]) else { return interlocks }
    for entry in Self.numbers {
      guard let value = node[entry.key], let number = value.numberValue() else { continue }
      guard entry.range.contains(number) else {
        value.report(
          140,
          "\(value.subject) must be between \(ScalarValue.number(entry.range.lowerBound)) and "
            + "\(ScalarValue.number(entry.range.upperBound))")
        continue
      }
      interlocks[keyPath: entry.place] = number
    }
    if let others = node["exclusiveWith"]?.textListValue() { interlocks.exclusiveWith = others }
    checkOrder(node, interlocks)
    return interlocks
  }

  private func checkOrder(_ node: YAMLNode, _ interlocks: Interlocks) {
    let pairs = [
      (interlocks.minSocPercent, interlocks.maxSocPercent, "minSocPercent", "maxSocPercent"),
      (interlocks.minSetpointC, interlocks.maxSetpointC, "minSetpointC", "maxSetpointC"),
    ]
    for (low, high, lowName, highName) in pairs {
      guard let low, let high, low >= high else { continue }
      (node[highName] ?? node[lowName] ?? node).report(
        141, "\(highName) must be above \(lowName), or nothing is permitted")
    }
  }
}
