import DeviceProfiles

/// The fewest requests that could read some values: what a plan is measured against.
enum ReadBound {
  /// By the standard, a request cannot ask for more bits.
  private static let maxBits = 2000

  /// Requests are only limited by the device's cap. Unused registers cost nothing here, so no plan can do with fewer.
  static func fewest(_ values: [RegisterRange], maxRegisters: Int) -> Int {
    RegisterTable.allCases.reduce(0) { count, table in
      let cap = table.isBits ? min(maxRegisters * 16, maxBits) : maxRegisters
      return count + fewest(values.filter { $0.table == table }, cap: cap)
    }
  }

  /// The leftmost value needs a request, and none serves more of the others than the one that starts there.
  private static func fewest(_ values: [RegisterRange], cap: Int) -> Int {
    var open = values.map { (start: Int($0.address), end: Int($0.address) + Int($0.count)) }
      .sorted { ($0.start, $0.end) < ($1.start, $1.end) }
    var count = 0
    while let first = open.first {
      count += 1
      let end = max(first.start + cap, first.end)
      open.removeAll { $0.end <= end }
    }
    return count
  }
}
