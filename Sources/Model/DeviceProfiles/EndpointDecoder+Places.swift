/// Where values stand, for tools that show how a profile reads a device.
extension EndpointDecoder {
  /// The source of a point, local or control that is read, with the installation's parameters filled in; `nil` if the
  /// part has no such name.
  public func source(of name: String, part: Int) -> PointSource? {
    layout.place(name, part: part).map { layout.points[$0].source }
  }

  /// The registers of a point, local or control that is read; valid after set-up. `nil` where it does not come from
  /// registers, or from a SunSpec model that the device does not have.
  public func registers(of name: String, part: Int) -> RegisterRange? {
    guard let index = layout.place(name, part: part) else { return nil }
    for table in RegisterTable.allCases {
      guard let place = map.places(table).first(where: { $0.point == index }) else { continue }
      return Self.range(table, place.address, place.count)
    }
    return nil
  }

  /// Every value that has to be read, each as a request of its own; valid after set-up. A plan reads them with fewer.
  public var valuesToRead: [PlannedRead] {
    var values: [PlannedRead] = []
    for table in RegisterTable.allCases {
      for place in map.places(table) {
        let point = layout.points[place.point]
        let factor = place.scaleFactor.flatMap { Self.range(.holding, map.scaleFactors[$0], 1) }
        for range in [Self.range(table, place.address, place.count), factor].compactMap({ $0 }) {
          let value = PlannedRead(range: range, pollClass: point.pollClass, isOptional: point.isOptional)
          if !values.contains(value) { values.append(value) }
        }
      }
    }
    return values
  }

  /// Whether a topic belongs to a filter with `+` and `#`.
  public static func isMatch(topic: String, filter: String) -> Bool { TopicFilter.matches(topic, filter: filter) }

  private static func range(_ table: RegisterTable, _ address: Int, _ count: Int) -> RegisterRange? {
    guard let address = UInt16(exactly: address), let count = UInt16(exactly: count) else { return nil }
    return RegisterRange(table: table, address: address, count: count)
  }
}
