import EnergyModel
import LocatedYAML

/// Registers and coils that commands write.
extension ProfileFileReader {
  private static let controlKeys = [
    "holding", "coil", "sunspec", "bits", "signed", "scale", "offset", "scaleFactor", "unit", "negate", "enum", "range",
    "write", "poll",
  ]

  func readControls(_ node: YAMLNode?, part: Int) {
    guard let node else { return }
    guard case .modbus = transport, node.isMapping else {
      node.report(Finding.control, "controls are registers and coils: they need the transport modbus")
      return
    }
    for (key, value) in node.entries {
      guard let name = identifier(key), value.expectMapping(keys: Self.controlKeys + Self.registerKeys),
        let source = source(value, scope: .part(part))
      else { continue }
      let destination: ProfileControl.Destination
      switch source {
      case .register(let register): destination = .register(register)
      case .sunSpec(let point): destination = .sunSpec(point)
      default: continue
      }
      let control = ProfileControl(
        name: name, destination: destination, conversion: readConversion(value, .local(name), part),
        range: value["range"].flatMap { rangeValue($0) }, writeFunction: writeFunction(value, source),
        pollClass: value["poll"].flatMap { pollClass($0) }, line: value.line)
      checkControl(control, source, value)
      checkPart(control, source, value)
      parts[part].controls.append(control)
    }
  }

  private func writeFunction(_ node: YAMLNode, _ source: PointSource) -> WriteFunction? {
    guard let stated = node["write"], let number = stated.integerValue() else { return nil }
    guard let function = WriteFunction(rawValue: number) else {
      stated.report(Finding.control, "registers are written with function 6, 16 or 22, not \(number)")
      return nil
    }
    if source.registerType == .bit {
      stated.report(Finding.control, "a coil is written with function 5: leave out 'write'")
      return nil
    }
    if function == .single, let count = source.registerType?.registerCount, count > 1 {
      stated.report(Finding.control, "function 6 writes one register, this value has \(count)", hint: "write: 16")
      return nil
    }
    let isPart = node["bits"] != nil || source.registerType?.registerBits != nil
    if function == .maskWrite, !isPart {
      stated.report(
        Finding.control, "function 22 changes some bits of a register, and this is all of it", hint: "add 'bits'")
      return nil
    }
    return function
  }

  /// A part of a register can be written because the adapter knows the rest of it.
  private func checkPart(_ control: ProfileControl, _ source: PointSource, _ node: YAMLNode) {
    if case .register(let register) = source, !register.words.isEmpty {
      node["holding"]?.report(Finding.words, "words that are no neighbours are not written in one request")
    }
    guard let bits = node["bits"] else { return }
    guard case .register(let register) = source, register.type == .u16 else {
      bits.report(Finding.control, "bits are written in one holding register of type u16")
      return
    }
    if control.mask == nil { bits.report(Finding.control, "a register has the bits 0 to 15") }
  }

  private func checkControl(_ control: ProfileControl, _ source: PointSource, _ node: YAMLNode) {
    if case .sunSpec(let point) = control.destination, let name = point.point, let model = point.models.first,
      SunSpecModels.point(name, model: model)?.isWritable == false
    {
      node["sunspec"]?.report(Finding.control, "\(name) of SunSpec model \(model) is read-only in the standard")
    }
    guard let type = source.registerType else { return }
    switch type {
    case .bit, .string:
      node["range"]?.report(Finding.control, "a range is for numbers")
      return
    default: break
    }
    guard let range = control.range else {
      if control.conversion.enumeration == nil, node["range"] == nil {
        node.report(
          Finding.control, "'\(control.name)' needs a range: the values that may be written",
          hint: "such as range: 0..100")
      }
      return
    }
    // With a scale factor only the device knows what fits.
    if case .sunSpec = control.destination { return }
    if control.conversion.scaleFactorName != nil { return }
    let converter = ValueConverter(control.conversion, type: type, output: .any, valid: nil)
    for bound in [range.lowerBound, range.upperBound] {
      let raw = converter.raw(for: .number(bound), power: .none)
      guard raw.flatMap({ type.encode($0, order: .abcd) }) == nil else { continue }
      let place = control.conversion.bits.map { "\($0.count) bits" } ?? "register (\(type.word))"
      node["range"]?.report(
        Finding.control, "\(ScalarValue.number(bound)) does not fit the \(place) of '\(control.name)'")
    }
  }
}
