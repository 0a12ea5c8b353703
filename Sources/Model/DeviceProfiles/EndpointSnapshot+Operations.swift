public import EnergyModel

extension EndpointSnapshot {
  /// Turns steps into complete wire operations.
  ///
  /// Controls that are neighbours within one `write` become one request. An entry that uses an optional argument which
  /// was not given is left out. Throws when a name has no value, a control is outside its range or what its register
  /// can hold, or its SunSpec address or scale factor is not known.
  ///
  /// - Parameter seenSince: a control that is read, and had the value already at this time or later, is not written
  ///   again: for settings in flash. With `nil` everything is written.
  public func operations(
    for steps: [CommandStep], part: Int, input: [String: ScalarValue], before: [String: ScalarValue],
    unlessSeenSince seenSince: Timestamp? = nil
  ) throws(EncodingError) -> [WireOperation] {
    let renderer = TemplateRenderer(parameters: bound.parameters) { lookUp($0, part, input, before) }
    var operations: [WireOperation] = []
    for step in steps {
      switch step {
      case .wait(let duration): operations.append(.wait(duration))
      case .publish(let template):
        operations.append(try renderer.publish(template) { sparkplug?.type(of: $0, commandTopic: $1) })
      case .request(let template): operations.append(.request(try renderer.request(template)))
      case .modify(let template):
        if let modification = try renderer.modification(template) { operations.append(.modify(modification)) }
      case .write(let entries):
        var writes: [ControlWrite] = []
        for entry in entries {
          guard let value = try valueToWrite(entry, renderer) else { continue }
          if let seenSince, has(value, control: entry.control, part: part, since: seenSince) { continue }
          writes.append(try encode(value, control: entry.control, part: part))
        }
        operations += ControlWrite.merged(writes).map(\.operation)
      }
    }
    return operations
  }

  private func has(_ value: ScalarValue, control: String, part: Int, since: Timestamp) -> Bool {
    guard let seen = self.value(control, part: part), seen.quality == .good, seen.observedAt >= since else {
      return false
    }
    if let wanted = value.number, let present = seen.value.number {
      return (wanted - present).magnitude <= 1e-9 * max(1, wanted.magnitude)
    }
    return seen.value == value
  }

  private func valueToWrite(
    _ entry: (control: String, value: Expression), _ renderer: TemplateRenderer
  ) throws(EncodingError) -> ScalarValue? {
    do throws(EncodingError) {
      return try renderer.optional(entry.value)
    } catch {
      throw EncodingError(message: "\(entry.control): \(error.message)")
    }
  }

  private func encode(_ value: ScalarValue, control name: String, part: Int) throws(EncodingError) -> ControlWrite {
    guard layout.parts.indices.contains(part), let index = layout.parts[part].controls[name] else {
      throw EncodingError(message: "\(name): there is no such control")
    }
    let control = layout.controls[index]
    guard map.destinations.indices.contains(index), let destination = map.destinations[index] else {
      throw EncodingError(message: "\(name): the device has not said yet what it is, or lacks the SunSpec model")
    }
    guard value != .null else { throw EncodingError(message: "\(name): there is no value to write") }
    if let range = control.control.range {
      guard let number = value.number, range.holds(number) else {
        let limits = "\(ScalarValue.number(range.lowerBound))..\(ScalarValue.number(range.upperBound))"
        throw EncodingError(message: "\(name): \(value) is outside \(limits)")
      }
    }
    let power = try power(for: control, destination)
    guard let raw = control.converter.raw(for: value, power: power) else {
      throw EncodingError(message: "\(name): there is no code for '\(value)'")
    }
    if destination.type == .bit {
      return ControlWrite(unit: destination.unit, address: destination.address, payload: .coil(try bit(raw, name)))
    }
    // Bits are placed in the register already, and the highest of them is no sign.
    let type = control.control.conversion.bits == nil ? destination.type : .u16
    guard let registers = type.encode(raw, order: destination.order) else {
      throw EncodingError(message: "\(name): \(raw) does not fit the register (\(destination.type.word))")
    }
    var payload = ControlWrite.Payload.registers(registers)
    if let mask = control.control.mask, let value = registers.first { payload = .bits(mask: mask, value: value & mask) }
    return ControlWrite(
      unit: destination.unit, address: destination.address, payload: payload, function: control.control.writeFunction)
  }

