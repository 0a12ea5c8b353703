/// Turns single values into few requests.
///
/// Values of one table and poll class are merged while the unused registers between them are not more than `maxGap`
/// and the request is not longer than `maxRegisters`. A value is never split. What a faster class reads anyway is not
/// read again by a slower one. Values that may be missing share requests only with each other, because an exception
/// takes down the whole request. A block of the profile is one request of its own, whatever of it is used.
struct ReadPlanner: Sendable {
  /// Registers or bits that have to come from one request.
  struct Item: Sendable, Hashable {
    var space: RegisterSpace
    var address: Int
    var count: Int
    var pollClass: PollClass
    var isOptional = false

    var end: Int { address + count }
  }

  /// By the standard, a request cannot ask for more.
  static let maxRegisters = 125
  static let maxBits = 2000

  var maxRegisters: Int
  var maxGap: Int
  /// Read as they are, or not at all; no other request reaches into them.
  var blocks: [RegisterRange] = []
  /// Never read across.
  var forbidden: [RegisterRange] = []

  func limit(_ table: RegisterTable) -> Int {
    let registers = min(max(1, maxRegisters), Self.maxRegisters)
    return table.isBits ? min(registers * 16, Self.maxBits) : registers
  }

  func plan(_ items: [Item]) -> [PlannedRead] {
    let (loose, wholes) = sort(items)
    var reads: [PlannedRead] = []
    for pollClass in [PollClass.fast, .normal, .slow, .once] {
      reads += wholes.filter { $0.pollClass == pollClass }
      for isOptional in [false, true] {
        for space in Set(items.map(\.space)).sorted(by: Self.precedes) {
          let open = loose.filter { item in
            item.pollClass == pollClass && item.isOptional == isOptional && item.space == space
              && !reads.contains { $0.covers(item) }
          }
          reads += merge(open, avoiding: avoided(space, items, isOptional), space, pollClass, isOptional)
        }
      }
    }
    return reads
  }

  /// Items that stand in a block, as reads of the block at the pace of the fastest; and all others.
  private func sort(_ items: [Item]) -> (loose: [Item], wholes: [PlannedRead]) {
    var loose: [Item] = []
    var wholes: [PlannedRead] = []
    for item in items {
      guard let block = blocks.first(where: { $0.space == item.space && $0.addresses.contains(item.range) }) else {
        loose.append(item)
        continue
      }
      if let known = wholes.firstIndex(where: { $0.range == block }) {
        wholes[known].pollClass = min(wholes[known].pollClass, item.pollClass)
        wholes[known].isOptional = wholes[known].isOptional && item.isOptional
      } else {
        wholes.append(PlannedRead(range: block, pollClass: item.pollClass, isOptional: item.isOptional))
      }
    }
    return (loose, wholes.sorted { ($0.range.space, $0.range.address) < ($1.range.space, $1.range.address) })
  }

  /// What must not be read along to bridge a gap: registers that may be missing, blocks, and what the profile forbids.
  private func avoided(_ space: RegisterSpace, _ items: [Item], _ isOptional: Bool) -> [Range<Int>] {
    let missing = isOptional ? [] : items.filter { $0.isOptional && $0.space == space }.map(\.range)
    return missing + (blocks + forbidden).filter { $0.space == space }.map(\.addresses)
  }

  /// The order of requests within a class.
  private static func precedes(_ a: RegisterSpace, _ b: RegisterSpace) -> Bool {
    let order: [RegisterTable] = [.holding, .input, .coil, .discrete]
    func place(_ space: RegisterSpace) -> (Int, Int) {
      (space.unit.map { Int($0) } ?? -1, order.firstIndex(of: space.table) ?? 0)
    }
    return place(a) < place(b)
  }

  private func merge(
    _ items: [Item], avoiding avoided: [Range<Int>], _ space: RegisterSpace, _ pollClass: PollClass, _ isOptional: Bool
  ) -> [PlannedRead] {
    let limit = limit(space.table)
    let gap = space.table.isBits ? maxGap * 16 : maxGap
    var reads: [PlannedRead] = []
    var span: Range<Int>?
    func close() {
      guard let span, let address = UInt16(exactly: span.lowerBound), let count = UInt16(exactly: span.count)
      else { return }
      reads.append(
        PlannedRead(
          range: RegisterRange(unit: space.unit, table: space.table, address: address, count: count),
          pollClass: pollClass, isOptional: isOptional))
    }
    for item in items.sorted(by: { ($0.address, $0.end) < ($1.address, $1.end) }) {
      if let present = span {
        let end = max(present.upperBound, item.end)
        let hole = present.upperBound..<max(present.upperBound, item.address)
        let isFree = hole.isEmpty || !avoided.contains { $0.overlaps(hole) }
        if hole.count <= gap, isFree, end - present.lowerBound <= limit {
          span = present.lowerBound..<end
          continue
        }
        close()
      }
      span = item.address..<item.end
    }
    close()
    return reads
  }
}

extension ReadPlanner {
  /// With the limits of a profile and the units of an installation.
  init(_ settings: ModbusSettings, _ bound: BoundProfile) {
    self.init(
      maxRegisters: settings.maxRegisters, maxGap: settings.maxGap, blocks: settings.blocks.map { bound.range(of: $0) },
      forbidden: settings.forbidden.map { bound.range(of: $0) })
  }
}

extension ReadPlanner.Item {
  var range: Range<Int> { address..<end }
}

extension RegisterRange {
  /// As numbers that can be counted with.
  var addresses: Range<Int> { Int(address)..<(Int(address) + Int(count)) }
}

extension Range<Int> {
  /// Whether another range lies within this one.
  func contains(_ other: Range<Int>) -> Bool { other.lowerBound >= lowerBound && other.upperBound <= upperBound }
}

extension PollClass: Comparable {
  /// Faster ones first.
  public static func < (a: PollClass, b: PollClass) -> Bool {
    (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
  }
}

extension PlannedRead {
  func covers(_ item: ReadPlanner.Item) -> Bool {
    range.space == item.space && (item.isOptional || !isOptional) && range.addresses.contains(item.range)
  }
}
