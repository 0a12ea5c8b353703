import AdapterKit
public import DeviceProfiles
public import EnergyModel

/// A command that a device can do now, with its limits as numbers.
public struct AvailableCommand: Sendable {
  /// One argument with its live limits.
  public struct Input: Sendable {
    /// The key of the argument in a request's input.
    public var name: String
    /// What the argument may be.
    public var type: InputType
    /// The least number that the device takes now, in the unit of `type`; `nil` = no limit, or not known yet.
    public var minimum: Double?
    /// The greatest number that the device takes now, in the unit of `type`; `nil` = no limit, or not known yet.
    public var maximum: Double?
    /// What is sent where the request leaves the argument out, as far as it is known now.
    public var defaultValue: ScalarValue?
    /// Whether a request without the argument is refused.
    public var isRequired: Bool
    /// One sentence for people, from the profile.
    public var help: String
  }

  /// What an argument may be.
  public enum InputType: Sendable, Hashable {
    /// A number in that unit.
    case number(Unit)
    case flag
    case choice([String])
  }

  /// How a request names the command.
  public var name: CommandName
  /// One sentence for people, from the profile.
  public var summary: String
  /// The arguments, in the profile's order.
  public var inputs: [Input]
  /// Whether a duration may be given: it is undone afterwards.
  public var acceptsDuration: Bool
}

extension DispatchTarget {
  /// What the device can do, with limits from its live values.
  public func availableCommands(_ snapshot: EndpointSnapshot?) -> [AvailableCommand] {
    // The variant in force, where the device has said which it is.
    let description = snapshot?.bound.profile.parts[part] ?? description
    let refresh = AvailableCommand(
      name: .refresh, summary: "Read the device now.", inputs: [], acceptsDuration: false)
    let reset = AvailableCommand(
      name: CommandName(kind: kind, verb: ProfilePart.resetVerb),
      summary: "End every override and restore the settings from before the commands of this gateway.", inputs: [],
      acceptsDuration: false)
    return description.verbs.compactMap { verb in
      guard let command = description.command(verb) else { return nil }
      return AvailableCommand(
        name: CommandName(kind: kind, verb: verb), summary: command.summary,
        inputs: command.inputs.map { describe($0, snapshot) }, acceptsDuration: description.revert(of: command) != nil)
    } + (canRestore ? [reset] : []) + [refresh]
  }

  private func describe(_ input: CommandInput, _ snapshot: EndpointSnapshot?) -> AvailableCommand.Input {
    let type: AvailableCommand.InputType =
      switch input.kind {
      case .number(let unit): .number(unit)
      case .flag: .flag
      case .choice(let words): .choice(words)
      }
    func value(_ expression: Expression?) -> ScalarValue? {
      guard let expression, let snapshot else { return nil }
      let value = snapshot.evaluate(expression, part: part)
      return value == .null ? nil : value
    }
    return AvailableCommand.Input(
      name: input.name, type: type, minimum: value(input.min)?.number, maximum: value(input.max)?.number,
      defaultValue: value(input.defaultValue), isRequired: input.defaultValue == nil && !input.isOptional,
      help: input.help)
  }
}
