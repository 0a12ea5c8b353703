import EnergyModel

extension EndpointDecoder {
  mutating func decode(
    _ values: [UInt16], _ space: RegisterSpace, _ start: Int, _ time: Timestamp, _ batch: inout ReadingBatch
  ) {
    let end = start + values.count
    reportIfShort(space, start, values.count, &batch)
    if space.table == .holding {
      for (index, factor) in map.scaleFactors.enumerated()
      where factor.unit == space.unit && factor.address >= start && factor.address < end {
        powers[index] = Self.power(values[factor.address - start])
      }
    }
    var touched: Set<Int> = []
    let (cells, places) = (map.cells(space), map.places(space))
    for isScaleFactor in cells.hasScaleFactors ? [true, false] : [false] {
      cells.forEach(in: start..<end, isScaleFactor: isScaleFactor) { index, cell in
        if cell.kind != .other {
          decode(cell, values, at: cell.address - start, time, &batch)
        } else {
          decode(places[index], values, start, time, &touched, &batch)
        }
      }
    }
    combine(touched, time, &batch)
  }

  /// The way of nearly all registers: a number that is scaled and checked.
  private mutating func decode(
    _ cell: RegisterMap.Cell, _ values: [UInt16], at offset: Int, _ time: Timestamp, _ batch: inout ReadingBatch
  ) {
    guard let plain = layout.plain[cell.point] else { return }
    let known =
      cell.scaleFactor >= 0
      ? powers[cell.scaleFactor] : plain.scaleFactor < 0 ? ValueConverter.Power.none : power(of: cell.point)
    guard let power = known else { return }
    let pattern = cell.pattern(values, at: offset)
    var outcome = PlainPoint.Outcome.missing
    if pattern & cell.missingMask != cell.missing {
      let raw = cell.number(pattern)
      outcome = plain.convert(raw, as: cell.kind == .f32 ? ValueConverter.shortest(Float(raw)) : raw, power)
    }
    store(outcome, plain, cell.point, time, &batch)
  }

  /// One value in all other ways.
  private mutating func decode(
    _ place: RegisterMap.Place, _ values: [UInt16], _ start: Int, _ time: Timestamp, _ touched: inout Set<Int>,
    _ batch: inout ReadingBatch
  ) {
    guard var raw = place.decode(values, at: place.address - start) else { return }
    if let standard = place.standard, standard.isMissing(raw) { raw = .null }
    let known = place.scaleFactor.map { powers[$0] } ?? power(of: place.point)
    guard let power = known else { return }
    if let group = place.group {
      members[group][place.element] = layout.points[place.point].converter.convert(raw, power: power)
      touched.insert(group)
      return
    }
    apply(raw, place.point, power: power, time, &batch) {
      "registers \(place.address)–\(place.address + place.count - 1)"
    }
  }

  mutating func decode(
    _ values: [Bool], _ space: RegisterSpace, _ start: Int, _ time: Timestamp, _ batch: inout ReadingBatch
  ) {
    reportIfShort(space, start, values.count, &batch)
    let cells = map.cells(space)
    for isScaleFactor in cells.hasScaleFactors ? [true, false] : [false] {
      cells.forEach(in: start..<(start + values.count), isScaleFactor: isScaleFactor) { _, cell in
        let offset = cell.address - start
        guard values.indices.contains(offset) else { return }
        apply(.flag(values[offset]), cell.point, power: .none, time, &batch) { "\(space) \(cell.address)" }
      }
    }
  }

  // MARK: Groups

  /// Makes one value of many, for the groups of which a member came and those whose number changed.
  private mutating func combine(_ touched: Set<Int>, _ time: Timestamp, _ batch: inout ReadingBatch) {
    for (index, group) in map.groups.enumerated() {
      let isRecounted = group.count.map { isDirty[$0] } ?? false
      guard touched.contains(index) || isRecounted, let outcome = combined(group, members[index]) else { continue }
      store(outcome, group.point, time, time, &batch)
    }
  }

  /// `nil` while something is missing that can still come: a part of a sum would look like a measurement.
  private func combined(_ group: RegisterMap.Group, _ members: [ValueConverter.Outcome?]) -> ValueConverter.Outcome? {
    let none = ValueConverter.Outcome(value: .null, quality: .missing)
    var size = group.size
    if let place = group.count {
      guard slots[place].isSeen else { return hasReadEverything ? none : nil }
      guard let stated = slots[place].value.number, let count = Int(exactly: stated.rounded()), count >= 0
      else { return none }
      size = min(count, group.size)
    }
    let present = members.prefix(size)
    guard hasReadEverything || !present.contains(where: { $0 == nil }) else { return nil }
    let outcomes = present.compactMap { $0 }.filter { $0.value.number != nil }
    guard let number = group.combine.combine(outcomes.compactMap(\.value.number)) else { return none }
    let quality = outcomes.map(\.quality).max() ?? .good
    return layout.points[group.point].judged(LinearConversion.tidy(number), quality)
  }

  private func reportIfShort(_ space: RegisterSpace, _ start: Int, _ count: Int, _ batch: inout ReadingBatch) {
    var shortest: RegisterRange?
    for read in map.plan where read.range.space == space && Int(read.range.address) == start {
      if Int(read.range.count) <= count { return }
      shortest = read.range
    }
    guard let shortest else { return }
    let last = start + Int(shortest.count) - 1
    let unit = space.table.isBits ? "bits" : "registers"
    batch.report("\(unit) \(start)–\(last): short frame, \(count) of \(shortest.count)")
  }

  /// The standard allows −10 to +10; everything else has no meaning.
  private static func power(_ register: UInt16) -> ValueConverter.Power {
    let exponent = Int(Int16(bitPattern: register))
    return (-10...10).contains(exponent) ? .of(exponent) : .absent
  }
}

extension EndpointLayout.Point {
  /// A number that was made of several, within what is plausible for the whole.
  func judged(_ number: Double, _ quality: Quality) -> ValueConverter.Outcome {
    let isPlausible = valid?.contains(number) ?? true
    return ValueConverter.Outcome(value: .number(number), quality: isPlausible ? quality : max(quality, .suspect))
  }
}

extension RegisterMap.Place {
  /// The value among registers of which the one at `start` is the first of this place.
  func decode(_ values: [UInt16], at start: Int) -> RawScalar? {
    guard !words.isEmpty else { return type.decode(values, at: start, order: order) }
    let own = words.map { start + $0 }.filter { values.indices.contains($0) }.map { values[$0] }
    return type.decode(own, at: 0, order: order)
  }
}
