import DeviceProfiles
import EnergyModel

/// Where a value sits in the memory of a device.
struct RegisterPlace: Sendable, Hashable {
  var space: RegisterSpace
  /// Where its words stand, highest first; one for a bit.
  var words: [Int]
  /// How far it is to the same value of the next of several things, how many there are, and what becomes of them.
  var repetition: RegisterRepetition?

  init(space: RegisterSpace, address: UInt16, count: Int) {
    self.space = space
    words = (0..<max(1, count)).map { Int(address) + $0 }
  }

  init(_ source: RegisterSource, unit: UInt8?) {
    self.init(
      space: RegisterSpace(unit: unit, table: source.table), address: source.address, count: source.type.registerCount)
    if !source.words.isEmpty { words = source.words.map { Int($0) } }
    repetition = source.repetition
  }

  var addresses: ClosedRange<Int> { (words.min() ?? 0)...(words.max() ?? 0) }

  /// The places of all of several.
  var all: [RegisterPlace] {
    guard let repetition else { return [self] }
    return (0..<repetition.max).map { element in
      var place = self
      place.words = words.map { $0 + element * repetition.step }
      return place
    }
  }
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

  private var words: [RegisterSpace: [UInt16: UInt16]] = [:]
  private var blocks: [RegisterSpace: [ClosedRange<Int>]] = [:]
  private(set) var controls: [ControlPlace] = []
  private let layout: SunSpecLayout?
  private let scaleFactors: ScaleFactors
  private let maxGap: Int
  /// What a gateway reads to know which form the product has.
  private var parameterPlaces: [RegisterPlace] = []
  private let bound: BoundProfile

  init(bound: BoundProfile, settings: ModbusSettings, layout: SunSpecLayout?, scaleFactors: ScaleFactors) {
    self.layout = layout
    self.bound = bound
    self.scaleFactors = scaleFactors
    maxGap = max(0, settings.maxGap)
    for unit in layout?.units ?? [] {
      let space = RegisterSpace(unit: unit, table: .holding)
      for (address, value) in layout?.skeleton ?? [] { words[space, default: [:]][address] = value }
    }
    placeControls(bound.profile)
    placeIdentity(bound.profile)
    for point in bound.profile.parts.flatMap(\.points) {
      guard let source = place(of: point.source) else { continue }
      for place in source.all { reserve(place) }
      placeScaleFactor(point.source.sunSpec)
    }
    placeParameters(bound)
    for block in settings.blocks { reserve(bound.range(of: block)) }
    findBlocks()
  }

  // MARK: Places

  /// Where a point sits; `nil` for points that are in no register.
  func place(of source: PointSource) -> RegisterPlace? {
    switch source {
    case .register(let register): RegisterPlace(register, unit: bound.otherUnit(source))
    case .sunSpec(let point): layout?.place(of: point)?.register
    default: nil
    }
  }

  private mutating func placeControls(_ profile: DeviceProfile) {
    for (index, part) in profile.parts.enumerated() {
      for control in part.controls {
        let source: RegisterPlace?
        switch control.destination {
        case .register(let register): source = place(of: .register(register))
        case .sunSpec(let point):
          source = layout?.place(of: point)?.register
          placeScaleFactor(point)
        }
        guard let source else { continue }
        controls.append(
          ControlPlace(
            part: index, name: control.name, place: source, function: control.writeFunction, range: control.range))
        put(Array(repeating: 0, count: source.words.count), source)
      }
    }
  }

  /// Makes sure that the place of a point can be read, before it has a value.
  private mutating func reserve(_ source: RegisterPlace) {
    for address in source.words.compactMap({ UInt16(exactly: $0) }) where words[source.space]?[address] == nil {
      words[source.space, default: [:]][address] = 0
    }
    // Words that are no neighbours come from one read.
    for address in source.addresses {
      guard let address = UInt16(exactly: address), words[source.space]?[address] == nil else { continue }
      words[source.space, default: [:]][address] = 0
    }
  }

  /// A device that is read in blocks has all of them.
  private mutating func reserve(_ block: RegisterRange) {
    reserve(RegisterPlace(space: block.space, address: block.address, count: Int(block.count)))
  }

  private mutating func placeScaleFactor(_ point: SunSpecSource?) {
    guard let point, let place = layout?.place(of: point), let address = place.scaleFactorAddress else { return }
    let exponent = scaleFactors.exponent(address: address)
    words[place.register.space, default: [:]][address] = UInt16(bitPattern: Int16(clamping: exponent))
  }

  private mutating func placeIdentity(_ profile: DeviceProfile) {
    guard let identity = profile.identify, let source = place(of: identity.source) else { return }
    if case .register(let register) = identity.source, let raw = Self.number(identity.matches.first ?? "", register) {
      return put(raw, source)
    }
    let text = Array(PlausibleValues.filled(identity.matches.first ?? "").utf8.prefix(2 * source.words.count))
    let padded = text + [UInt8](repeating: 0, count: 2 * source.words.count - text.count)
    let raw = stride(from: 0, to: padded.count, by: 2).map { UInt16(padded[$0]) << 8 | UInt16(padded[$0 + 1]) }
    put(raw, source)
  }

