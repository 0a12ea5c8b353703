import DeviceProfiles
import EnergyModel

/// The powers of ten that a simulated device chooses for values with a scale factor register of their own.
struct ScaleFactors: Sendable {
  /// A scale factor is named by a local of a part, or sits in a register of a SunSpec model.
  enum Place: Hashable {
    case local(String, part: Int)
    case register(UInt16)
  }

  private var exponents: [Place: Int] = [:]

  init(profile: DeviceProfile, layout: SunSpecLayout?) {
    var wished: [Place: [Int]] = [:]
    for (index, part) in profile.parts.enumerated() {
      for point in part.points {
        guard let unit = Self.unit(of: point, in: part) else { continue }
        let address = point.source.sunSpec.flatMap { layout?.place(of: $0)?.scaleFactorAddress }
        for place in Self.places(point.conversion, address, part: index) {
          wished[place, default: []].append(Self.exponent(of: unit))
        }
      }
      for control in part.controls {
        var address: UInt16?
        if case .sunSpec(let source) = control.destination { address = layout?.place(of: source)?.scaleFactorAddress }
        for place in Self.places(control.conversion, address, part: index) {
          wished[place, default: []].append(Self.exponent(of: control))
        }
      }
    }
    // The coarsest wish wins, so that the largest value still fits.
    exponents = wished.mapValues { $0.max() ?? 0 }
  }

  /// The unit of a field, or of the field that is computed from a local.
  private static func unit(of point: ProfilePoint, in part: ProfilePart) -> Unit? {
    if case .field(let field) = point.target { return field.unit }
    for other in part.points {
      guard case .field(let field) = other.target, case .computed(let expression) = other.source else { continue }
      if expression.names.contains(point.name) { return field.unit }
    }
    return nil
  }

  private static func places(_ conversion: PointConversion, _ address: UInt16?, part: Int) -> [Place] {
    var result: [Place] = []
    if let name = conversion.scaleFactorName { result.append(.local(name, part: part)) }
    if let address { result.append(.register(address)) }
    return result
  }

  private static func exponent(of unit: Unit) -> Int {
    switch unit {
    case .volt, .celsius, .percent: -1
    case .ampere, .hertz, .count: -2
    default: 0
    }
  }

  private static func exponent(of control: ProfileControl) -> Int {
    guard let range = control.range else { return 0 }
    return max(abs(range.lowerBound), abs(range.upperBound)) <= 300 ? -2 : 0
  }

  /// The exponent behind a local; `nil` when the local is no scale factor.
  func exponent(local name: String, part: Int) -> Int? { exponents[.local(name, part: part)] }

  /// The exponent in a register of a SunSpec model; 0 when only values without a wish use it.
  func exponent(address: UInt16) -> Int { exponents[.register(address)] ?? 0 }

  /// The exponent that a value is written with.
  func exponent(_ conversion: PointConversion, address: UInt16?, part: Int) -> Int {
    if let name = conversion.scaleFactorName { return exponent(local: name, part: part) ?? 0 }
    return address.map { exponent(address: $0) } ?? 0
  }
}

extension PointSource {
  /// The bits of its register that the value takes; `nil` for whole registers.
  var registerBits: ClosedRange<Int>? { if case .register(let source) = self { source.type.registerBits } else { nil } }

  /// The SunSpec source, if it is one.
  var sunSpec: SunSpecSource? { if case .sunSpec(let source) = self { source } else { nil } }
}
