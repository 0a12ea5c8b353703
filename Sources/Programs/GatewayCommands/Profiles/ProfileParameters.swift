import ArgumentParser
import DeviceProfiles
import EnergyModel
import ProfileExplanation

/// What an installation would say about a profile, from the command line.
struct ProfileParameters: ParsableArguments {
  @Option(
    name: [.long, .customLong("param")], help: "A parameter of the profile as NAME=VALUE. Repeatable.")
  var parameter: [String] = []

  /// Stands for a secret that nothing needs as long as the device is not asked.
  private static let placeholder = "secret"

  /// The profile with these parameters and the defaults of the others.
  ///
  /// - Parameter isOffline: the device is not asked, so secrets need not be given.
  func bind(_ profile: DeviceProfile, isOffline: Bool = true) throws(CommandFailure) -> BoundProfile {
    var given = try values(profile)
    if isOffline {
      for parameter in profile.parameters
      where parameter.isSecret && parameter.kind == .text && parameter.defaultValue == nil {
        given[parameter.name] = given[parameter.name] ?? .text(Self.placeholder)
      }
    }
    let missing = profile.parameters.filter { $0.defaultValue == nil && given[$0.name] == nil }
    guard missing.isEmpty else {
      let names = missing.map { $0.help.isEmpty ? "\($0.name)=…" : "\($0.name)=… (\($0.help))" }
      throw CommandFailure(
        message: "the profile \(profile.id) needs \(ProfileWords.count(missing.count, "parameter")) without a default",
        hint: "add " + names.map { "--parameter \($0)" }.joined(separator: " "), status: .usage)
    }
    do throws(ProfileBindingError) {
      return try BoundProfile(profile: profile, parameters: given)
    } catch {
      throw CommandFailure(message: error.message, hint: error.hint, status: .usage)
    }
  }

  private func values(_ profile: DeviceProfile) throws(CommandFailure) -> [String: ScalarValue] {
    var values: [String: ScalarValue] = [:]
    for entry in parameter {
      guard let equals = entry.firstIndex(of: "="), equals != entry.startIndex else {
        throw CommandFailure(message: "'\(entry)' is not NAME=VALUE", status: .usage)
      }
      let name = String(entry[..<equals])
      let text = String(entry[entry.index(after: equals)...])
      let kind = profile.parameters.first { $0.name == name }?.kind
      values[name] = kind.map { Self.value(text, $0) } ?? .text(text)
    }
    return values
  }

  /// The text in the type of the parameter; what does not fit is refused by the profile in its own words.
  private static func value(_ text: String, _ kind: ProfileParameter.Kind) -> ScalarValue {
    switch kind {
    case .integer, .number: Double(text).flatMap { $0.isFinite ? .number($0) : nil } ?? .text(text)
    case .flag: text == "true" ? .flag(true) : text == "false" ? .flag(false) : .text(text)
    case .text, .choice: .text(text)
    }
  }
}
