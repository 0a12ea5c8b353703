/// A field of the unified device model: what it is called, what its numbers mean, how it ages.
///
/// Fields are values of a closed catalogue (`Field.all`); a profile binds its points to them by name, so the unit and
/// the sign of a number never depend on the product.
public struct Field: Sendable, Hashable {
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
  public let name: String
  /// The kinds of device that have it.
  public let kinds: [DeviceKind]
  /// The SI unit; `.count` for plain numbers and for everything that is not a number.
  public let unit: Unit
  /// Number, flag, text or one of several words.
  public let type: ValueType
  /// Gauge, counter or setting.
  public let behavior: Behavior
  /// One sentence with sign and meaning.
  public let summary: String

  /// Fields of the catalogue are equal when their places are.
  public static func == (lhs: Field, rhs: Field) -> Bool { lhs.index == rhs.index }
  /// Hashes what `==` compares.
  public func hash(into hasher: inout Hasher) { hasher.combine(index) }

  /// Whether the field carries numbers.
  public var isNumeric: Bool { type == .number }

  /// The words of an enumerated field; empty for the others.
  public var labels: [String] { if case .label(let words) = type { words } else { [] } }
}

extension Field: CustomStringConvertible {
  /// The name.
  public var description: String { name }
}
