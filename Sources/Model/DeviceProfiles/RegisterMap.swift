import EnergyModel

/// Where the points of an endpoint stand in the device's memory, and in which requests they are read. Made when the
/// set-up is complete, because SunSpec addresses come from the device.
struct RegisterMap: Sendable {
  /// One value in a table.
  struct Place: Sendable {
    var point: Int
    var address: Int
    /// Registers from the first to the last of its words.
    var count: Int
    /// Where its words stand behind `address`, highest first, where they are no neighbours; else empty.
    var words: [Int] = []
    var type: RegisterType
    var order: WordOrder
    var standard: SunSpecType?
    /// Index into `scaleFactors`.
    var scaleFactor: Int?
    var isScaleFactor: Bool
    /// What it is one of, by index into `groups`, where several values become one.
    var group: Int?
    /// Which one of its group.
    var element = 0

    var range: Range<Int> { address..<(address + count) }
  }

  /// Values that stand in memory several times and become one.
  struct Group: Sendable {
    var point: Int
    var combine: Combine
    /// How many there can be.
    var size: Int
    /// The point that says how many there are; `nil` where it is `size`.
    var count: Int?
  }

  struct ScaleFactor: Sendable, Hashable {
    var unit: UInt8?
    var address: Int
  }

  struct Destination: Sendable {
    var unit: UInt8?
    var table: RegisterTable
    var address: Int
    var type: RegisterType
    var order: WordOrder
    /// Index into `scaleFactors`.
    var scaleFactor: Int?
  }

  /// Sorted by address.
  private(set) var places: [RegisterSpace: [Place]] = [:]
  private var cells: [RegisterSpace: Cells] = [:]
  private(set) var groups: [Group] = []
  /// Addresses of SunSpec scale factors in holding tables.
  private(set) var scaleFactors: [ScaleFactor] = []
  /// By the layout's index of controls; `nil` where the device does not have the model.
  private(set) var destinations: [Destination?] = []
  /// Points whose SunSpec model the device does not have.
  private(set) var absent: [Int] = []
  private(set) var plan: [PlannedRead] = []
  /// Whether any SunSpec point of the endpoint's own unit was found, or none was asked for.
  private(set) var hasSunSpecPoints = true

  init() {}

  init(_ layout: EndpointLayout, _ models: SunSpecInventory) {
    guard case .modbus(let settings) = layout.bound.profile.transport else { return }
    let planner = ReadPlanner(settings, layout.bound)
    var items: [ReadPlanner.Item] = []
    var isFound = false
    var isMissed = false
    for (index, point) in layout.points.enumerated() {
      switch point.source {
      case .register(let register):
        items += add(register, index, point, layout)
      case .sunSpec(let source):
        let wanted = add(source, index, point, models, planner)
        if wanted.isEmpty { absent.append(index) }
        if source.unit == .own { if wanted.isEmpty { isMissed = true } else { isFound = true } }
        items += wanted
      case .message, .response, .computed, .constant: break
      }
    }
    hasSunSpecPoints = isFound || !isMissed
    for control in layout.controls { items += add(control, models, planner) }
    for space in places.keys { places[space]?.sort { $0.address < $1.address } }
    cells = places.mapValues { Cells($0, layout) }
    plan = planner.plan(items)
  }

  func places(_ space: RegisterSpace) -> [Place] { places[space] ?? [] }

  /// In a fixed order.
  var spaces: [RegisterSpace] { places.keys.sorted() }

  /// Index for index the same as `places`.
  func cells(_ space: RegisterSpace) -> Cells { cells[space] ?? Cells([], nil) }

  // MARK: Building

  private mutating func add(
    _ register: RegisterSource, _ index: Int, _ point: EndpointLayout.Point, _ layout: EndpointLayout
  ) -> [ReadPlanner.Item] {
    let space = RegisterSpace(unit: register.unit.number, table: register.table)
    let first = register.words.map { Int($0) }.min() ?? Int(register.address)
    var place = Place(
      point: index, address: first, count: register.span, words: register.words.map { Int($0) - first },
      type: register.type, order: register.order, isScaleFactor: point.isScaleFactor)
    if let repetition = register.repetition {
      var group = Group(point: index, combine: repetition.combine, size: repetition.max)
      if case .local(let name) = repetition.count, let counter = layout.place(name, part: point.part) {
        if let known = layout.fixedNumber(counter) {
          group.size = Int(exactly: known.rounded()).map { min(max(0, $0), repetition.max) } ?? 0
        } else {
          group.count = counter
        }
      }
      place.group = groups.count
      groups.append(group)
    }
    var items: [ReadPlanner.Item] = []
    for element in 0..<(place.group.map { groups[$0].size } ?? 1) {
      place.element = element
      place.address = first + element * (register.repetition?.step ?? 0)
      guard place.range.upperBound <= 0x10000 else { break }
      places[space, default: []].append(place)
      // Of a number that the device says, the last ones may be missing.
      let isCounted = element > 0 && place.group.map { groups[$0].count != nil } ?? false
      let isOptional = point.isOptional || isCounted
      items.append(
        ReadPlanner.Item(
          space: space, address: place.address, count: place.count, pollClass: point.pollClass, isOptional: isOptional))
    }
    return items
  }

