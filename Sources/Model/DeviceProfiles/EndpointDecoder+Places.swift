/// Where values stand, for tools that show how a profile reads a device.
extension EndpointDecoder {
  /// The source of a point, local or control that is read, with the installation's parameters filled in; `nil` if the
  /// part has no such name.
  public func source(of name: String, part: Int) -> PointSource? {
    layout.place(name, part: part).map { layout.points[$0].source }
  }

  /// The registers of a point, local or control that is read; valid after set-up. `nil` where it does not come from
  /// registers, or from a SunSpec model that the device does not have. Of a value that stands there several times, the
  /// first.
  public func registers(of name: String, part: Int) -> PlannedValue? {
    guard let index = layout.place(name, part: part) else { return nil }
    for space in map.spaces {
      guard let place = map.places(space).first(where: { $0.point == index }) else { continue }
      return value(of: place, space)
    }
    return nil
  }

  /// Every value that has to be read, each once; valid after set-up. A plan reads them with fewer requests.
  public var valuesToRead: [PlannedValue] {
    var values: [PlannedValue] = []
    var known: Set<PlannedValue> = []
    for space in map.spaces {
      for place in map.places(space) {
        for value in [value(of: place, space), scaleFactor(of: place)] {
          if let value, known.insert(value).inserted { values.append(value) }
        }
      }
    }
    return values
  }

  private func value(of place: RegisterMap.Place, _ space: RegisterSpace) -> PlannedValue? {
    guard let range = Self.range(space, place.address, place.count) else { return nil }
    let point = layout.points[place.point]
    // Of a number that the device says, the last ones may be missing.
    let isCounted = place.element > 0 && place.group.map { map.groups[$0].count != nil } ?? false
    return PlannedValue(
      range: range, words: place.words.map { range.address &+ UInt16(clamping: $0) }, pollClass: point.pollClass,
      isOptional: point.isOptional || isCounted)
  }

  private func scaleFactor(of place: RegisterMap.Place) -> PlannedValue? {
    guard let factor = place.scaleFactor.map({ map.scaleFactors[$0] }) else { return nil }
    let point = layout.points[place.point]
    return Self.range(RegisterSpace(unit: factor.unit, table: .holding), factor.address, 1).map { range in
      PlannedValue(range: range, pollClass: point.pollClass, isOptional: point.isOptional)
    }
  }

  /// Whether a topic belongs to a filter with `+`, `#` and captured levels.
  public static func isMatch(topic: String, filter: String) -> Bool {
    TopicFilter.matches(topic, filter: TopicCaptures.replace(in: filter) { _ in "+" })
  }

  private static func range(_ space: RegisterSpace, _ address: Int, _ count: Int) -> RegisterRange? {
    guard let address = UInt16(exactly: address), let count = UInt16(exactly: count) else { return nil }
    return RegisterRange(unit: space.unit, table: space.table, address: address, count: count)
  }
}

/// One value that has to be read.
public struct PlannedValue: Sendable, Hashable {
  /// From its first to its last register.
  public var range: RegisterRange
  /// The addresses of its words where they are no neighbours; else empty.
  public var words: [UInt16]
  /// How often it is read.
  public var pollClass: PollClass
  /// It may be missing.
  public var isOptional: Bool

  /// Everything as given; by default all registers of the range belong to the value, and it may not be missing.
  public init(range: RegisterRange, words: [UInt16] = [], pollClass: PollClass, isOptional: Bool = false) {
    self.range = range
    self.words = words
    self.pollClass = pollClass
    self.isOptional = isOptional
  }

  /// The addresses that it is made of.
  public var addresses: [Int] {
    words.isEmpty ? Array(range.addresses) : words.map { Int($0) }
  }
}
