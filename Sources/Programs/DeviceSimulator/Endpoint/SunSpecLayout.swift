import DeviceProfiles

/// Where a simulated device keeps its SunSpec models: marker, chain of models, end mark.
struct SunSpecLayout: Sendable {
  let base: UInt16
  /// In the order of the chain. `start` is the address of the model's id.
  private(set) var models: [(id: UInt16, start: Int, length: Int)] = []
  private var end: Int
  /// The units that have the models; all of them have the same.
  let units: Set<UInt8?>
  private let bound: BoundProfile

  /// `SunS`.
  static let marker: [UInt16] = [0x5375, 0x6E53]
  /// The device answers for one of several alternative models: for the inverters with three phases and integers, which
  /// are the most common ones.
  static let preferred: Set<UInt16> = [103, 203]

  /// `nil` when nothing in the profile is a SunSpec point.
  init?(_ bound: BoundProfile) {
    let profile = bound.profile
    guard case .modbus(let settings) = profile.transport else { return nil }
    var sources: [SunSpecSource] = []
    for part in profile.parts {
      sources += part.points.compactMap(\.source.sunSpec)
      for control in part.controls { if case .sunSpec(let source) = control.destination { sources.append(source) } }
    }
    if let source = profile.identify?.source.sunSpec { sources.append(source) }
    guard !sources.isEmpty else { return nil }
    self.bound = bound
    units = Set(sources.map { bound.otherUnit(.sunSpec($0)) })
    base = settings.sunSpecBases.first ?? 40000
    end = Int(base) + Self.marker.count
    append(1, atLeast: 0)
    for (id, count) in Self.needed(sources) where id != 1 {
      let longest = sources.filter { $0.models.contains(id) }.map { $0.offset + $0.type.registerCount - 2 }.max() ?? 0
      for _ in 0..<count { append(id, atLeast: longest) }
    }
  }

  /// Model ids with the number of instances, ascending.
  private static func needed(_ sources: [SunSpecSource]) -> [(id: UInt16, count: Int)] {
    var counts: [UInt16: Int] = [:]
    // Sources that leave no choice first: the others follow them.
    for source in sources.sorted(by: { $0.models.count < $1.models.count }) {
      let chosen =
        source.models.first { counts[$0] != nil } ?? source.models.first { preferred.contains($0) }
        ?? source.models.first
      guard let chosen else { continue }
      counts[chosen] = max(counts[chosen] ?? 0, max(1, min(source.instance, 8)))
    }
    return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private mutating func append(_ id: UInt16, atLeast longest: Int) {
    let length = max(SunSpecModels.length(id) ?? 0, longest)
    models.append((id, end, length))
    end += 2 + length
  }

  /// A point with its place in memory.
  struct Place: Sendable, Hashable {
    var model: UInt16
    var register: RegisterPlace
    /// Where its power of ten is, if it has one.
    var scaleFactorAddress: UInt16?
  }

  /// Where a point is; `nil` if the device has none of its models.
  func place(of source: SunSpecSource) -> Place? {
    for id in source.models {
      let found = models.filter { $0.id == id }
      guard found.indices.contains(source.instance - 1) else { continue }
      let start = found[source.instance - 1].start
      let definition = source.point.flatMap { SunSpecModels.point($0, model: id) }
      let scaleFactor = definition.map(\.scaleFactorOffset) ?? source.scaleFactorOffset
      guard let address = UInt16(exactly: start + (definition?.offset ?? source.offset)) else { return nil }
      return Place(
        model: id,
        register: RegisterPlace(
          space: RegisterSpace(unit: bound.otherUnit(.sunSpec(source)), table: .holding), address: address,
          count: (definition?.type ?? source.type).registerCount),
        scaleFactorAddress: scaleFactor.flatMap { UInt16(exactly: start + $0) })
    }
    return nil
  }

  /// Everything that is there before values are filled in: marker, ids, lengths, "not implemented" and the end mark.
  var skeleton: [(address: UInt16, value: UInt16)] {
    var words = Self.marker.enumerated().map { (Int(base) + $0.offset, $0.element) }
    for model in models {
      words.append((model.start, model.id))
      words.append((model.start + 1, UInt16(clamping: model.length)))
      // Most types read 0xFFFF or 0x8000 as "not implemented"; text and counters read 0.
      for offset in 2..<(2 + max(0, model.length)) { words.append((model.start + offset, model.id == 1 ? 0 : 0xFFFF)) }
      for name in SunSpecModels.pointNames(model: model.id) {
        guard let point = SunSpecModels.point(name, model: model.id) else { continue }
        words += point.notImplemented.enumerated().map { (model.start + point.offset + $0.offset, $0.element) }
      }
    }
    words.append((end, 0xFFFF))
    words.append((end + 1, 0))
    return words.compactMap { address, value in UInt16(exactly: address).map { ($0, value) } }
  }
}
