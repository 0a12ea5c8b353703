import EnergyModel

/// Another form of a product: what its firmware, its model or an installation's choice changes.
public struct ProfileVariant: Sendable {
  /// The name for people: `hv`, `firmware-2`.
  public var name: String
  /// Over parameters; the first variant of a profile for which it is true is in force.
  public var when: Expression
  /// The whole profile with the variant laid over it.
  public var profile: DeviceProfile
  /// The line of the profile, for messages.
  public var line: Int
}

extension DeviceProfile {
  /// The profile itself and its variants: everything that can be in force.
  public var forms: [DeviceProfile] { [self] + variants.map(\.profile) }

  /// The same without the check of the product, for captures that do not tell it.
  public var unidentified: DeviceProfile {
    var copy = self
    copy.identify = nil
    for index in copy.variants.indices { copy.variants[index].profile.identify = nil }
    return copy
  }

  /// The variant for these parameters; `nil` = the profile as it is.
  func variant(for parameters: [String: ScalarValue]) -> ProfileVariant? {
    variants.first { variant in
      variant.when.evaluate { name in name.after("parameter.").flatMap { parameters[$0] } ?? .null } == .flag(true)
    }
  }

  /// The same with the byte orders that parameters say.
  func ordered(by parameters: [String: ScalarValue]) -> DeviceProfile {
    var copy = self
    for part in copy.parts.indices {
      for point in copy.parts[part].points.indices { copy.parts[part].points[point].source.order(by: parameters) }
      for control in copy.parts[part].controls.indices {
        if case .register(var register) = copy.parts[part].controls[control].destination {
          register.order(by: parameters)
          copy.parts[part].controls[control].destination = .register(register)
        }
      }
    }
    copy.identify?.source.order(by: parameters)
    for parameter in copy.parameters.indices { copy.parameters[parameter].read?.source.order(by: parameters) }
    return copy
  }
}

extension PointSource {
  fileprivate mutating func order(by parameters: [String: ScalarValue]) {
    guard case .register(var register) = self else { return }
    register.order(by: parameters)
    self = .register(register)
  }
}

extension RegisterSource {
  fileprivate mutating func order(by parameters: [String: ScalarValue]) {
    guard let name = orderParameter, case .text(let word) = parameters[name] else { return }
    order = WordOrder(rawValue: word) ?? order
  }
}
