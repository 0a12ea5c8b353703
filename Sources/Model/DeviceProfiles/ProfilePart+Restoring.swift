public import EnergyModel

extension ProfilePart {
  /// The verb that ends every override and restores what was set before; made of the other commands where a profile has
  /// none of its own.
  public static let resetVerb = "reset"

  /// The command that ends every override and sets these values again; `nil` where there is nothing that could.
  public func restoring(_ values: [String: ScalarValue]) -> ProfileCommand? {
    let settings = commands.filter { command in
      if case .toDefault = command.revert { return false }
      return command.inputs.contains { values[$0.name] != nil }
        && command.inputs.allSatisfy { values[$0.name] != nil || $0.isOptional || $0.defaultValue != nil }
    }
    let all = [command(Self.autoVerb)].compactMap(\.self) + settings
    guard !all.isEmpty else { return nil }
    let proofs = all.compactMap(\.confirm)
    let text = proofs.map { "(\($0.expect.text))" }.joined(separator: " and ")
    var confirm: Confirmation?
    // What cannot be proven in all its parts is not proven.
    if proofs.count == all.count, let expect = try? Expression(parsing: text) {
      confirm = Confirmation(
        expect: expect, within: proofs.map(\.within).max() ?? .zero, settle: proofs.map(\.settle).max() ?? .zero)
    }
    var inputs: [CommandInput] = []
    for input in settings.flatMap(\.inputs) where !inputs.contains(where: { $0.name == input.name }) {
      var input = input
      if let value = values[input.name] { input.defaultValue = Expression(constant: value) }
      inputs.append(input)
    }
    let storages = Set(all.map(\.storage))
    return ProfileCommand(
      verb: Self.resetVerb, summary: "", inputs: inputs, preconditions: [], steps: all.flatMap(\.steps),
      confirm: confirm, keepAlive: nil, revert: .none,
      storage: storages.contains(.nvm) ? .nvm : storages == [.ram] ? .ram : .unknown, line: 0)
  }
}
