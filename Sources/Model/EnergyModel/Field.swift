/// A field of the unified device model: what it is called, what its numbers mean, how it ages.
///
/// Fields are values of a closed catalogue (`Field.all`); a profile binds its points to them by name, so the unit and
/// the sign of a number never depend on the product. A field is only its place in the catalogue, because every reading
/// carries one.
public struct Field: Sendable, Hashable, BitwiseCopyable {
  /// The kind of value that a field carries.
  public enum ValueType: Sendable, Hashable {
    case number, flag, text
    /// Words of a fixed vocabulary; always contains `unknown`.
    case label([String])
  }

  /// How a field behaves over time, which decides staleness and aggregation.
  public enum Behavior: Sendable, Hashable {
    /// Changes at any time (power, temperature): stale when old.
    case gauge
    /// Never decreases except by a reset (energy totals): keeps its last value.
    case counter
    /// What somebody chose or what the product is (setpoint, limit, serial number): keeps its last value.
    case setting
  }

  /// Position in `Field.all`: small, dense, stable within one run of the program.
  public let index: UInt16
  /// The name in code, JSON, CLI and profiles, with the unit in it.
  public var name: String { entry.name }
  /// The kinds of device that have it.
  public var kinds: [DeviceKind] { entry.kinds }
  /// The SI unit; `.count` for plain numbers and for everything that is not a number.
  public var unit: Unit { entry.unit }
  /// Number, flag, text or one of several words.
  public var type: ValueType { entry.type }
  /// Gauge, counter or setting.
  public var behavior: Behavior { entry.behavior }
  /// One sentence with sign and meaning.
  public var summary: String { entry.summary }

  private var entry: Entry { Self.catalogue[Int(index)] }

  /// Whether the field carries numbers.
  public var isNumeric: Bool { if case .number = type { true } else { false } }

  /// The words of an enumerated field; empty for the others.
  public var labels: [String] { if case .label(let words) = type { words } else { [] } }
}

extension Field: CustomStringConvertible {
  /// The name.
  public var description: String { name }
}
