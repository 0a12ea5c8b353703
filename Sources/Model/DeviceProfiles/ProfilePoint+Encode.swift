public import EnergyModel

extension ProfilePoint {
  /// What a device has to say so that this point has a value: the inverse of decoding, for what plays a device.
  ///
  /// `null` becomes the point's mark for "no value". Computed points, constants, words without a code and numbers that
  /// do not fit the register have no inverse: `nil`. Points with `bits` give the register with their own bits only.
  ///
  /// - Parameters:
  ///   - value: in SI, or a word of the field's vocabulary.
  ///   - scaleFactor: the power of ten that the device serves as this point's scale factor; 0 where it has none.
  ///   - model: the SunSpec model that is served; the first of the point's list where it is `nil`.
  public func encode(_ value: ScalarValue, scaleFactor: Int, model: UInt16? = nil) -> RawValue? {
    let output: ValueConverter.Output = if case .field(let field) = target { .output(of: field) } else { .any }
    func raw(_ type: RegisterType?) -> ScalarValue? {
      let converter = ValueConverter(conversion, type: type, output: output, valid: nil)
      return converter.raw(for: value, power: scaleFactor == 0 ? .none : .of(scaleFactor))
    }
    switch source {
    case .register(let register):
      if register.type == .bit { return raw(.bit).flatMap(Self.bit) }
      if value == .null {
        return conversion.invalid.first.flatMap { encodeMark($0, register.type, register.order) }
      }
      return raw(register.type).flatMap { register.type.encode($0, order: register.order) }.map { .registers($0) }
    case .sunSpec(let point):
      let definition = point.point.flatMap { name in
        (model ?? point.models.first).flatMap { SunSpecModels.point(name, model: $0) }
      }
      let type = definition?.type ?? point.type
      if value == .null {
        return definition.map { .registers($0.notImplemented) }
          ?? conversion.invalid.first.flatMap { encodeMark($0, type, .abcd) }
      }
      return raw(type).flatMap { type.encode($0, order: .abcd) }.map { .registers($0) }
    case .message, .response:
      return value == .null ? .scalar(conversion.invalid.first ?? .null) : raw(nil).map { .scalar($0) }
    case .computed, .constant: return nil
    }
  }

  /// A mark may be written as bits that are more than a signed type can hold.
  private func encodeMark(_ mark: ScalarValue, _ type: RegisterType, _ order: WordOrder) -> RawValue? {
    if let registers = type.encode(mark, order: order) { return .registers(registers) }
    let unsigned: RegisterType =
      switch type.registerCount {
      case 1: .u16
      case 2: .u32
      default: .u64
      }
    return unsigned.encode(mark, order: order).map { .registers($0) }
  }

  private static func bit(_ raw: ScalarValue) -> RawValue? {
    switch raw {
    case .flag(let flag): .bit(flag)
    case .number(let number): .bit(number != 0)
    case .text, .null: nil
    }
  }
}

extension ValueConverter.Output {
  static func output(of field: Field) -> Self { ValueConverter.output(of: field) }
}
