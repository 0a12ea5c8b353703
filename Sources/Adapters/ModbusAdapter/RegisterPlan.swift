import DeviceProfiles

/// What is really read in place of the decoder's plan, once a device has refused a part of it.
///
/// Firmware differs: one unknown register makes a device refuse a whole block. The block is then halved between
/// values until the refused ones are found; those are left out and tested again now and then, the others keep flowing.
struct RegisterPlan {
  /// How long a refused register is left alone.
  static let retestInterval = Duration.seconds(900)

  /// The registers of one value, or of several that overlap: never cut apart.
  private struct Element {
    var range: RegisterRange
    var isOptional: Bool
  }

  private struct Refusal {
    let reason: String
    let isOptional: Bool
    let retestAt: Duration
  }

  /// A place where a request may not reach across, although no value there is refused: the gap is.
  private struct Cut: Hashable {
    let table: RegisterTable
    let address: UInt16
  }

  private let elements: [Element]
  private var planned: [PlannedRead] = []
  private var quarantine: [RegisterRange: Refusal] = [:]
  private var passing: [RegisterRange: String] = [:]
  private var cuts: Set<Cut> = []

  init(profile: DeviceProfile) { elements = RegisterPlan.elements(of: profile) }

  /// Starts anew with a plan, after a device was set up.
  mutating func reset(to plan: [PlannedRead]) {
    planned = plan
    quarantine = [:]
    passing = [:]
    cuts = []
  }

  /// The classes that have something to read.
  var pollClasses: Set<PollClass> { Set(planned.map(\.pollClass)) }

  /// The requests of one poll.
  func reads(of pollClass: PollClass, at now: Duration) -> [RegisterRange] {
    planned.filter { $0.pollClass == pollClass }.flatMap { read in
      runs(in: read.range) + quarantine.filter { $0.value.retestAt <= now && read.range.contains($0.key) }.keys
    }
  }

  /// The device gave these values.
  mutating func answered(_ range: RegisterRange) {
    quarantine[range] = nil
    if !passing.isEmpty { passing = passing.filter { !range.contains($0.key) } }
  }

  /// The device refused a request with an exception.
  ///
  /// - Returns: what to read instead at once, and what is new about it in words.
  mutating func refused(
    _ range: RegisterRange, code: UInt8, at now: Duration
  ) -> (instead: [RegisterRange], news: String?) {
    let inside = elements.filter { range.contains($0.range) }
    let reason = "\(range): \(ModbusFailure.exception(code).reason)"
    let isAboutAddress = code == 2 || code == 3
    if isAboutAddress, inside.count > 1 {
      let middle = inside.count / 2
      cuts.insert(Cut(table: range.table, address: inside[middle].range.address))
      return ([span(inside[..<middle]), span(inside[middle...])], nil)
    }
    // Other codes (4, 5, 7, 8) may pass: the request stays in the plan.
    guard isAboutAddress || code == 1 else {
      passing[range] = reason
      return ([], reason)
    }
    let isOptional =
      inside.isEmpty ? planned.contains { $0.isOptional && $0.range.contains(range) } : inside.allSatisfy(\.isOptional)
    let isNew = quarantine[range] == nil
    quarantine[range] = Refusal(
      reason: reason, isOptional: isOptional, retestAt: now + RegisterPlan.retestInterval)
    // The culprit is found, so the block needs no other cuts; one that is still needed is found again.
    if let block = planned.first(where: { $0.range.contains(range) })?.range {
      cuts = cuts.filter { $0.table != block.table || !block.contains(address: $0.address) }
    }
    return ([], isNew && !isOptional ? reason : nil)
  }

  /// What the device refuses now, in words; `nil` if it gives everything that is not optional.
  var problem: String? {
    if quarantine.isEmpty && passing.isEmpty { return nil }
    let reasons = (quarantine.values.filter { !$0.isOptional }.map(\.reason) + passing.values).sorted()
    guard let first = reasons.first else { return nil }
    return reasons.count == 1 ? first : "\(first) (and \(reasons.count - 1) more)"
  }

  /// The parts of a block that may be asked for.
  private func runs(in block: RegisterRange) -> [RegisterRange] {
    if quarantine.isEmpty && cuts.isEmpty { return [block] }
    let inside = elements.filter { block.contains($0.range) }
    guard !inside.isEmpty else { return isQuarantined(block) ? [] : [block] }
    if !cuts.contains(where: { $0.table == block.table && block.contains(address: $0.address) }),
      !quarantine.keys.contains(where: { block.contains($0) })
    {
      return [block]
    }
    var runs: [ArraySlice<Element>] = []
    var begin = inside.startIndex
    for index in inside.indices {
      let range = inside[index].range
      if cuts.contains(Cut(table: range.table, address: range.address)), begin < index {
        runs.append(inside[begin..<index])
        begin = index
      }
      if isQuarantined(range) {
        if begin < index { runs.append(inside[begin..<index]) }
        begin = index + 1
      }
    }
    if begin < inside.endIndex { runs.append(inside[begin...]) }
    return runs.map(span)
  }

  private func isQuarantined(_ range: RegisterRange) -> Bool { quarantine.keys.contains { $0.contains(range) } }

  private func span(_ elements: ArraySlice<Element>) -> RegisterRange {
    guard let first = elements.first?.range else { return RegisterRange(table: .holding, address: 0, count: 0) }
    let end = elements.map(\.range.end).max() ?? first.end
    return RegisterRange(table: first.table, address: first.address, count: UInt16(end - Int(first.address)))
  }

  /// The values of a profile with fixed addresses, in order, the overlapping ones joined.
  ///
  /// With SunSpec points the addresses are known on the device only; then a refused block is left out as a whole.
  private static func elements(of profile: DeviceProfile) -> [Element] {
    var found: [Element] = []
    for part in profile.parts {
      for point in part.points {
        switch point.source {
        case .register(let source): found.append(Element(range: source.range, isOptional: point.isOptional))
        case .sunSpec: return []
        default: continue
        }
      }
      for control in part.controls where control.pollClass != nil {
        if case .register(let source) = control.destination {
          found.append(Element(range: source.range, isOptional: false))
        }
      }
    }
    found.sort { ($0.range.table.rawValue, $0.range.address) < ($1.range.table.rawValue, $1.range.address) }
    var joined: [Element] = []
    for element in found {
      if let last = joined.last, last.range.table == element.range.table,
        Int(element.range.address) < last.range.end
      {
        let count = max(last.range.end, element.range.end) - Int(last.range.address)
        joined[joined.count - 1].range.count = UInt16(clamping: count)
        joined[joined.count - 1].isOptional = last.isOptional && element.isOptional
      } else {
        joined.append(element)
      }
    }
    return joined
  }
}

extension RegisterSource {
  fileprivate var range: RegisterRange {
    RegisterRange(table: table, address: address, count: UInt16(clamping: type.registerCount))
  }
}

extension RegisterRange {
  /// The address after the last one.
  fileprivate var end: Int { Int(address) + Int(count) }

  fileprivate func contains(address other: UInt16) -> Bool { other >= address && Int(other) < end }

  fileprivate func contains(_ other: RegisterRange) -> Bool {
    table == other.table && other.address >= address && other.end <= end
  }
}
