extension ProfilePart {
  /// The verb that ends every override; made of the part's `default` steps.
  public static let autoVerb = "auto"

  /// All verbs that the device can do, in the order of the file, `auto` last.
  public var verbs: [String] {
    let own = commands.map(\.verb)
    return defaultState == nil || own.contains(Self.autoVerb) ? own : own + [Self.autoVerb]
  }

  /// The command of that verb; `nil` if the product cannot do it.
  public func command(_ verb: String) -> ProfileCommand? {
    if let own = commands.first(where: { $0.verb == verb }) { return own }
    guard verb == Self.autoVerb, let normal = defaultState else { return nil }
    return ProfileCommand(
      verb: Self.autoVerb, summary: "End every override and give control back to the device.", inputs: [],
      preconditions: [], steps: normal.steps, confirm: normal.confirm, keepAlive: nil, revert: .none,
      storage: storage, line: 0)
  }

  /// Where the device keeps what its commands write: the worst of them.
  private var storage: SettingStorage {
    let all = Set(commands.map(\.storage))
    return all.contains(.nvm) ? .nvm : all == [.ram] ? .ram : .unknown
  }

  /// The steps that undo a command, and what proves that it was undone; `nil` for lasting settings.
  public func revert(of command: ProfileCommand) -> (steps: [CommandStep], confirm: Confirmation?)? {
    switch command.revert {
    case .none: nil
    case .toDefault: defaultState.map { ($0.steps, $0.confirm) }
    case .steps(let steps, let confirm): (steps, confirm)
    }
  }
}
