public import EnergyModel

/// A command that a device takes now.
public struct AvailableCommandResource: Codable, Sendable, Hashable {
  /// `battery:charge`
  public var slug: String
  /// One sentence.
  public var description: String
  /// JSON Schema of `input`, with the limits of this moment.
  public var input: InputSchema
  /// Whether `durationSeconds` may be given: it is undone afterwards.
  public var acceptsDuration: Bool

  /// All members, those that can be absent with a default.
  public init(
    slug: String, description: String, input: InputSchema, acceptsDuration: Bool
  ) {
    self.slug = slug
    self.description = description
    self.input = input
    self.acceptsDuration = acceptsDuration
  }
}

/// JSON Schema of a command's input: an object with these properties and no others.
public struct InputSchema: Codable, Sendable, Hashable {
  /// JSON Schema of one parameter.
  public struct Property: Codable, Sendable, Hashable {
    /// `number`, `boolean` or `string`.
    public var type: String
    /// What it means.
    public var description: String?
    /// The SI unit of a number.
    public var unit: String?
    /// The least value that is accepted now.
    public var minimum: Double?
    /// The greatest value that is accepted now.
    public var maximum: Double?
    /// The words that are accepted.
    public var `enum`: [String]?
    /// Used when the parameter is absent.
    public var `default`: ScalarValue?

    /// All members, those that can be absent with a default.
    public init(
      type: String, description: String? = nil, unit: String? = nil, minimum: Double? = nil, maximum: Double? = nil,
      `enum`: [String]? = nil, `default`: ScalarValue? = nil
    ) {
      self.type = type
      self.description = description
      self.unit = unit
      self.minimum = minimum
      self.maximum = maximum
      self.enum = `enum`
      self.default = `default`
    }
  }

  /// Always `object`.
  public var type = "object"
  /// Name → parameter.
  public var properties: [String: Property]
  /// Parameters that must be there.
  public var required: [String]
  /// Always `false`: unknown parameters are refused.
  public var additionalProperties = false

  /// All members, those that can be absent with a default.
  public init(
    properties: [String: Property] = [:], required: [String] = []
  ) {
    self.properties = properties
    self.required = required
  }
}
