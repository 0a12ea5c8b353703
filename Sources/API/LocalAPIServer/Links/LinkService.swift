public import LocalAPISchema

/// What the API needs from the gateway for links and for the devices that are made over the API.
///
/// Entries are those of a configuration file; the gateway checks them by the same rules and answers 422 with a JSON
/// pointer for each mistake. What the file defines is 409.
public protocol LinkService: Sendable {
  /// In the order of their ids.
  func links(_ slice: SliceRequest) async throws(APIError) -> ListSlice<LinkResource>
  /// 404 if there is no such link.
  func link(_ id: String) async throws(APIError) -> LinkResource
  /// Makes one and connects; without an id it gets one, `lnk_…`.
  func createLink(_ entry: [String: JSONValue], actor: String) async throws(APIError) -> LinkResource
  /// Changes the members that are named, `null` removes one; 412 where it is not any more what `expected` says.
  func updateLink(
    _ id: String, _ changes: [String: JSONValue], expected: [String: JSONValue]?, actor: String
  ) async throws(APIError) -> LinkResource
  /// 409 while devices are behind it.
  func deleteLink(_ id: String, actor: String) async throws(APIError)
  /// Reads a device once and keeps nothing; 429 where too many tests run.
  func testLink(_ call: LinkTestCall) async throws(APIError) -> LinkTestResource
  /// Makes a device and begins to read it. The server has checked that customer and site exist.
  func createDevice(_ registration: DeviceRegistration, actor: String) async throws(APIError) -> DeviceResource
  /// Gives the device back to itself and forgets it; its history stays under its id.
  func deleteDevice(_ id: String, actor: String) async throws(APIError)
}

/// A device to be made.
public struct DeviceRegistration: Sendable, Hashable {
  /// What a configuration file would say of it: `profile`, `link`, `part`, `parameters`, `role`, `writeBudget`,
  /// `interlocks`, and `id` where one is wanted.
  public var entry: [String: JSONValue]
  /// Name, reference, customer and site.
  public var changes: DeviceChanges
  /// Words to find it by.
  public var tags: [String]

  /// All members, those that can be absent with a default.
  public init(entry: [String: JSONValue], changes: DeviceChanges = DeviceChanges(), tags: [String] = []) {
    self.entry = entry
    self.changes = changes
    self.tags = tags
  }
}

/// What is to be read once.
public struct LinkTestCall: Sendable, Hashable {
  /// Where it is.
  public enum Link: Sendable, Hashable {
    /// A link that there is.
    case id(String)
    /// One that is tried before it is kept, as a configuration file has it.
    case entry([String: JSONValue])
  }

  /// Where it is.
  public var link: Link
  /// The id of the profile.
  public var profile: String
  /// What the profile wants to know, secrets included.
  public var parameters: [String: JSONValue]

  /// All members, those that can be absent with a default.
  public init(link: Link, profile: String, parameters: [String: JSONValue] = [:]) {
    self.link = link
    self.profile = profile
    self.parameters = parameters
  }
}
