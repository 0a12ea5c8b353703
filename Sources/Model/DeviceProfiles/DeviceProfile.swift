public import EnergyModel

/// A checked device profile: how a product speaks. What an installation adds (address, unit, credentials) is bound to
/// it by `BoundProfile`.
public struct DeviceProfile: Sendable {
  /// How far a profile was proven.
  public enum Maturity: String, CaseIterable, Sendable {
    /// Written from documents.
    case documentation
    /// Checked against captured data.
    case capture
    /// Checked on a real device.
    case device
  }

  /// Where the facts come from.
  public struct Provenance: Sendable {
    /// The document, with its revision.
    public var document: String
    /// What to know before relying on it; unconfirmed rows are named here.
    public var caveats: [String]
  }

  /// The id by which installations name it: `huawei-sun2000`.
  public var id: String
  /// The name for people.
  public var name: String
  /// Who makes the products.
  public var manufacturer: String
  /// The products, with `*` for parts of a name.
  public var products: [String]
  /// How far it was proven.
  public var maturity: Maturity
  /// Where the facts come from.
  public var provenance: Provenance
  /// What an installation has to say.
  public var parameters: [ProfileParameter]
  /// How the product is reached.
  public var transport: ProfileTransport
  /// How often each class of points is read.
  public var pollIntervals: [PollClass: Duration]
  /// How to tell that the device at the other end is this product; `nil` where it cannot be told.
  public var identify: ProfileIdentity?
  /// The devices of the unified model that one endpoint presents, in the order of the file.
  public var parts: [ProfilePart]
  /// Other forms of the product; the first whose condition holds is in force instead of this.
  public var variants: [ProfileVariant]
  /// The tests that the file brings.
  public var tests: [ProfileTest]
  /// The id of the profile that it extends.
  public var base: String?
  /// The file it was read from.
  public var file: String

  /// The part of that name; with `nil`, the only part there is.
  public func part(named name: String?) -> ProfilePart? {
    guard let name else { return parts.count == 1 ? parts[0] : nil }
    return parts.first { $0.name == name }
  }
}

/// How often a point is read.
public enum PollClass: String, CaseIterable, Sendable, Hashable {
  case fast, normal, slow
  /// At connect only.
  case once
}

/// A value that the installation gives.
public struct ProfileParameter: Sendable {
  /// What may be written.
  public enum Kind: Sendable, Hashable {
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case text
    case flag
    case choice([String])
  }

  /// The name that installations and expressions use.
  public var name: String
  /// What may be written.
  public var kind: Kind
  /// Used where the installation says nothing; `nil` makes the parameter required.
  public var defaultValue: ScalarValue?
  /// Where it is read from the device at set-up, unless the installation says it.
  public var read: ProfilePoint?
  /// Never shown, logged or returned by the API.
  public var isSecret: Bool
  /// One sentence for the person who fills it in.
  public var help: String
}

/// One device of the unified model within a profile.
public struct ProfilePart: Sendable {
  /// The key in the profile: `battery`, `inverter`.
  public var name: String
  /// What it is in the unified model.
  public var kind: DeviceKind
  /// What a meter of this product usually measures; the installation can say otherwise.
  public var meterRole: MeterRole?
  /// Whether AC power contains a battery, so that generation must come from `pvPowerW`.
  public var isHybrid: Bool
  /// When its gauges count as old; `nil` means three times the poll interval.
  public var staleAfter: Duration?
  /// Points bound to fields of the model, by field; and locals, which only expressions see.
  public var points: [ProfilePoint]
  /// What may be written, by name. Nothing else ever is.
  public var controls: [ProfileControl]
  /// The commands of the catalogue that this product can do.
  public var commands: [ProfileCommand]
  /// How to give control back to the device; also the revert of every command that says `revert: default`.
  public var defaultState: DefaultState?

  /// How to give control back to the device.
  public struct DefaultState: Sendable {
    /// What is done, in order.
    public var steps: [CommandStep]
    /// What proves it; `nil` where nothing can.
    public var confirm: Confirmation?
  }
}
