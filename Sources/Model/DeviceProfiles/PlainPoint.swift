import EnergyModel

/// What a decoder needs for a number of one point, in memory without references: nearly all points are numbers that are
/// scaled and checked, and nothing else. `ValueConverter` knows everything else, and says the same of these numbers.
struct PlainPoint: Sendable, BitwiseCopyable {
  /// What a number becomes; NaN where there is no value.
  struct Outcome: BitwiseCopyable {
    var number: Double
    var quality: Quality

    static var missing: Outcome { Outcome(number: .nan, quality: .missing) }
  }

  let part: Int
  /// `nil` for locals and controls.
  let field: Field?
  /// The place of the local that holds the power of ten; −1 if there is none.
  let scaleFactor: Int
  private let linear: LinearConversion
  /// Raw numbers that mean "no value"; NaN where there are fewer.
  private let marks: (Double, Double)
  private let lowest: Double
  private let highest: Double

  /// `nil` where a number needs more than this.
  init?(_ point: EndpointLayout.Point) {
    guard point.combine == nil, point.joins.isEmpty, let plain = point.converter.plain else { return nil }
    part = point.part
    field = point.field
    scaleFactor = point.scaleFactor ?? -1
    linear = plain.linear
    marks = (plain.marks.first ?? .nan, plain.marks.count > 1 ? plain.marks[1] : .nan)
    lowest = plain.valid?.lowerBound ?? -.infinity
    highest = plain.valid?.upperBound ?? .infinity
  }

  /// - Parameters:
  ///   - raw: as the device gives it, to be compared with the marks.
  ///   - number: what to compute with.
  func convert(_ raw: Double, as number: Double, _ power: ValueConverter.Power) -> Outcome {
    guard raw.isFinite, raw != marks.0, raw != marks.1, power != .absent else { return .missing }
    let value = linear.apply(number, power)
    guard value.isFinite else { return .missing }
    return Outcome(number: value, quality: value >= lowest && value <= highest ? .good : .suspect)
  }
}

extension ValueConverter {
  /// What a plain number needs.
  struct Plain {
    var linear: LinearConversion
    var marks: [Double]
    var valid: ClosedRange<Double>?
  }

  /// `nil` where numbers become something else, or have more marks than two.
  var plain: Plain? {
    guard conversion.flags == nil, conversion.enumeration == nil, conversion.bits == nil else { return nil }
    switch output {
    case .number, .any: break
    case .flag, .text, .label: return nil
    }
    let stated = conversion.invalid.compactMap(\.number)
    let marks = stated.compactMap { mark in type.map { $0.plainMark(mark) } ?? mark }
    guard marks.count == stated.count, marks.count <= 2 else { return nil }
    return Plain(linear: linear, marks: marks, valid: valid)
  }
}

extension RegisterType {
  /// A mark as the number that a register of this type gives for it; `nil` where that is not one number.
  fileprivate func plainMark(_ mark: Double) -> Double? {
    switch self {
    case .u16, .u32, .u64: return mark
    case .i16, .i32:
      // A mark may be written as the number or as the bits: -32768 or 0x8000.
      let size: Double = self == .i16 ? 0x1_0000 : 0x1_0000_0000
      return mark >= size / 2 && mark < size ? mark - size : mark
    case .f32: return Double(Float(mark))
    case .u8, .i8, .i64, .f64, .bcd16, .bcd32, .string, .bit: return nil
    }
  }
}
