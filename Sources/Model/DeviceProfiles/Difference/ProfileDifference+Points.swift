/// Points, controls, and everything that is a list of facts.
extension ProfileDifference {
  mutating func comparePoint(_ subject: String, _ old: ProfilePoint?, _ new: ProfilePoint?) {
    guard let old else { return add(subject, .added, "\(subject) is new, \(Self.origin(new))") }
    guard let new else { return add(subject, .removed, "\(subject) is gone, it was \(Self.origin(old))") }
    let before = ProfileFacts(old, skipping: ["target"])
    let after = ProfileFacts(new, skipping: ["target"])
    compareSource(subject, before, after)
    compareFacts(before, after, subject, .other, except: ["source"])
  }

  mutating func compareControl(_ subject: String, _ old: ProfileControl?, _ new: ProfileControl?) {
    let place = { (control: ProfileControl?) in
      control.map { ProfileFacts($0).words(below: "destination") } ?? "nothing"
    }
    guard let old else { return add(subject, .control, "\(subject) may be written: \(place(new))") }
    guard let new else { return add(subject, .control, "\(subject) may no longer be written: \(place(old))") }
    if place(old) != place(new) {
      add(subject, .control, "\(subject) is written to \(place(new)) instead of \(place(old))")
    }
    compareFacts(ProfileFacts(old), ProfileFacts(new), subject, .control, except: ["destination"])
  }

  private static func origin(_ point: ProfilePoint?) -> String {
    "from \(point.map { ProfileFacts($0).words(below: "source") } ?? "nothing")"
  }

  private mutating func compareSource(_ subject: String, _ old: ProfileFacts, _ new: ProfileFacts) {
    let before = old.words(below: "source")
    let after = new.words(below: "source")
    guard before != after else { return }
    add(subject, .source, "\(subject) comes from \(after) instead of \(before)")
  }

  // MARK: Facts

  /// A sentence for every fact that differs.
  mutating func compareFacts(
    _ old: ProfileFacts, _ new: ProfileFacts, _ subject: String, _ kind: Kind, except: Set<String> = []
  ) {
    let places = old.places + new.places.filter { old.texts[$0] == nil }
    for place in places where old.texts[place] != new.texts[place] {
      let top = place.split(separator: ".").first.map(String.init) ?? place
      guard !except.contains(top) else { continue }
      let sentence = Self.sentence(subject, place, old.texts[place], new.texts[place])
      add(subject, sentence.kind ?? kind, sentence.text)
    }
  }

  /// The sentences that people look for; everything else says its place in the profile.
  private static func sentence(
    _ subject: String, _ place: String, _ old: String?, _ new: String?
  ) -> (kind: Kind?, text: String) {
    let change = { (what: String) in Self.change(what, old, new) }
    let code = place.after("conversion.enumeration.") ?? place.after("conversion.flags.")
    if let code {
      return (.meaning, "\(subject): \(code) means \(new ?? "nothing known") instead of \(old ?? "nothing known")")
    }
    switch place {
    case "conversion.negate": return (.sign, "\(subject) changes sign")
    case "conversion.unit":
      return (.unit, "\(subject) changes unit: \(new ?? "the model's") instead of \(old ?? "the model's")")
    case "conversion.scale": return (.scale, "\(subject) changes scale: \(change(""))")
    case "pollClass": return (.poll, "\(subject) is read at the rhythm \(change(""))")
    case "isOptional": return (nil, new == "true" ? "\(subject) may be missing" : "\(subject) may not be missing")
    case "valid": return (.plausibility, "\(subject): \(change("plausible values"))")
    default: break
    }
    if place.hasPrefix("conversion.invalid") { return (.meaning, "\(subject): \(change("the mark for no value"))") }
    return (nil, "\(subject): \(change(words(place)))")
  }

  private static func change(_ what: String, _ old: String?, _ new: String?) -> String {
    let what = what.isEmpty ? "" : "\(what) "
    switch (old, new) {
    case (nil, let new?): return "\(what)\(new), before nothing"
    case (let old?, nil): return "\(what)\(old) is gone"
    default: return "\(what)\(new ?? "") instead of \(old ?? "")"
    }
  }

  /// `conversion.scaleFactorName` → `scale factor name`.
  private static func words(_ place: String) -> String {
    let levels = place.split(separator: ".").filter { $0 != "conversion" && $0 != "some" }
    let spaced = levels.map { level in
      level.map { $0.isUppercase ? " \($0.lowercased())" : String($0) }.joined()
    }
    return spaced.joined(separator: " ")
  }
}
