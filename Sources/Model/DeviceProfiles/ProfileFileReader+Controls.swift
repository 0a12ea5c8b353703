import EnergyModel
import LocatedYAML

/// Registers and coils that commands write.
extension ProfileFileReader {
  private static let controlKeys = [
    "holding", "coil", "sunspec", "type", "length", "order", "scale", "offset", "scaleFactor", "unit", "negate",
    "enum", "range", "write", "poll",
  ]

  func readControls(_ node: YAMLNode?, part: Int) {
    guard let node else { return }
    guard case .modbus = transport, node.isMapping else {
      node.report(Finding.control, "controls are registers and coils: they need the transport modbus")
      return
    }
    for (key, value) in node.entries {
      guard let name = identifier(key), value.expectMapping(keys: Self.controlKeys),
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
      parts[part].controls.append(control)
    }
  }

  private func writeFunction(_ node: YAMLNode, _ source: PointSource) -> WriteFunction? {
    guard let stated = node["write"], let number = stated.integerValue() else { return nil }
    guard let function = WriteFunction(rawValue: number) else {
      stated.report(Finding.control, "registers are written with function 6 or 16, not \(number)")
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
    return function
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
      node["range"]?.report(
        Finding.control, "\(ScalarValue.number(bound)) does not fit the register (\(type.word)) of '\(control.name)'")
    }
  }
}
