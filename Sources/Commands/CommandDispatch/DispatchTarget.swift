public import AdapterKit
public import DeviceProfiles
public import EnergyModel

/// A device as the dispatcher sees it: what it can do and the adapter that reaches it.
public struct DispatchTarget: Sendable {
  /// The id in configuration and API.
  public var deviceID: String
  /// Where the adapter finds it; several devices may share an endpoint.
  public var endpoint: EndpointID
  /// Which of the profile's devices it is.
  public var part: Int
  /// The product's profile with the installation's parameters.
  public var profile: BoundProfile
  /// Carries the wire operations out.
  public var adapter: any Adapter
  /// How often a day the device may be written, where the installation says so; `nil` = as the profile says.
  public var writeBudget: Int?
  /// What the installation forbids.
  public var interlocks: Interlocks

  /// A device of the configuration; `part` must be an index into the profile's parts.
  public init(
    deviceID: String, endpoint: EndpointID, part: Int, profile: BoundProfile, adapter: any Adapter,
    writeBudget: Int? = nil, interlocks: Interlocks = Interlocks()
  ) {
    self.deviceID = deviceID
    self.endpoint = endpoint
    self.part = part
    self.profile = profile
    self.adapter = adapter
    self.writeBudget = writeBudget
    self.interlocks = interlocks
  }

  /// The profile's description of this device.
  public var description: ProfilePart { profile.profile.parts[part] }
  /// Wire operations as people and journals see them: without the secrets of the installation.
  func words(for operations: [WireOperation]) -> [String] {
    let redact = SecretRedaction(profile)
    return operations.map { redact($0.description) }
  }

  /// The kind of device, which names its commands.
  public var kind: DeviceKind { description.kind }
}
