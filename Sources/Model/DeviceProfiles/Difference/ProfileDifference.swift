import EnergyModel

/// What changes in meaning from one version of a profile to another, in sentences. Names, sources and tests say nothing
/// about what a gateway does and are not compared.
public struct ProfileDifference: Sendable, Equatable {
  /// What a change is about.
  public enum Kind: String, Sendable, CaseIterable {
    case added, removed, sign, unit, scale, source, poll, meaning, plausibility, command, control, parameter, transport
    case other
  }

  /// One change.
  public struct Change: Sendable, Hashable {
    /// `battery.powerW`, `battery charge`, `transport`.
    public var subject: String
    /// What it is about.
    public var kind: Kind
    /// A sentence without a full stop.
    public var text: String
  }

  /// All changes: parameters and transport first, then the devices in the order of the file.
  public private(set) var changes: [Change] = []

  /// Whether both do the same.
  public var isSame: Bool { changes.isEmpty }

  /// As many points change in the same way before they are told in one sentence.
  static let groupSize = 3

  /// Compares two profiles.
  public init(from old: DeviceProfile, to new: DeviceProfile) {
    compareParameters(old, new)
    compareFacts(ProfileFacts(old.transport), ProfileFacts(new.transport), "transport", .transport)
    compareFacts(ProfileFacts(old.pollIntervals), ProfileFacts(new.pollIntervals), "poll", .poll)
    compareFacts(ProfileFacts(old.identify as Any), ProfileFacts(new.identify as Any), "identify", .other)
    // Whatever else a profile has.
    let known: Set = ["parameters", "transport", "pollIntervals", "identify", "parts", "variants", "base"]
    compareFacts(ProfileFacts(old, skipping: known), ProfileFacts(new, skipping: known), "profile", .other)
    for (name, pair) in Self.pairs(old.parts, new.parts, \.name) { compareDevice(name, pair.old, pair.new) }
    compareVariants(old, new)
  }

  /// One sentence for each change; many points that change in the same way share one.
  public var sentences: [String] {
    var sentences: [String] = []
    var told: Set<Kind> = []
    for change in changes {
      let same = changes.filter { $0.kind == change.kind }
      guard let what = Self.groupWords[change.kind], same.count >= Self.groupSize else {
        sentences.append(change.text)
        continue
      }
      guard told.insert(change.kind).inserted else { continue }
      sentences.append("\(same.count) points change \(what): \(same.map(\.subject).joined(separator: ", "))")
    }
    return sentences
  }

  /// Changes that are told together. A sign or a source is worth a sentence of its own.
  private static let groupWords: [Kind: String] = [.unit: "unit", .scale: "scale", .poll: "their poll class"]

  // MARK: Parts of a profile

  private mutating func compareParameters(_ old: DeviceProfile, _ new: DeviceProfile) {
    for (name, pair) in Self.pairs(old.parameters, new.parameters, \.name) {
      let subject = "parameter \(name)"
      switch (pair.old, pair.new) {
      case (nil, let new?):
        let isRequired = new.defaultValue == nil
        add(subject, .parameter, isRequired ? "the new parameter \(name) is required" : "the parameter \(name) is new")
      case (_?, nil): add(subject, .parameter, "the parameter \(name) is gone")
      case (let old?, let new?):
        compareFacts(
          ProfileFacts(old, skipping: ["help"]), ProfileFacts(new, skipping: ["help"]), subject, .parameter)
      case (nil, nil): break
      }
    }
  }

  private mutating func compareDevice(_ name: String, _ old: ProfilePart?, _ new: ProfilePart?) {
    guard let old else { return add(name, .added, "the device \(name) is new") }
    guard let new else { return add(name, .removed, "the device \(name) is gone") }
    let own: Set = ["points", "controls", "commands", "defaultState"]
    compareFacts(ProfileFacts(old, skipping: own), ProfileFacts(new, skipping: own), name, .other)
    for (point, pair) in Self.pairs(old.points, new.points, \.name) {
      comparePoint("\(name).\(point)", pair.old, pair.new)
    }
    for (control, pair) in Self.pairs(old.controls, new.controls, \.name) {
      compareControl("\(name).\(control)", pair.old, pair.new)
    }
    compareCommands(name, old, new)
  }

  /// By name: what was there in its order, then what is new.
  static func pairs<Element>(
    _ old: [Element], _ new: [Element], _ name: (Element) -> String
  ) -> [(name: String, pair: (old: Element?, new: Element?))] {
    let known = Set(old.map(name))
    return old.map { element in (name(element), (element, new.first { name($0) == name(element) })) }
      + new.filter { !known.contains(name($0)) }.map { (name($0), (nil, $0)) }
  }

  mutating func add(_ subject: String, _ kind: Kind, _ text: String) {
    changes.append(Change(subject: subject, kind: kind, text: text))
  }
}
