/// Where a tag of a device comes from.
public struct DeviceTag: Codable, Sendable, Hashable {
  /// The word.
  public var tag: String
  /// `configuration`: it is in the file and stays; `api`: it was given through the API.
  public var source: RecordSource

  /// All members.
  public init(tag: String, source: RecordSource) {
    self.tag = tag
    self.source = source
  }
}

/// The tags of a device: the answer of `GET` and `PUT /v1/devices/{id}/tags`.
public struct DeviceTagList: Codable, Sendable, Hashable {
  /// The device.
  public var deviceId: String
  /// All of its tags, in the order of the alphabet.
  public var tags: [String]
  /// The same tags with where they come from.
  public var sources: [DeviceTag]

  /// All members.
  public init(deviceId: String, sources: [DeviceTag]) {
    self.deviceId = deviceId
    tags = sources.map(\.tag)
    self.sources = sources
  }
}

/// The body of `PUT /v1/devices/{id}/tags`.
public struct DeviceTagDraft: Codable, Sendable, Hashable {
  /// All tags that the device is to have; those of the configuration stay, also where they are left out here.
  public var tags: [String]

  /// All members.
  public init(tags: [String]) { self.tags = tags }

  /// The most tags that a device may have through the API.
  public static let maxTags = 50
  /// The longest tag, in characters.
  public static let maxTagLength = 64
}

/// A tag with the number of devices that have it.
public struct TagSummary: Codable, Sendable, Hashable {
  /// The word.
  public var tag: String
  /// Devices with this tag.
  public var deviceCount: Int

  /// All members.
  public init(tag: String, deviceCount: Int) {
    self.tag = tag
    self.deviceCount = deviceCount
  }
}
