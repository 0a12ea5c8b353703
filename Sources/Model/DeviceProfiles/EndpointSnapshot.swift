public import EnergyModel

/// Everything that an endpoint said, at one moment: what expressions of its parts can see.
public struct EndpointSnapshot: Sendable {
  /// The profile with the installation's parameters.
  public let bound: BoundProfile
  let layout: EndpointLayout
  let slots: [EndpointDecoder.Slot]
  let map: RegisterMap
  let powers: [ValueConverter.Power?]
  let sparkplug: SparkplugNodes?

  /// The last value of a field, local or control as an expression of a part writes it (`socPercent`,
  /// `battery.powerW`); `nil` if the name is unknown or was never seen.
  public func value(
    _ name: String, part: Int
  ) -> (value: ScalarValue, quality: Quality, observedAt: Timestamp)? {
    guard let place = layout.place(name, part: part), slots[place].isSeen else { return nil }
    let slot = slots[place]
    return (slot.value, slot.quality, slot.observedAt)
  }

  /// An expression of a part; names without a value are `null`.
  ///
  /// - Parameters:
  ///   - input: arguments of a command, for `input.name`.
  ///   - before: values at the time of sending, for `before.name`.
  public func evaluate(
    _ expression: Expression, part: Int, input: [String: ScalarValue] = [:], before: [String: ScalarValue] = [:]
  ) -> ScalarValue {
    expression.evaluate { lookUp($0, part, input, before) }
  }

  /// The time of the oldest of some names that come from the device, directly or through a computation; `nil` if one
  /// of them was never seen. Arguments, parameters and constants have no time; where nothing else is asked for the
  /// answer is the far future, because nothing can get fresher.
  public func oldestObservation(of names: Set<String>, part: Int) -> Timestamp? {
    var oldest = Timestamp(milliseconds: .max)
    for name in names where !Self.isGiven(name) {
      guard let place = layout.place(name, part: part) else { return nil }
      guard !layout.points[place].isConstant else { continue }
      guard slots[place].isSeen else {
        // What a device may lack, and never gave, cannot be waited for.
        if layout.points[place].isOptional { continue }
        return nil
      }
      oldest = min(oldest, slots[place].observedAt)
    }
    return oldest
  }

  /// The values that expressions of a part can see, for `before`: its own by their names, those of other parts as
  /// `part.name`.
  public func values(part: Int) -> [String: ScalarValue] {
    var values: [String: ScalarValue] = [:]
    for (index, point) in layout.points.enumerated() where slots[index].isSeen && !point.name.isEmpty {
      let name = point.part == part ? point.name : "\(bound.profile.parts[point.part].name).\(point.name)"
      if values[name] == nil { values[name] = slots[index].value }
    }
    return values
  }

  private static func isGiven(_ name: String) -> Bool {
    name.hasPrefix("input.") || name.hasPrefix("before.") || name.hasPrefix("parameter.")
  }

  func lookUp(
    _ name: String, _ part: Int, _ input: [String: ScalarValue], _ before: [String: ScalarValue]
  ) -> ScalarValue {
    func rest(_ prefix: String) -> String? { name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil }
    if let kept = rest("login.") { return .text(LoginMark.mark(kept)) }
    if let argument = rest("input.") { return input[argument] ?? .null }
    if let earlier = rest("before.") { return before[earlier] ?? .null }
    if let parameter = rest("parameter.") { return bound.parameters[parameter] ?? .null }
    return layout.place(name, part: part).map { slots[$0].value } ?? .null
  }
}