  /// The words of an identity that is a number; `nil` for text.
  private static func number(_ text: String, _ register: RegisterSource) -> [UInt16]? {
    if case .string = register.type { return nil }
    guard let value = UInt64(text) else { return nil }
    let count = register.type.registerCount
    let words = (0..<count).map { UInt16(truncatingIfNeeded: value >> UInt64(16 * (count - 1 - $0))) }
    return switch register.order {
    case .abcd: words
    case .cdab: words.reversed()
    case .badc: words.map(\.byteSwapped)
    case .dcba: words.reversed().map(\.byteSwapped)
    }
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
    parameterPlaces.contains { $0.space == source.space && $0.addresses.overlaps(source.addresses) }
  }

  /// Known addresses with small gaps between them can be read in one request, as on real devices.
  private mutating func findBlocks() {
    for (space, memory) in words {
      var found: [ClosedRange<Int>] = []
      for address in memory.keys.map({ Int($0) }).sorted() {
        if let last = found.last, address - last.upperBound <= maxGap + 1 {
          found[found.count - 1] = last.lowerBound...address
        } else {
          found.append(address...address)
        }
      }
      blocks[space] = found
    }
  }

  // MARK: Content

  /// Writes the value of a point into memory, unless the place belongs to a control: those keep what was written.
  mutating func show(_ value: ScalarValue, at point: ProfilePoint, part: Int, evenOnControls: Bool) {
    guard let source = place(of: point.source), evenOnControls || !isControl(source), !isParameter(source)
    else { return }
    let place = point.source.sunSpec.flatMap { layout?.place(of: $0) }
    let exponent = scaleFactors.exponent(point.conversion, address: place?.scaleFactorAddress, part: part)
    let places = source.all
    for (element, one) in places.enumerated() {
      // The first of several that are added has all of it.
      let isRest = element > 0 && source.repetition?.combine == .sum
      switch Self.encoded(isRest ? .number(0) : value, point, exponent, place?.model) {
      case .registers(let raw):
        let bits = point.conversion.bits ?? point.source.registerBits
        if let bits { put(raw, one, bits: bits) } else { put(raw, one) }
      case .bit(let bit): put([bit ? 1 : 0], one)
      default: break
      }
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
    controls.contains { $0.place.space == source.space && $0.place.addresses.overlaps(source.addresses) }
  }

  private mutating func put(_ raw: [UInt16], _ source: RegisterPlace) {
    for (place, word) in zip(source.words, raw) {
      guard let address = UInt16(exactly: place) else { return }
      words[source.space, default: [:]][address] = word
    }
  }

  /// Writes some bits of an integer whose other bits belong to other points.
  private mutating func put(_ raw: [UInt16], _ source: RegisterPlace, bits: ClosedRange<Int>) {
    var merged = raw
    for index in merged.indices {
      guard source.words.indices.contains(index), let address = UInt16(exactly: source.words[index]) else { return }
      let lowestBit = 16 * (merged.count - 1 - index)
      let present = words[source.space]?[address] ?? 0
      for bit in 0..<16 where !bits.contains(lowestBit + bit) {
        merged[index] = merged[index] & ~(1 << UInt16(bit)) | present & (1 << UInt16(bit))
      }
    }
    put(merged, source)
  }

  /// Writes without asking, as the device itself does.
  mutating func put(_ values: [UInt16], space: RegisterSpace, address: UInt16) {
    for (offset, word) in values.enumerated() {
      guard let place = UInt16(exactly: Int(address) + offset) else { return }
      words[space, default: [:]][place] = word
    }
  }

  /// The words of a range; `nil` where the device has none.
  func read(_ range: RegisterRange) -> [UInt16]? {
    guard range.count > 0 else { return nil }
    let first = Int(range.address)
    let last = first + Int(range.count) - 1
    guard last <= Int(UInt16.max),
      blocks[range.space]?.contains(where: { $0.contains(first) && $0.contains(last) }) == true
    else { return nil }
    let memory = words[range.space] ?? [:]
    return (first...last).map { memory[UInt16(clamping: $0)] ?? 0 }
  }

  /// The controls that a write covers; `nil` unless it covers whole controls and nothing else, by a function that
  /// they take.
  func controls(
    space: RegisterSpace, address: UInt16, count: Int, function: WriteFunction?
  ) -> [ControlPlace]? {
    let range = Int(address)...(Int(address) + max(1, count) - 1)
    let touched = controls.filter { $0.place.space == space && $0.place.addresses.overlaps(range) }
    let covered = Set(touched.flatMap { Array($0.place.addresses) })
    guard covered == Set(range) else { return nil }
    let isTaken = touched.allSatisfy { $0.function == nil || function == nil || $0.function == function }
    return isTaken ? touched : nil
  }
}
