/// What of a device can be changed through the API.
public struct DeviceDraft: Codable, Sendable, Hashable {
  /// What people call it.
  public var name: String
  /// The owner's own id for it.
  public var referenceId: String?
  /// Whose device it is.
  public var customerId: String?
  /// Where it stands.
  public var siteId: String?

  /// All members, those that can be absent with a default.
  public init(name: String, referenceId: String? = nil, customerId: String? = nil, siteId: String? = nil) {
    self.name = name
    self.referenceId = referenceId
    self.customerId = customerId
    self.siteId = siteId
  }
}

/// What is to change of a device; `nil` leaves a member as it is.
public struct DeviceChanges: Sendable, Hashable {
  /// A new value of a member, or none.
  public enum Change: Sendable, Hashable {
    /// Nothing any more. A cleared customer is a decision: nothing links it again by itself.
    case cleared
    /// This.
    case value(String)

    /// The value; `nil` for none.
    public var text: String? { if case .value(let text) = self { text } else { nil } }
  }

  /// What people call it.
  public var name: Change?
  /// The owner's own id for it.
  public var referenceId: Change?
  /// Whose device it is.
  public var customerId: Change?
  /// Where it stands.
  public var siteId: Change?

  /// No change.
  public init() {}
}

extension DeviceResource {
  /// What of it can be changed.
  public var draft: DeviceDraft {
    DeviceDraft(name: name, referenceId: referenceId, customerId: customerId, siteId: siteId)
  }
}