  private mutating func add(
    _ source: SunSpecSource, _ index: Int, _ point: EndpointLayout.Point, _ models: SunSpecInventory,
    _ planner: ReadPlanner
  ) -> [ReadPlanner.Item] {
    guard let located = SunSpecLocation(source, models) else { return [] }
    let space = RegisterSpace(unit: source.unit.number, table: .holding)
    var place = Place(
      point: index, address: located.address, count: located.type.registerCount, type: located.type, order: .abcd,
      standard: located.standard, scaleFactor: located.scaleFactorAddress.map { remember($0, unit: space.unit) },
      isScaleFactor: point.isScaleFactor)
    guard let combine = source.combine else {
      places[space, default: []].append(place)
      return located.items(space, point.pollClass, planner)
    }
    let addresses = located.repeatedAddresses
    place.group = groups.count
    groups.append(Group(point: index, combine: combine, size: addresses.count))
    for (element, address) in addresses.enumerated() {
      place.element = element
      place.address = address
      places[space, default: []].append(place)
    }
    return addresses.flatMap { located.at($0).items(space, point.pollClass, planner) }
  }

  /// What has to be read so that a control can be written: its scale factor.
  private mutating func add(
    _ control: EndpointLayout.Control, _ models: SunSpecInventory, _ planner: ReadPlanner
  ) -> [ReadPlanner.Item] {
    switch control.control.destination {
    case .register(let register):
      destinations.append(
        Destination(
          unit: register.unit.number, table: register.table, address: Int(register.address), type: register.type,
          order: register.order))
      return []
    case .sunSpec(let source):
      guard let located = SunSpecLocation(source, models) else {
        destinations.append(nil)
        return []
      }
      let unit = source.unit.number
      let scaleFactor = located.scaleFactorAddress.map { remember($0, unit: unit) }
      destinations.append(
        Destination(
          unit: unit, table: .holding, address: located.address, type: located.type, order: .abcd,
          scaleFactor: scaleFactor))
      guard scaleFactor != nil, control.control.pollClass == nil else { return [] }
      return located.items(RegisterSpace(unit: unit, table: .holding), .slow, planner)
    }
  }

  private mutating func remember(_ address: Int, unit: UInt8?) -> Int {
    let factor = ScaleFactor(unit: unit, address: address)
    if let known = scaleFactors.firstIndex(of: factor) { return known }
    scaleFactors.append(factor)
    return scaleFactors.count - 1
  }
}

extension RegisterSource {
  /// Registers from the first to the last word of one value.
  var span: Int {
    guard let low = words.min(), let high = words.max() else { return type.registerCount }
    return Int(high) - Int(low) + 1
  }
}

/// The SunSpec models that a device has, by unit; the own unit is `nil`.
typealias SunSpecInventory = [UInt8?: SunSpecDiscovery]

/// A SunSpec point on a device whose models are known.
struct SunSpecLocation {
  private(set) var address: Int
  let type: RegisterType
  let standard: SunSpecType?
  let scaleFactorAddress: Int?
  private let model: SunSpecDiscovery.Model

  /// `nil` where the device does not have the model or its model is too short for the point.
  init?(_ source: SunSpecSource, _ models: SunSpecInventory) {
    let discovery = models[source.unit.number]
    guard let model = discovery?.model(among: source.models, instance: source.instance) else { return nil }
    var offset = source.offset
    var scaleFactorOffset = source.scaleFactorOffset
    var standard: SunSpecType?
    if let name = source.point {
      guard let definition = SunSpecModels.point(name, model: model.id) else { return nil }
      offset = definition.offset
      scaleFactorOffset = definition.scaleFactorOffset
      standard = definition.kind
    }
    let type = standard?.registerType ?? source.type
    let end = model.address + 2 + model.length
    guard model.address + offset + type.registerCount <= min(end, 0x10000) else { return nil }
    self.model = model
    self.type = type
    self.standard = standard
    address = model.address + offset
    scaleFactorAddress = scaleFactorOffset.flatMap { model.address + $0 < min(end, 0x10000) ? model.address + $0 : nil }
  }

  /// The same point in each repeated block; the model's length says how many there are.
  var repeatedAddresses: [Int] {
    let end = min(model.address + 2 + model.length, 0x10000)
    let size = SunSpecModels.repeatedSize(model.id) ?? model.length
    guard size > 0 else { return [address] }
    return stride(from: address, through: end - type.registerCount, by: size).prefix(SunSpecModels.maxRepetitions)
      .map { $0 }
  }

  /// The same point in another block.
  func at(_ address: Int) -> SunSpecLocation {
    var other = self
    other.address = address
    return other
  }

  /// The whole model where one request can take it, so that all its values and scale factors are of one moment; else
  /// the value with its scale factor; else the two alone.
  func items(_ space: RegisterSpace, _ pollClass: PollClass, _ planner: ReadPlanner) -> [ReadPlanner.Item] {
    func item(_ start: Int, _ count: Int) -> ReadPlanner.Item {
      ReadPlanner.Item(space: space, address: start, count: count, pollClass: pollClass)
    }
    let limit = planner.limit(.holding)
    if model.length + 2 <= limit, model.address + model.length + 2 <= 0x10000 {
      return [item(model.address, model.length + 2)]
    }
    let value = item(address, type.registerCount)
    guard let scaleFactorAddress else { return [value] }
    let start = min(address, scaleFactorAddress)
    let end = max(value.end, scaleFactorAddress + 1)
    return end - start <= limit ? [item(start, end - start)] : [value, item(scaleFactorAddress, 1)]
  }
}
