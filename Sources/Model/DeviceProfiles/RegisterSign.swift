import EnergyModel

/// A register by which a product can be told among others, and what it must say there.
public struct RegisterSign: Sendable {
  /// The product.
  public let profileID: String
  /// What has to be read.
  public let range: RegisterRange
  /// Whether the profile says that this and nothing else identifies the product; otherwise it is only likely.
  public let isCertain: Bool
  private let source: RegisterSource
  private let conversion: PointConversion
  private let verdict: Verdict

  fileprivate enum Verdict: Sendable {
    /// One of these, with `*` for any text.
    case matches([String])
    /// Any code that the profile has a word for.
    case known
  }

  /// Shorter patterns would match by chance, as would patterns of nothing but a `*`.
  static let shortestPattern = 2

  /// What the device says, if that is what this product says; else `nil`.
  public func words(in registers: [UInt16]) -> String? {
    guard registers.count >= source.type.registerCount else { return nil }
    let converter = ValueConverter(conversion, type: source.type, output: .text, valid: nil)
    guard let raw = source.type.decode(registers, at: 0, order: source.order) else { return nil }
    let outcome = converter.convert(raw, power: .none)
    guard outcome.quality == .good, outcome.value != .null else { return nil }
    let text = outcome.value.description
    switch verdict {
    case .matches(let patterns): return patterns.contains { Glob.matches(text, pattern: $0) } ? text : nil
    case .known: return conversion.enumeration?.values.contains(.text(text)) == true ? text : nil
    }
  }
}

extension DeviceProfile {
  /// The registers by which the product can be told: what `identify` says; without it the names that it gives itself.
  public var registerSigns: [RegisterSign] {
    if let identify {
      guard case .register(let source) = identify.source else { return [] }
      let sign = RegisterSign(
        self, source, PointConversion(), .matches(identify.matches), isCertain: true)
      return sign.map { [$0] } ?? []
    }
    let named = parts.flatMap(\.points).filter { $0.name == "model" }
    return named.compactMap { point in
      guard case .register(let source) = point.source else { return nil }
      if point.conversion.enumeration != nil {
        return RegisterSign(self, source, point.conversion, .known, isCertain: false)
      }
      guard case .string = source.type else { return nil }
      let patterns = products.filter { $0.count { $0 != "*" } >= RegisterSign.shortestPattern }
      return RegisterSign(self, source, point.conversion, .matches(patterns), isCertain: false)
    }
  }

  /// The register that holds the serial number, where there is one.
  public var serialNumberSign: RegisterSign? {
    let points = parts.flatMap(\.points).filter { $0.name == "serialNumber" }
    return points.lazy.compactMap { point in
      guard case .register(let source) = point.source else { return nil }
      return RegisterSign(self, source, point.conversion, .matches(["*"]), isCertain: false)
    }.first
  }
}

extension RegisterSign {
  /// `nil` for what cannot be read in one piece from the device's own unit or a fixed one.
  fileprivate init?(
    _ profile: DeviceProfile, _ source: RegisterSource, _ conversion: PointConversion, _ verdict: Verdict,
    isCertain: Bool
  ) {
    guard source.words.isEmpty, source.repetition == nil, source.orderParameter == nil, !source.table.isBits else {
      return nil
    }
    var unit: UInt8?
    switch source.unit {
    case .own: unit = nil
    case .number(let number): unit = number
    case .parameter: return nil
    }
    profileID = profile.id
    range = RegisterRange(
      unit: unit, table: source.table, address: source.address, count: UInt16(clamping: source.type.registerCount))
    self.source = source
    self.conversion = conversion
    self.verdict = verdict
    self.isCertain = isCertain
  }
}
