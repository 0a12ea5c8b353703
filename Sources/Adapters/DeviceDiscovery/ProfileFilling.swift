import DeviceProfiles
import EnergyModel

/// A profile bound with what was found out, the rest filled with stand-ins.
struct ProfileFilling {
  let bound: BoundProfile
  /// What was found out.
  let parameters: [String: ScalarValue]
  /// What the installation has to say itself.
  let missing: [String]

  /// `nil` where what was found out does not fit the profile.
  init?(_ profile: DeviceProfile, _ found: [String: ScalarValue]) {
    var all = found
    var missing: [String] = []
    for parameter in profile.parameters where parameter.defaultValue == nil && found[parameter.name] == nil {
      missing.append(parameter.name)
      all[parameter.name] = parameter.standIn
    }
    guard let bound = try? BoundProfile(profile: profile, parameters: all) else { return nil }
    self.bound = bound
    parameters = found
    self.missing = missing
  }

  /// The names of the parameters that somebody still has to give.
  static func missing(_ profile: DeviceProfile, _ found: [String: ScalarValue]) -> [String] {
    profile.parameters.filter { $0.defaultValue == nil && found[$0.name] == nil }.map(\.name)
  }
}

extension ProfileParameter {
  fileprivate var standIn: ScalarValue {
    switch kind {
    case .integer(let range): .number(Double(range.contains(1) ? 1 : range.lowerBound))
    case .number(let range): .number(range.contains(1) ? 1 : range.lowerBound)
    case .text: .text("x")
    case .flag: .flag(false)
    case .choice(let words): .text(words.first ?? "")
    }
  }
}
