import DeviceProfiles
import EnergyModel

/// Where a value sits in the memory of a device.
struct RegisterPlace: Sendable, Hashable {
  var table: RegisterTable
  var address: UInt16
  /// Registers, or 1 for a bit.
  var count: Int

  init(table: RegisterTable, address: UInt16, count: Int) {
    self.table = table
    self.address = address
    self.count = max(1, count)
  }

  init(_ source: RegisterSource) {
    self.init(table: source.table, address: source.address, count: source.type.registerCount)
  }

  var addresses: ClosedRange<Int> { Int(address)...(Int(address) + count - 1) }
}

/// The memory of a simulated Modbus device, and what of it may be written.
struct RegisterImage: Sendable {
  /// A control with its place in memory.
  struct ControlPlace: Sendable {
    var part: Int
    var name: String
    var place: RegisterPlace
    var function: WriteFunction?
    var range: ClosedRange<Double>?
  }

  private var words: [RegisterTable: [UInt16: UInt16]] = [:]
  private var blocks: [RegisterTable: [ClosedRange<Int>]] = [:]
  private(set) var controls: [ControlPlace] = []
  private let layout: SunSpecLayout?
  private let scaleFactors: ScaleFactors
  private let maxGap: Int
  /// What a gateway reads to know which form the product has.
  private var parameterPlaces: [RegisterPlace] = []

  init(bound: BoundProfile, settings: ModbusSettings, layout: SunSpecLayout?, scaleFactors: ScaleFactors) {
    self.layout = layout
    self.scaleFactors = scaleFactors
    maxGap = max(0, settings.maxGap)
    for (address, value) in layout?.skeleton ?? [] { words[.holding, default: [:]][address] = value }
    placeControls(bound.profile)
    placeIdentity(bound.profile)
    for point in bound.profile.parts.flatMap(\.points) {
      guard let source = place(of: point.source) else { continue }
      reserve(source)
      placeScaleFactor(point.source.sunSpec)
    }
    placeParameters(bound)
    findBlocks()
  }

  // MARK: Places

  /// Where a point sits; `nil` for points that are in no register.
  func place(of source: PointSource) -> RegisterPlace? {
    switch source {
    case .register(let register): RegisterPlace(register)
    case .sunSpec(let point): layout?.place(of: point)?.register
    default: nil
    }
  }

  private mutating func placeControls(_ profile: DeviceProfile) {
    for (index, part) in profile.parts.enumerated() {
      for control in part.controls {
        let source: RegisterPlace?
        switch control.destination {
        case .register(let register): source = RegisterPlace(register)
        case .sunSpec(let point):
          source = layout?.place(of: point)?.register
          placeScaleFactor(point)
        }
        guard let source else { continue }
        controls.append(
          ControlPlace(
            part: index, name: control.name, place: source, function: control.writeFunction, range: control.range))
        put(Array(repeating: 0, count: source.count), source)
      }
    }
  }

  /// Makes sure that the place of a point can be read, before it has a value.
  private mutating func reserve(_ source: RegisterPlace) {
    for offset in 0..<source.count {
      guard let address = UInt16(exactly: Int(source.address) + offset) else { return }
      if words[source.table]?[address] == nil { words[source.table, default: [:]][address] = 0 }
    }
  }

  private mutating func placeScaleFactor(_ point: SunSpecSource?) {
    guard let point, let address = layout?.place(of: point)?.scaleFactorAddress else { return }
    let exponent = scaleFactors.exponent(address: address)
    words[.holding, default: [:]][address] = UInt16(bitPattern: Int16(clamping: exponent))
  }

  private mutating func placeIdentity(_ profile: DeviceProfile) {
    guard let identity = profile.identify, let source = place(of: identity.source) else { return }
    let text = Array(PlausibleValues.filled(identity.matches.first ?? "").utf8.prefix(2 * source.count))
    let padded = text + [UInt8](repeating: 0, count: 2 * source.count - text.count)
    let raw = stride(from: 0, to: padded.count, by: 2).map { UInt16(padded[$0]) << 8 | UInt16(padded[$0 + 1]) }
    put(raw, source)
  }

  private mutating func placeParameters(_ bound: BoundProfile) {
    for parameter in bound.profile.parameters {
      guard let point = parameter.read, let source = place(of: point.source),
        let value = bound.parameters[parameter.name]
      else { continue }
      reserve(source)
      show(value, at: point, part: 0, evenOnControls: true)
      parameterPlaces.append(source)
    }
  }

