/// Turns single values into few requests.
///
/// Values of one table and poll class are merged while the unused registers between them are not more than `maxGap`
/// and the request is not longer than `maxRegisters`. A value is never split. What a faster class reads anyway is not
/// read again by a slower one. Values that may be missing share requests only with each other, because an exception
/// takes down the whole request.
struct ReadPlanner: Sendable {
  /// Registers or bits that have to come from one request.
  struct Item: Sendable, Hashable {
    var table: RegisterTable
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

  func limit(_ table: RegisterTable) -> Int {
    let registers = min(max(1, maxRegisters), Self.maxRegisters)
    return table.isBits ? min(registers * 16, Self.maxBits) : registers
  }

  func plan(_ items: [Item]) -> [PlannedRead] {
    var reads: [PlannedRead] = []
    for pollClass in [PollClass.fast, .normal, .slow, .once] {
      for isOptional in [false, true] {
        for table in [RegisterTable.holding, .input, .coil, .discrete] {
          let open = items.filter { item in
            item.pollClass == pollClass && item.isOptional == isOptional && item.table == table
              && !reads.contains { $0.covers(item) }
          }
          // A register that may be missing must not be read along to bridge a gap.
          let avoided = isOptional ? [] : items.filter { $0.isOptional && $0.table == table }
          reads += merge(open, avoiding: avoided, table, pollClass, isOptional)
        }
      }
    }
    return reads
  }

  private func merge(
    _ items: [Item], avoiding avoided: [Item], _ table: RegisterTable, _ pollClass: PollClass, _ isOptional: Bool
  ) -> [PlannedRead] {
    let limit = limit(table)
    let gap = table.isBits ? maxGap * 16 : maxGap
    var reads: [PlannedRead] = []
    var span: Range<Int>?
    func close() {
      guard let span, let address = UInt16(exactly: span.lowerBound), let count = UInt16(exactly: span.count)
      else { return }
      reads.append(
        PlannedRead(
          range: RegisterRange(table: table, address: address, count: count), pollClass: pollClass,
          isOptional: isOptional))
    }
    for item in items.sorted(by: { ($0.address, $0.end) < ($1.address, $1.end) }) {
      if let present = span {
        let end = max(present.upperBound, item.end)
        let hole = present.upperBound..<max(present.upperBound, item.address)
        let isFree = hole.isEmpty || !avoided.contains { $0.address < hole.upperBound && $0.end > hole.lowerBound }
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

extension PlannedRead {
  func covers(_ item: ReadPlanner.Item) -> Bool {
    range.table == item.table && (item.isOptional || !isOptional) && item.address >= Int(range.address)
      && item.end <= Int(range.address) + Int(range.count)
  }
}
