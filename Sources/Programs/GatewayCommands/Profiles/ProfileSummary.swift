import DeviceProfiles
import EnergyModel
import LocatedYAML
import ProfileExplanation

/// What a profile says, for people who want to know what it does to their device.
struct ProfileSummary: Encodable {
  struct Parameter: Encodable {
    var name: String
    var takes: String
    var isRequired: Bool
    var isSecret: Bool
    /// Where it is read from the device unless the installation says it.
    var read: String?
    var help: String
  }

  struct Variant: Encodable {
    var name: String
    var when: String
    /// The points, locals, controls and commands that are not as in the plain profile.
    var changes: [String]
  }

  struct Point: Encodable {
    var name: String
    /// Whether only expressions see it.
    var isLocal: Bool
    var source: String
    /// The unit of the model.
    var unit: String
    var conversion: String
    /// Whether the device counts the other way round.
    var isNegated: Bool
    var poll: String
    var isOptional: Bool
    var line: Int
  }

  struct Input: Encodable {
    var name: String
    var limits: String
    var defaultValue: String?
    var isRequired: Bool
  }

  struct Command: Encodable {
    var name: String
    var summary: String
    var inputs: [Input]
    var requires: [String]
    var proof: String?
    /// How it ends when its duration does; `nil` for what ends all others.
    var revert: String?
    var keepAlive: String?
    var storage: String
  }

  struct Device: Encodable {
    var part: String
    var type: String
    var points: [Point]
    var commands: [Command]
  }

  /// Something that the profile may write.
  struct Writable: Encodable {
    /// The register, the topic or the request.
    var place: String
    /// Limits and the name of the control; empty for topics and requests.
    var detail: String
  }

  var id: String
  var name: String
  var manufacturer: String
  var products: [String]
  var transport: String
  var maturity: String
  var document: String
  var caveats: [String]
  var file: String
  /// The profile that it extends.
  var base: String?
  var parameters: [Parameter]
  var variants: [Variant]
  var devices: [Device]
  var writes: [Writable]

  init(_ profile: DeviceProfile) {
    id = profile.id
    name = profile.name
    manufacturer = profile.manufacturer
    products = profile.products
    transport = ProfileWords.transport(profile.transport)
    maturity = profile.maturity.rawValue
    document = ProfileWords.words(profile.provenance.document)
    caveats = profile.provenance.caveats.map(ProfileWords.words)
    file = profile.file
    parameters = profile.parameters.map {
      Parameter(
        name: $0.name, takes: ProfileWords.parameter($0), isRequired: $0.defaultValue == nil, isSecret: $0.isSecret,
        read: $0.read.map { ProfileWords.source($0.source) }, help: $0.help)
    }
    base = profile.base
    variants = profile.variants.map { Variant($0, of: profile) }
    devices = profile.parts.map(Device.init)
    writes = WritablePlaces(profile).places
  }
}

extension ProfileSummary.Variant {
  init(_ variant: ProfileVariant, of profile: DeviceProfile) {
    name = variant.name
    when = variant.when.text
    changes = zip(profile.parts, variant.profile.parts).flatMap { plain, changed in
      // What a variant changes stands in its own lines.
      Self.difference(plain.points.map { ($0.name, $0.line) }, changed.points.map { ($0.name, $0.line) }, plain.name)
        + Self.difference(
          plain.controls.map { ($0.name, $0.line) }, changed.controls.map { ($0.name, $0.line) }, plain.name)
        + Self.difference(
          plain.commands.map { ($0.verb, $0.line) }, changed.commands.map { ($0.verb, $0.line) }, plain.name)
    }
  }

  private static func difference(
    _ plain: [(name: String, line: Int)], _ changed: [(name: String, line: Int)], _ part: String
  ) -> [String] {
    let before = Dictionary(plain.map { ($0.name, $0.line) }) { first, _ in first }
    let after = Set(changed.map(\.name))
    return changed.filter { before[$0.name] != $0.line }.map { "\(part).\($0.name)" }
      + plain.filter { !after.contains($0.name) }.map { "no \(part).\($0.name)" }
  }
}

extension ProfileSummary.Device {
  init(_ part: ProfilePart) {
    self.part = part.name
    type = part.kind.rawValue
    points = part.points.map(ProfileSummary.Point.init)
    commands = part.verbs.compactMap { part.command($0) }.map { ProfileSummary.Command($0, part) }
  }
}

