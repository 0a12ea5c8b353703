/// What commands do, in which order.
extension ProfileDifference {
  /// One thing that a command does.
  private struct Action: Equatable {
    /// Where it goes; occurrences of the same place are told apart by their number.
    var place: String
    var number: Int
    /// What is sent there.
    var value: String
    /// `writes`, `publishes`, `requests`, `waits`.
    var verb: String

    var shown: String { verb == "writes" ? "\(value) to \(place)" : value }

    func isAt(_ other: Action) -> Bool { place == other.place && number == other.number && verb == other.verb }
  }

  mutating func compareCommands(_ part: String, _ old: ProfilePart, _ new: ProfilePart) {
    for (verb, pair) in Self.pairs(old.commands, new.commands, \.verb) {
      let subject = "\(part) \(verb)"
      guard let before = pair.old else {
        add(subject, .command, "\(part) can \(verb)")
        continue
      }
      guard let after = pair.new else {
        add(subject, .command, "\(part) can no longer \(verb)")
        continue
      }
      compareSteps(subject, before.steps, old, after.steps, new)
      let skipped: Set = ["steps", "summary"]
      compareFacts(
        ProfileFacts(before, skipping: skipped), ProfileFacts(after, skipping: skipped), subject, .command)
    }
    let subject = "\(part) auto"
    switch (old.defaultState, new.defaultState) {
    case (nil, nil): break
    case (nil, _?): add(subject, .command, "\(part) can give control back (auto)")
    case (_?, nil): add(subject, .command, "\(part) can no longer give control back (auto)")
    case (let before?, let after?):
      compareSteps(subject, before.steps, old, after.steps, new)
      compareFacts(
        ProfileFacts(before, skipping: ["steps"]), ProfileFacts(after, skipping: ["steps"]), subject, .command)
    }
  }

  private mutating func compareSteps(
    _ subject: String, _ old: [CommandStep], _ oldPart: ProfilePart, _ new: [CommandStep], _ newPart: ProfilePart
  ) {
    let before = Self.actions(old, oldPart)
    let after = Self.actions(new, newPart)
    for action in before where !after.contains(where: { $0.isAt(action) }) {
      add(subject, .command, "\(subject) no longer \(action.verb) \(action.place)")
    }
    for action in after {
      guard let earlier = before.first(where: { $0.isAt(action) }) else {
        add(subject, .command, "\(subject) also \(action.verb) \(action.shown)")
        continue
      }
      guard earlier.value != action.value else { continue }
      add(subject, .command, "\(subject) \(action.verb) \(action.shown) instead of \(earlier.value)")
    }
    let common = after.compactMap { action in before.firstIndex { $0.isAt(action) } }
    for (first, second) in zip(common, common.dropFirst()) where first > second {
      let pair = (before[first], before[second])
      add(subject, .command, "\(subject) \(pair.0.verb) \(pair.0.place) before \(pair.1.place)")
    }
  }

  private static let verbs = ["publish": "publishes", "request": "sends", "wait": "waits"]

  private static func actions(_ steps: [CommandStep], _ part: ProfilePart) -> [Action] {
    var actions: [Action] = []
    func append(_ verb: String, _ place: String, _ value: String) {
      let number = actions.count { $0.place == place && $0.verb == verb }
      actions.append(Action(place: place, number: number, value: value, verb: verb))
    }
    for step in steps {
      if case .write(let entries) = step {
        for entry in entries {
          append("writes", place(entry.control, part), ProfileFacts.text(entry.value) ?? "")
        }
        continue
      }
      let facts = ProfileFacts(step)
      let kind = facts.texts[""] ?? "step"
      let place = facts.words(below: "\(kind).topic") + facts.words(below: "\(kind).path")
      append(verbs[kind] ?? "has the step \(kind):", place, facts.words(below: kind))
    }
    return actions
  }

  /// The address as people know it from documents, else the control's name.
  private static func place(_ name: String, _ part: ProfilePart) -> String {
    guard let control = part.controls.first(where: { $0.name == name }) else { return name }
    if case .register(let register) = control.destination { return "\(register.address)" }
    return name
  }
}