  private func isParameter(_ source: RegisterPlace) -> Bool {
    parameterPlaces.contains { $0.table == source.table && $0.addresses.overlaps(source.addresses) }
  }

  /// Known addresses with small gaps between them can be read in one request, as on real devices.
  private mutating func findBlocks() {
    for (table, memory) in words {
      var found: [ClosedRange<Int>] = []
      for address in memory.keys.map({ Int($0) }).sorted() {
        if let last = found.last, address - last.upperBound <= maxGap + 1 {
          found[found.count - 1] = last.lowerBound...address
        } else {
          found.append(address...address)
        }
      }
      blocks[table] = found
    }
  }

  // MARK: Content

  /// Writes the value of a point into memory, unless the place belongs to a control: those keep what was written.
  mutating func show(_ value: ScalarValue, at point: ProfilePoint, part: Int, evenOnControls: Bool) {
    guard let source = place(of: point.source), evenOnControls || !isControl(source), !isParameter(source)
    else { return }
    let place = point.source.sunSpec.flatMap { layout?.place(of: $0) }
    let exponent = scaleFactors.exponent(point.conversion, address: place?.scaleFactorAddress, part: part)
    switch Self.encoded(value, point, exponent, place?.model) {
    case .registers(let raw):
      if let bits = point.conversion.bits { put(raw, source, bits: bits) } else { put(raw, source) }
    case .bit(let bit): put([bit ? 1 : 0], source)
    default: break
    }
  }

  /// The value, or the nearest one that the product has a code for.
  private static func encoded(
    _ value: ScalarValue, _ point: ProfilePoint, _ exponent: Int, _ model: UInt16?
  ) -> RawValue? {
    if let raw = point.encode(value, scaleFactor: exponent, model: model) { return raw }
    guard case .text(let word) = value else { return nil }
    for near in PlausibleValues.nearest(to: word) {
      if let raw = point.encode(.text(near), scaleFactor: exponent, model: model) { return raw }
    }
    return nil
  }

  private func isControl(_ source: RegisterPlace) -> Bool {
    controls.contains { $0.place.table == source.table && $0.place.addresses.overlaps(source.addresses) }
  }

  private mutating func put(_ raw: [UInt16], _ source: RegisterPlace) {
    for (offset, word) in raw.prefix(source.count).enumerated() {
      guard let address = UInt16(exactly: Int(source.address) + offset) else { return }
      words[source.table, default: [:]][address] = word
    }
  }

  /// Writes some bits of an integer whose other bits belong to other points.
  private mutating func put(_ raw: [UInt16], _ source: RegisterPlace, bits: ClosedRange<Int>) {
    var merged = raw
    for index in merged.indices {
      guard let address = UInt16(exactly: Int(source.address) + index) else { return }
      let lowestBit = 16 * (merged.count - 1 - index)
      let present = words[source.table]?[address] ?? 0
      for bit in 0..<16 where !bits.contains(lowestBit + bit) {
        merged[index] = merged[index] & ~(1 << UInt16(bit)) | present & (1 << UInt16(bit))
      }
    }
    put(merged, source)
  }

  /// Writes without asking, as the device itself does.
  mutating func put(_ values: [UInt16], table: RegisterTable, address: UInt16) {
    for (offset, word) in values.enumerated() {
      guard let place = UInt16(exactly: Int(address) + offset) else { return }
      words[table, default: [:]][place] = word
    }
  }

  /// The words of a range; `nil` where the device has none.
  func read(_ range: RegisterRange) -> [UInt16]? {
    guard range.count > 0 else { return nil }
    let first = Int(range.address)
    let last = first + Int(range.count) - 1
    guard last <= Int(UInt16.max),
      blocks[range.table]?.contains(where: { $0.contains(first) && $0.contains(last) }) == true
    else { return nil }
    let memory = words[range.table] ?? [:]
    return (first...last).map { memory[UInt16(clamping: $0)] ?? 0 }
  }

  /// The controls that a write covers; `nil` unless it covers whole controls and nothing else, by a function that
  /// they take.
  func controls(
    table: RegisterTable, address: UInt16, count: Int, function: WriteFunction?
  ) -> [ControlPlace]? {
    let range = Int(address)...(Int(address) + max(1, count) - 1)
    let touched = controls.filter { $0.place.table == table && $0.place.addresses.overlaps(range) }
    let covered = Set(touched.flatMap { Array($0.place.addresses) })
    guard covered == Set(range) else { return nil }
    let isTaken = touched.allSatisfy { $0.function == nil || function == nil || $0.function == function }
    return isTaken ? touched : nil
  }
}
