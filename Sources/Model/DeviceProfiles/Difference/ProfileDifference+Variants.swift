extension ProfileDifference {
  /// Variants by name: what changes in them beyond what changes in the profile itself.
  mutating func compareVariants(_ old: DeviceProfile, _ new: DeviceProfile) {
    let shared = changes
    for (name, pair) in Self.pairs(old.variants, new.variants, \.name) {
      let subject = "variant \(name)"
      switch (pair.old, pair.new) {
      case (nil, .some): add(subject, .added, "the variant \(name) is new")
      case (.some, nil): add(subject, .removed, "the variant \(name) is gone")
      case (let old?, let new?):
        if old.when != new.when {
          add(subject, .meaning, "the variant \(name) is in force when \(new.when.text), not when \(old.when.text)")
        }
        for change in ProfileDifference(from: old.profile, to: new.profile).changes where !shared.contains(change) {
          add("\(subject): \(change.subject)", change.kind, "in the variant \(name): \(change.text)")
        }
      case (nil, nil): break
      }
    }
  }
}
