public import AdapterKit
public import DeviceProfiles
public import EnergyModel

/// A device as the dispatcher sees it: what it can do and the adapter that reaches it.
public struct DispatchTarget: Sendable {
  /// The id in configuration and API.
  public var deviceID: String
  public var endpoint: EndpointID
  /// Which of the profile's devices it is.
  public var part: Int
  public var profile: BoundProfile
  public var adapter: any Adapter

  public init(deviceID: String, endpoint: EndpointID, part: Int, profile: BoundProfile, adapter: any Adapter) {
    self.deviceID = deviceID
    self.endpoint = endpoint
    self.part = part
    self.profile = profile
    self.adapter = adapter
  }

  /// The profile's description of this device.
  public var description: ProfilePart { profile.profile.parts[part] }
  /// The kind of device, which names its commands.
  public var kind: DeviceKind { description.kind }
}