  private func power(
    for control: EndpointLayout.Control, _ destination: RegisterMap.Destination
  ) throws(EncodingError) -> ValueConverter.Power {
    let power: ValueConverter.Power?
    if let index = destination.scaleFactor {
      power = powers.indices.contains(index) ? powers[index] : nil
    } else if let place = control.scaleFactor {
      power =
        slots[place].isSeen
        ? slots[place].value.number.flatMap { Int(exactly: $0) }.map { .of($0) } ?? .absent : nil
    } else {
      return .none
    }
    switch power {
    case nil: throw EncodingError(message: "\(control.control.name): its scale factor was not read yet")
    case .absent: throw EncodingError(message: "\(control.control.name): the device gives no scale factor for it")
    case .some(let known): return known
    }
  }

  private func bit(_ raw: ScalarValue, _ name: String) throws(EncodingError) -> Bool {
    switch raw {
    case .flag(let flag): return flag
    case .number(let number) where number == 0 || number == 1: return number == 1
    case .number, .text, .null: throw EncodingError(message: "\(name): '\(raw)' is not a flag")
    }
  }
}

/// One control as it goes out, before neighbours are joined.
private struct ControlWrite {
  enum Payload {
    case registers([UInt16])
    case coil(Bool)
    /// Some bits of one register, in their places.
    case bits(mask: UInt16, value: UInt16)
  }

  /// By the standard, FC 16 cannot write more.
  static let maxRegisters = 123

  var unit: UInt8?
  var address: Int
  var payload: Payload
  var function: WriteFunction?

  var operation: WireOperation {
    let address = UInt16(clamping: address)
    return switch payload {
    case .coil(let value): .writeCoil(unit: unit, address: address, value: value)
    case .bits(let mask, let value):
      .modifyRegister(unit: unit, address: address, mask: mask, value: value, function: function ?? .single)
    case .registers(let values):
      .writeRegisters(
        unit: unit, address: address, values: values, function: function ?? (values.count == 1 ? .single : .multiple))
    }
  }

  /// Joins neighbours; a joined write goes out at the place of its first member.
  static func merged(_ writes: [ControlWrite]) -> [ControlWrite] {
    var result = writes
    var index = 0
    while index < result.count {
      if let other = result.indices.first(where: { $0 > index && result[index].joined(with: result[$0]) != nil }),
        let joined = result[index].joined(with: result[other])
      {
        result[index] = joined
        result.remove(at: other)
      } else {
        index += 1
      }
    }
    return result
  }

  private func joined(with other: ControlWrite) -> ControlWrite? {
    guard unit == other.unit else { return nil }
    if case .bits(let mask, let value) = payload, case .bits(let otherMask, let otherValue) = other.payload,
      address == other.address, function == other.function
    {
      let merged = Payload.bits(mask: mask | otherMask, value: value & ~otherMask | otherValue)
      return ControlWrite(unit: unit, address: address, payload: merged, function: function)
    }
    guard case .registers(let own) = payload, case .registers(let others) = other.payload, function != .single,
      other.function != .single, own.count + others.count <= Self.maxRegisters
    else { return nil }
    if address + own.count == other.address {
      return ControlWrite(unit: unit, address: address, payload: .registers(own + others), function: .multiple)
    }
    if other.address + others.count == address {
      return ControlWrite(unit: unit, address: other.address, payload: .registers(others + own), function: .multiple)
    }
    return nil
  }
}

extension ClosedRange<Double> {
  /// Contains a number up to the noise of computing with it.
  fileprivate func holds(_ value: Double) -> Bool {
    let slack = Swift.max(lowerBound.magnitude, upperBound.magnitude) * 1e-12
    return value >= lowerBound - slack && value <= upperBound + slack
  }
}
