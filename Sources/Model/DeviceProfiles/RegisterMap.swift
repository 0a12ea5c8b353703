import EnergyModel

/// Where the points of an endpoint stand in the device's memory, and in which requests they are read. Made when the
/// set-up is complete, because SunSpec addresses come from the device.
struct RegisterMap: Sendable {
  /// One value in a table.
  struct Place: Sendable {
    var point: Int
    var address: Int
    var count: Int
    var type: RegisterType
    var order: WordOrder
    var standard: SunSpecType?
    /// Index into `scaleFactors`.
    var scaleFactor: Int?
    var isScaleFactor: Bool
  }

  struct Destination: Sendable {
    var table: RegisterTable
    var address: Int
    var type: RegisterType
    var order: WordOrder
    /// Index into `scaleFactors`.
    var scaleFactor: Int?
  }

  /// By table, sorted by address.
  private(set) var holding: [Place] = []
  private(set) var input: [Place] = []
  private(set) var coil: [Place] = []
  private(set) var discrete: [Place] = []
  /// Addresses of SunSpec scale factors in the holding table.
  private(set) var scaleFactors: [Int] = []
  /// By the layout's index of controls; `nil` where the device does not have the model.
  private(set) var destinations: [Destination?] = []
  /// Points whose SunSpec model the device does not have.
  private(set) var absent: [Int] = []
  private(set) var plan: [PlannedRead] = []
  /// Whether any SunSpec point was found, or none was asked for.
  private(set) var hasSunSpecPoints = true

  init() {}

  init(_ layout: EndpointLayout, _ discovery: SunSpecDiscovery?) {
    guard case .modbus(let settings) = layout.bound.profile.transport else { return }
    let planner = ReadPlanner(maxRegisters: settings.maxRegisters, maxGap: settings.maxGap)
    var items: [ReadPlanner.Item] = []
    var found = false
    for (index, point) in layout.points.enumerated() {
      switch point.source {
      case .register(let register):
        items.append(add(register, index, point))
      case .sunSpec(let source):
        let wanted = add(source, index, point, discovery, planner)
        if wanted.isEmpty { absent.append(index) } else { found = true }
        items += wanted
      case .message, .response, .computed, .constant: break
      }
    }
    hasSunSpecPoints = found || absent.isEmpty
    for control in layout.controls { items += add(control, discovery, planner) }
    holding.sort { $0.address < $1.address }
    input.sort { $0.address < $1.address }
    coil.sort { $0.address < $1.address }
    discrete.sort { $0.address < $1.address }
    plan = planner.plan(items)
  }

  func places(_ table: RegisterTable) -> [Place] {
    switch table {
    case .holding: holding
    case .input: input
    case .coil: coil
    case .discrete: discrete
    }
  }

  /// The index of the first place that stands at an address or behind it.
  static func lowerBound(_ places: [Place], _ address: Int) -> Int {
    var low = 0
    var high = places.count
    while low < high {
      let middle = (low + high) / 2
      if places[middle].address < address { low = middle + 1 } else { high = middle }
    }
    return low
  }

  // MARK: Building

  private mutating func add(
    _ register: RegisterSource, _ index: Int, _ point: EndpointLayout.Point
  ) -> ReadPlanner.Item {
    let place = Place(
      point: index, address: Int(register.address), count: register.type.registerCount, type: register.type,
      order: register.order, isScaleFactor: point.isScaleFactor)
    switch register.table {
    case .holding: holding.append(place)
    case .input: input.append(place)
    case .coil: coil.append(place)
    case .discrete: discrete.append(place)
    }
    return ReadPlanner.Item(
      table: register.table, address: place.address, count: place.count, pollClass: point.pollClass,
      isOptional: point.isOptional)
  }

  private mutating func add(
    _ source: SunSpecSource, _ index: Int, _ point: EndpointLayout.Point, _ discovery: SunSpecDiscovery?,
    _ planner: ReadPlanner
  ) -> [ReadPlanner.Item] {
    guard let located = SunSpecLocation(source, discovery) else { return [] }
    holding.append(
      Place(
        point: index, address: located.address, count: located.type.registerCount, type: located.type, order: .abcd,
        standard: located.standard, scaleFactor: located.scaleFactorAddress.map { remember($0) },
        isScaleFactor: point.isScaleFactor))
    return located.items(point.pollClass, planner)
  }

  /// What has to be read so that a control can be written: its scale factor.
  private mutating func add(
    _ control: EndpointLayout.Control, _ discovery: SunSpecDiscovery?, _ planner: ReadPlanner
  ) -> [ReadPlanner.Item] {
    switch control.control.destination {
    case .register(let register):
      destinations.append(
        Destination(
          table: register.table, address: Int(register.address), type: register.type, order: register.order))
      return []
    case .sunSpec(let source):
      guard let located = SunSpecLocation(source, discovery) else {
        destinations.append(nil)
        return []
      }
      let scaleFactor = located.scaleFactorAddress.map { remember($0) }
      destinations.append(
        Destination(
          table: .holding, address: located.address, type: located.type, order: .abcd, scaleFactor: scaleFactor))
      guard scaleFactor != nil, control.control.pollClass == nil else { return [] }
      return located.items(.slow, planner)
    }
  }

  private mutating func remember(_ address: Int) -> Int {
    if let known = scaleFactors.firstIndex(of: address) { return known }
    scaleFactors.append(address)
    return scaleFactors.count - 1
  }
}

/// A SunSpec point on a device whose models are known.
struct SunSpecLocation {
  let address: Int
  let type: RegisterType
  let standard: SunSpecType?
  let scaleFactorAddress: Int?
  private let model: SunSpecDiscovery.Model

  /// `nil` where the device does not have the model or its model is too short for the point.
  init?(_ source: SunSpecSource, _ discovery: SunSpecDiscovery?) {
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

  /// The whole model where one request can take it, so that all its values and scale factors are of one moment; else
  /// the value with its scale factor; else the two alone.
  func items(_ pollClass: PollClass, _ planner: ReadPlanner) -> [ReadPlanner.Item] {
    func item(_ start: Int, _ count: Int) -> ReadPlanner.Item {
      ReadPlanner.Item(table: .holding, address: start, count: count, pollClass: pollClass)
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