extension ProfileSummary.Point {
  init(_ point: ProfilePoint) {
    let field: Field? = if case .field(let field) = point.target { field } else { nil }
    name = point.name
    isLocal = field == nil
    source = ProfileWords.source(point.source)
    unit = field?.unit.rawValue ?? ""
    conversion = ProfileWords.conversion(point.conversion, unit: field?.unit)
    isNegated = point.conversion.negate
    isOptional = point.isOptional
    line = point.line
    switch point.source {
    case .register, .sunSpec, .response: poll = point.pollClass.rawValue
    case .message: poll = "told"
    case .computed: poll = "computed"
    case .constant: poll = "fixed"
    }
  }
}

extension ProfileSummary.Command {
  init(_ command: ProfileCommand, _ part: ProfilePart) {
    name = "\(part.name):\(command.verb)"
    summary = command.summary
    inputs = command.inputs.map(ProfileSummary.Input.init)
    requires = command.preconditions.map { "\(ProfileWords.words($0.expect.text)) (else: \($0.message))" }
    proof = command.confirm.map(Self.proof)
    switch command.revert {
    case .none: revert = command.verb == ProfilePart.autoVerb ? nil : "none, it is a lasting setting"
    case .toDefault: revert = "gives control back (auto)"
    case .steps(_, let confirm):
      revert = "steps of its own" + (confirm.map { ", proved by \(Self.proof($0))" } ?? "")
    }
    keepAlive = command.keepAlive.map {
      "the device falls back after \(DurationText.format($0.timeout)), renewed every \(DurationText.format($0.timeout / 3))"
    }
    storage = command.storage.rawValue
  }

  private static func proof(_ confirm: Confirmation) -> String {
    let settle = confirm.settle == .zero ? "" : ", held for \(DurationText.format(confirm.settle))"
    return "\(ProfileWords.words(confirm.expect.text)), within \(DurationText.format(confirm.within))\(settle)"
  }
}

extension ProfileSummary.Input {
  init(_ input: CommandInput) {
    name = input.name
    isRequired = input.defaultValue == nil && !input.isOptional
    defaultValue = input.defaultValue.map { ProfileWords.words($0.text) }
    switch input.kind {
    case .flag: limits = "true or false"
    case .choice(let words): limits = words.joined(separator: ", ")
    case .number(let unit):
      let limit = { (expression: Expression?) in expression.map { ProfileWords.words($0.text) } ?? "…" }
      let range = input.min == nil && input.max == nil ? "any" : "\(limit(input.min)) to \(limit(input.max))"
      limits = unit == .count ? range : "\(range) \(unit.rawValue)"
    }
  }
}

/// Everything that a profile can write to: nothing else ever is.
struct WritablePlaces {
  private(set) var places: [ProfileSummary.Writable] = []

  init(_ profile: DeviceProfile) {
    for part in profile.forms.flatMap(\.parts) {
      for control in part.controls { add(control) }
      for command in part.commands {
        add(command.steps)
        add(command.keepAlive?.steps ?? [])
        if case .steps(let steps, _) = command.revert { add(steps) }
      }
      add(part.defaultState?.steps ?? [])
    }
    if case .mqtt(let settings) = profile.transport {
      for request in settings.requests {
        add("publish \(ProfileWords.text(request.message.topic))", "asks for the state")
      }
    }
  }

  private mutating func add(_ control: ProfileControl) {
    let range = control.range.map {
      "\(ScalarValue.number($0.lowerBound)) to \(ScalarValue.number($0.upperBound))"
    }
    let detail = [control.name, range, control.writeFunction.map { "FC\($0.rawValue)" }].compactMap { $0 }
    switch control.destination {
    case .register(let register): add(ProfileWords.register(register), detail.joined(separator: ", "))
    case .sunSpec(let point): add(ProfileWords.sunSpec(point), detail.joined(separator: ", "))
    }
  }

  private mutating func add(_ steps: [CommandStep]) {
    for step in steps {
      switch step {
      case .write, .wait: break
      case .publish(let message):
        add("publish \(ProfileWords.text(message.topic))", message.isRetained ? "retained" : "")
      case .modify(let template):
        let paths = template.changes.map { "\($0.path)" }.joined(separator: ", ")
        add("\(template.write.method) \(ProfileWords.text(template.write.path))", "changes \(paths) of what is read")
      case .request(let request): add("\(request.method) \(ProfileWords.text(request.path))", "")
      }
    }
  }

  private mutating func add(_ place: String, _ detail: String) {
    guard !places.contains(where: { $0.place == place && $0.detail == detail }) else { return }
    places.append(ProfileSummary.Writable(place: place, detail: detail))
  }
}
