import EnergyModel

extension EndpointDecoder {
  mutating func decode(
    _ values: [UInt16], _ table: RegisterTable, _ start: Int, _ time: Timestamp, _ batch: inout ReadingBatch
  ) {
    let end = start + values.count
    reportIfShort(table, start, values.count, &batch)
    if table == .holding {
      for (index, address) in map.scaleFactors.enumerated() where address >= start && address < end {
        powers[index] = Self.power(values[address - start])
      }
    }
    forEachPlace(table, start, end) { decoder, place in
      guard var raw = place.type.decode(values, at: place.address - start, order: place.order) else { return }
      if let standard = place.standard, standard.isMissing(raw) { raw = .null }
      let known = place.scaleFactor.map { decoder.powers[$0] } ?? decoder.power(of: place.point)
      guard let power = known else { return }
      decoder.apply(raw, place.point, power: power, time, &batch) {
        "registers \(place.address)–\(place.address + place.count - 1)"
      }
    }
  }

  mutating func decode(
    _ values: [Bool], _ table: RegisterTable, _ start: Int, _ time: Timestamp, _ batch: inout ReadingBatch
  ) {
    reportIfShort(table, start, values.count, &batch)
    forEachPlace(table, start, start + values.count) { decoder, place in
      let offset = place.address - start
      guard values.indices.contains(offset) else { return }
      decoder.apply(.flag(values[offset]), place.point, power: .none, time, &batch) {
        "\(table.rawValue) \(place.address)"
      }
    }
  }

  /// The points that lie within a frame, those that scale others first.
  private mutating func forEachPlace(
    _ table: RegisterTable, _ start: Int, _ end: Int, _ body: (inout EndpointDecoder, RegisterMap.Place) -> Void
  ) {
    let places = map.places(table)
    let first = RegisterMap.lowerBound(places, start)
    for isScaleFactor in [true, false] {
      var index = first
      while index < places.count, places[index].address < end {
        let place = places[index]
        index += 1
        guard place.isScaleFactor == isScaleFactor, place.address + place.count <= end else { continue }
        body(&self, place)
      }
    }
  }

  private func reportIfShort(_ table: RegisterTable, _ start: Int, _ count: Int, _ batch: inout ReadingBatch) {
    var shortest: RegisterRange?
    for read in map.plan where read.range.table == table && Int(read.range.address) == start {
      if Int(read.range.count) <= count { return }
      shortest = read.range
    }
    guard let shortest else { return }
    let last = start + Int(shortest.count) - 1
    let unit = table.isBits ? "bits" : "registers"
    batch.report("\(unit) \(start)–\(last): short frame, \(count) of \(shortest.count)")
  }

  /// The standard allows −10 to +10; everything else has no meaning.
  private static func power(_ register: UInt16) -> ValueConverter.Power {
    let exponent = Int(Int16(bitPattern: register))
    return (-10...10).contains(exponent) ? .of(exponent) : .absent
  }
}
