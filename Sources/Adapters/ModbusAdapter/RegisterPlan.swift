import DeviceProfiles

/// What is really read in place of the decoder's plan, once a device has refused a part of it.
///
/// Firmware differs: one unknown register makes a device refuse a whole block. The block is then halved between
/// values until the refused ones are found; those are left out and tested again now and then, the others keep flowing.
/// A unit that is not there at all is left out as a whole, and one request asks now and then whether it came back.
struct RegisterPlan {
  /// How long a refused register is left alone.
  static let retestInterval = Duration.seconds(900)
  /// How long a unit is left alone that is not there.
  static let absenceInterval = Duration.seconds(60)
  /// Requests in a row that another unit leaves unanswered before it counts as absent.
  static let silencesUntilAbsent = 3

  /// The registers of one value, or of several that overlap: never cut apart.
  private struct Element {
    var range: RegisterRange
    var isOptional: Bool
    /// A value of words that are no neighbours: others stand between them, so it is asked for alone.
    var isLoose = false
  }

  private struct Refusal {
    let reason: String
    let isOptional: Bool
    let retestAt: Duration
  }

  private struct Absence {
    let reason: String
    var retestAt: Duration
  }

  /// A place where a request may not reach across, although no value there is refused: the gap is.
  private struct Cut: Hashable {
    let space: RegisterSpace
    let address: UInt16
  }

  /// In order, those that are loose behind the others.
  private var elements: [Element] = []
  private var planned: [PlannedRead] = []
  private var quarantine: [RegisterRange: Refusal] = [:]
  private var passing: [RegisterRange: String] = [:]
  private var cuts: Set<Cut> = []
  /// Loose values that are asked for alone: their ranges contain others that have nothing to do with them.
  private var alone: Set<RegisterRange> = []
  private var absent: [UInt8: Absence] = [:]
  private var silences: [UInt8: Int] = [:]

  /// Starts anew with a plan and the values that it is for, after a device was set up.
  mutating func reset(to plan: [PlannedRead], values: [PlannedValue]) {
    planned = plan
    elements = RegisterPlan.elements(of: values)
    quarantine = [:]
    passing = [:]
    cuts = []
    alone = []
    absent = [:]
    silences = [:]
  }

  /// The classes that have something to read.
  var pollClasses: Set<PollClass> { Set(planned.map(\.pollClass)) }

  /// The requests of one poll.
  func reads(of pollClass: PollClass, at now: Duration) -> [RegisterRange] {
    var probed: Set<UInt8> = []
    return planned.filter { $0.pollClass == pollClass }.flatMap { read -> [RegisterRange] in
      let ranges =
        runs(in: read.range) + quarantine.filter { $0.value.retestAt <= now && read.range.contains($0.key) }.keys
      guard let unit = read.range.unit, let absence = absent[unit] else { return ranges }
      guard absence.retestAt <= now, probed.insert(unit).inserted else { return [] }
      return Array(ranges.prefix(1))
    }
  }

  /// The device gave these values.
  mutating func answered(_ range: RegisterRange) {
    quarantine[range] = nil
    if !passing.isEmpty { passing = passing.filter { !range.contains($0.key) } }
    guard let unit = range.unit else { return }
    silences[unit] = nil
    absent[unit] = nil
  }

  /// The device refused a request with an exception.
  ///
  /// - Returns: what to read instead at once, and what is new about it in words.
  mutating func refused(
    _ range: RegisterRange, code: UInt8, at now: Duration
  ) -> (instead: [RegisterRange], news: String?) {
    if let unit = range.unit {
      silences[unit] = nil
      absent[unit] = nil
    }
    let inside =
      isAlone(range)
      ? elements.filter { $0.isLoose && $0.range == range } : elements.filter { range.contains($0.range) }
    let reason = "\(range): \(ModbusFailure.exception(code).reason)"
    let isAboutAddress = code == 2 || code == 3
    if isAboutAddress, inside.count > 1 { return (halves(inside), nil) }
    // Other codes (4, 5, 7, 8) may pass: the request stays in the plan.
    guard isAboutAddress || code == 1 else {
      passing[range] = reason
      return ([], reason)
    }
    // A block is longer than what is used of it, and the rest of it may be what the device refuses.
    if isAboutAddress, let only = inside.first, only.range != range {
      cuts.insert(Cut(space: only.range.space, address: only.range.address))
      return ([only.range], nil)
    }
    let isOptional =
      inside.isEmpty ? planned.contains { $0.isOptional && $0.range.contains(range) } : inside.allSatisfy(\.isOptional)
    let isNew = quarantine[range] == nil
    quarantine[range] = Refusal(
      reason: reason, isOptional: isOptional, retestAt: now + RegisterPlan.retestInterval)
    // The culprit is found, so the block needs no other cuts; one that is still needed is found again.
    if let block = planned.first(where: { $0.range.contains(range) })?.range {
      cuts = cuts.filter { $0.space != block.space || !block.contains(address: $0.address) }
    }
    return ([], isNew && !isOptional ? reason : nil)
  }

