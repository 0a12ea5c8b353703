import DeviceProfiles

/// The fewest requests that could read some values: what a plan is measured against.
enum ReadBound {
  /// By the standard, a request cannot ask for more bits.
  private static let maxBits = 2000

  /// With the limits, blocks and forbidden registers of a profile.
  static func fewest(_ values: [PlannedValue], _ bound: BoundProfile, _ settings: ModbusSettings) -> Int {
    let blocks = settings.blocks.map { bound.range(of: $0) }
    let forbidden = settings.forbidden.map { bound.range(of: $0) }
    // What stands in a block comes with the block.
    let ranges = values.map { value in blocks.first { $0.covers(value.range) } ?? value.range }
    return fewest(ranges, maxRegisters: min(settings.maxRegisters, 125), borders: blocks + forbidden)
  }

  /// Requests are limited by the device's cap and by registers that they may not reach into. Unused registers cost
  /// nothing here, so no plan can do with fewer.
  static func fewest(_ values: [RegisterRange], maxRegisters: Int, borders: [RegisterRange] = []) -> Int {
    Set(values.map(\.space)).reduce(0) { count, space in
      let cap = space.table.isBits ? min(maxRegisters * 16, maxBits) : maxRegisters
      return count
        + fewest(
          values.filter { $0.space == space }, cap: cap, borders: borders.filter { $0.space == space }.map(\.limits))
    }
  }

  /// The leftmost value needs a request, and none serves more of the others than the one that starts there.
  private static func fewest(_ values: [RegisterRange], cap: Int, borders: [Range<Int>]) -> Int {
    var open = values.map(\.limits).sorted { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
    var count = 0
    while let first = open.first {
      count += 1
      let border = borders.filter { $0.lowerBound >= first.upperBound }.map(\.lowerBound).min() ?? .max
      let end = borders.contains(first) ? first.upperBound : min(max(first.lowerBound + cap, first.upperBound), border)
      open.removeAll { $0.upperBound <= end }
    }
    return count
  }
}

extension RegisterRange {
  fileprivate var limits: Range<Int> { Int(address)..<(Int(address) + Int(count)) }

  fileprivate func covers(_ other: RegisterRange) -> Bool {
    space == other.space && other.limits.lowerBound >= limits.lowerBound && other.limits.upperBound <= limits.upperBound
  }
}
