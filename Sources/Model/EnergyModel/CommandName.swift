/// A command of the catalogue, written `type:verb`, for example `battery:charge`.
public struct CommandName: Sendable, Hashable, CustomStringConvertible {
  /// The kind of device; `nil` for what every kind can do, written `device:`.
  public let kind: DeviceKind?
  /// What to do.
  public let verb: String

  /// Takes both as they are; whether the kind has the verb is not checked.
  public init(kind: DeviceKind?, verb: String) {
    self.kind = kind
    self.verb = verb
  }

  /// Reads `type:verb`; `nil` if the type is neither a device kind nor `device`, or the verb is empty.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[1].isEmpty else { return nil }
    let kind = DeviceKind(rawValue: String(parts[0]))
    guard kind != nil || parts[0] == Self.everyKind else { return nil }
    self.init(kind: kind, verb: String(parts[1]))
  }

  /// The text that `init(_:)` reads.
  public var description: String { "\(kind?.rawValue ?? Self.everyKind):\(verb)" }

  /// Whether devices of that kind may have it.
  public func isFor(_ kind: DeviceKind) -> Bool { self.kind == nil || self.kind == kind }

  private static let everyKind = "device"

  /// Reads the device now. Needs nothing of the profile.
  public static let refresh = CommandName(kind: nil, verb: "refresh")

  /// The verbs that a profile may define for a kind of device. `auto` ends every override and gives control back to
  /// the device itself; it is not sent by name but made of the profile's `default` steps.
  public static func verbs(for kind: DeviceKind) -> [String] {
    switch kind {
    case .battery:
      ["charge", "discharge", "idle", "auto", "set-operating-mode", "set-reserve", "set-power-limits", "reset"]
    case .thermostat: ["set-operating-mode", "set-setpoints", "set-fan-mode", "set-hold", "resume-schedule", "auto"]
    case .inverter: ["set-power-limit", "connect", "disconnect", "auto"]
    case .meter: ["switch"]
    case .charger: ["set-operating-mode", "set-current-limit", "auto"]
    }
  }
}