  /// Another unit did not answer, or a gateway says that it is not there.
  ///
  /// - Parameter isCertain: a gateway said so; else only several silences in a row do.
  /// - Returns: whether it counts as absent, and what is new about it in words.
  mutating func unanswered(
    by unit: UInt8, _ reason: String, isCertain: Bool, at now: Duration
  ) -> (isAbsent: Bool, news: String?) {
    silences[unit, default: 0] += 1
    let isKnown = absent[unit] != nil
    guard isCertain || isKnown || silences[unit, default: 0] >= RegisterPlan.silencesUntilAbsent else {
      return (false, nil)
    }
    absent[unit] = Absence(reason: "unit \(unit): \(reason)", retestAt: now + RegisterPlan.absenceInterval)
    return (true, isKnown || isOptional(unit) ? nil : "unit \(unit): \(reason)")
  }

  /// Whether everything that is read of a unit may be missing.
  private func isOptional(_ unit: UInt8) -> Bool {
    planned.allSatisfy { $0.range.unit != unit || $0.isOptional }
  }

  /// What the device refuses now, in words; `nil` if it gives everything that is not optional.
  var problem: String? {
    if quarantine.isEmpty && passing.isEmpty && absent.isEmpty { return nil }
    let missing = absent.filter { !isOptional($0.key) }.map(\.value.reason)
    let reasons =
      (missing + quarantine.values.filter { !$0.isOptional }.map(\.reason) + passing.values).sorted()
    guard let first = reasons.first else { return nil }
    return reasons.count == 1 ? first : "\(first) (and \(reasons.count - 1) more)"
  }

  // MARK: Cutting

  /// Two requests for one. What stands between others is asked for alone first.
  private mutating func halves(_ inside: [Element]) -> [RegisterRange] {
    let loose = inside.filter(\.isLoose)
    let others = inside.filter { !$0.isLoose }
    guard loose.isEmpty, others.count > 1 else {
      if let first = others.first { cuts.insert(Cut(space: first.range.space, address: first.range.address)) }
      for element in loose { cuts.insert(Cut(space: element.range.space, address: element.range.address)) }
      alone.formUnion(loose.map(\.range))
      return (others.isEmpty ? [] : [span(others[...])]) + loose.map(\.range)
    }
    let middle = others.count / 2
    cuts.insert(Cut(space: others[middle].range.space, address: others[middle].range.address))
    return [span(others[..<middle]), span(others[middle...])]
  }

  /// The parts of a block that may be asked for.
  private func runs(in block: RegisterRange) -> [RegisterRange] {
    if quarantine.isEmpty && cuts.isEmpty { return [block] }
    let inside = elements.filter { block.contains($0.range) }
    guard !inside.isEmpty else { return isQuarantined(block) ? [] : [block] }
    if !cuts.contains(where: { $0.space == block.space && block.contains(address: $0.address) }),
      !quarantine.keys.contains(where: { block.contains($0) })
    {
      return [block]
    }
    return runs(of: inside.filter { !$0.isLoose })
      + inside.filter { $0.isLoose && quarantine[$0.range] == nil }.map(\.range)
  }

  private func runs(of inside: [Element]) -> [RegisterRange] {
    var runs: [ArraySlice<Element>] = []
    var begin = inside.startIndex
    for index in inside.indices {
      let range = inside[index].range
      if cuts.contains(Cut(space: range.space, address: range.address)), begin < index {
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

  private func isQuarantined(_ range: RegisterRange) -> Bool {
    quarantine.keys.contains { $0.contains(range) && !alone.contains($0) }
  }

  /// Whether a request was for one loose value, and not for the block that it happens to span.
  private func isAlone(_ range: RegisterRange) -> Bool {
    guard alone.contains(range), let block = planned.first(where: { $0.range.contains(range) })?.range else {
      return false
    }
    return runs(in: block) != [block] || quarantine[range] != nil
  }

  private func span(_ elements: ArraySlice<Element>) -> RegisterRange {
    guard var range = elements.first?.range else { return RegisterRange(table: .holding, address: 0, count: 0) }
    let end = elements.map(\.range.end).max() ?? range.end
    range.count = UInt16(clamping: end - Int(range.address))
    return range
  }

  /// The values of a device in order, the overlapping ones joined.
  private static func elements(of values: [PlannedValue]) -> [Element] {
    let isApart = { (value: PlannedValue) in !value.words.isEmpty && value.words.count < Int(value.range.count) }
    var joined: [Element] = []
    let ordered = values.filter { !isApart($0) }.sorted {
      ($0.range.space, $0.range.address) < ($1.range.space, $1.range.address)
    }
    for value in ordered {
      if let last = joined.last, last.range.space == value.range.space, Int(value.range.address) < last.range.end {
        let count = max(last.range.end, value.range.end) - Int(last.range.address)
        joined[joined.count - 1].range.count = UInt16(clamping: count)
        joined[joined.count - 1].isOptional = last.isOptional && value.isOptional
      } else {
        joined.append(Element(range: value.range, isOptional: value.isOptional))
      }
    }
    return joined
      + values.filter(isApart).map { Element(range: $0.range, isOptional: $0.isOptional, isLoose: true) }
  }
}

extension RegisterRange {
  /// The address after the last one.
  fileprivate var end: Int { Int(address) + Int(count) }

  fileprivate func contains(address other: UInt16) -> Bool { other >= address && Int(other) < end }

  fileprivate func contains(_ other: RegisterRange) -> Bool {
    space == other.space && other.address >= address && other.end <= end
  }
}
