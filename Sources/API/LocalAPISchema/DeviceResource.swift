public import EnergyModel

/// A device as the API shows it. Property names are the JSON names. `null` = unknown now, absent = not supported.
public struct DeviceResource: Codable, Sendable, Hashable {
  /// The id in configuration and API.
  public var id: String
  /// `battery`, `thermostat`, `inverter`, `meter`, `charger`.
  public var type: DeviceKind
  /// What a meter measures.
  public var role: MeterRole?
  /// What people call it.
  public var name: String
  /// Who made it.
  public var manufacturer: String?
  /// The product.
  public var model: String?
  /// As the device says itself.
  public var serialNumber: String?
  /// As the device says itself.
  public var firmwareVersion: String?
  /// The owner's own id for it.
  public var referenceId: String?
  /// Whose device it is.
  public var customerId: String?
  /// How it came to its customer, or that it is to have none; absent where nobody decided.
  public var linkedBy: LinkOrigin?
  /// Who defined it.
  public var source: RecordSource?
  /// Where it stands.
  public var siteId: String?
  /// The link that reaches it.
  public var linkId: String?
  /// The device profile that explains it.
  public var profile: String?
  /// The variant of the profile in force; absent = none.
  public var variant: String?
  /// Parameters of the profile that the device said itself, such as its firmware.
  public var reported: [String: ScalarValue]?
  /// Free words.
  public var tags: [String]
  /// What the product is able to, in SI units (`ratedPowerW`, `energyCapacityWh`).
  public var nameplate: [String: ScalarValue]
  /// Whether the gateway hears from it.
  public var connectivity: ConnectivityResource
  /// What it does now.
  public var state: StateEnvelope
  /// What somebody chose: setpoints, modes, limits.
  public var settings: [String: ScalarValue]
  /// What it can report and do.
  public var capabilities: DeviceCapabilities
  /// The commands that it takes now, with live limits.
  public var availableCommands: [AvailableCommandResource]
  /// When the gateway first knew it.
  public var createdAt: Timestamp?
  /// When its description last changed.
  public var updatedAt: Timestamp?

  /// All members, those that can be absent with a default.
  public init(
    id: String, type: DeviceKind, role: MeterRole? = nil, name: String, manufacturer: String? = nil,
    model: String? = nil, serialNumber: String? = nil, firmwareVersion: String? = nil, referenceId: String? = nil,
    customerId: String? = nil, linkedBy: LinkOrigin? = nil, source: RecordSource? = nil, siteId: String? = nil,
    linkId: String? = nil, profile: String? = nil,
    variant: String? = nil, reported: [String: ScalarValue]? = nil, tags: [String] = [],
    nameplate: [String: ScalarValue] = [:], connectivity: ConnectivityResource,
    state: StateEnvelope, settings: [String: ScalarValue] = [:], capabilities: DeviceCapabilities,
    availableCommands: [AvailableCommandResource] = [], createdAt: Timestamp? = nil, updatedAt: Timestamp? = nil
  ) {
    self.id = id
    self.type = type
    self.role = role
    self.name = name
    self.manufacturer = manufacturer
    self.model = model
    self.serialNumber = serialNumber
    self.firmwareVersion = firmwareVersion
    self.referenceId = referenceId
    self.customerId = customerId
    self.linkedBy = linkedBy
    self.source = source
    self.siteId = siteId
    self.linkId = linkId
    self.profile = profile
    self.variant = variant
    self.reported = reported
    self.tags = tags
    self.nameplate = nameplate
    self.connectivity = connectivity
    self.state = state
    self.settings = settings
    self.capabilities = capabilities
    self.availableCommands = availableCommands
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}

/// Whether the gateway hears from a device.
public struct ConnectivityResource: Codable, Sendable, Hashable {
  /// How well it is heard.
  public var state: Connectivity.State
  /// Since when.
  public var since: Timestamp
  /// When the last valid answer or message came.
  public var lastSeenAt: Timestamp?
  /// Failed exchanges since then.
  public var consecutiveFailures: Int
  /// The last failure in words; absent once it is online again.
  public var lastError: String?

  /// The same facts as in the model.
  public init(_ connectivity: Connectivity) {
    state = connectivity.state
    since = connectivity.since
    lastSeenAt = connectivity.lastSeenAt
    consecutiveFailures = connectivity.consecutiveFailures
    lastError = connectivity.lastError
  }
}

/// What a device can report and do.
public struct DeviceCapabilities: Codable, Sendable, Hashable {
  /// One field that the device can report.
  public struct FieldDescription: Codable, Sendable, Hashable {
    /// The name with its unit: `powerW`.
    public var name: String
    /// The SI unit; empty for plain numbers, words and flags.
    public var unit: String
    /// `number`, `flag`, `text` or `label`.
    public var type: String
    /// `gauge`, `counter` or `setting`.
    public var behavior: String
    /// The words of a label.
    public var values: [String]?
    /// One sentence with sign and meaning.
    public var description: String

    /// The description that the model's catalogue gives.
    public init(_ field: Field) {
      name = field.name
      unit = field.unit.rawValue
      values = field.labels.isEmpty ? nil : field.labels
      description = field.summary
      type =
        switch field.type {
        case .number: "number"
        case .flag: "flag"
        case .text: "text"
        case .label: "label"
        }
      behavior =
        switch field.behavior {
        case .gauge: "gauge"
        case .counter: "counter"
        case .setting: "setting"
        }
    }
  }

  /// The fields that it can report.
  public var fields: [FieldDescription]
  /// The commands that it takes, as `type:verb`.
  public var commands: [String]

  /// All members, those that can be absent with a default.
  public init(
    fields: [FieldDescription] = [], commands: [String] = []
  ) {
    self.fields = fields
    self.commands = commands
  }
}
