public import EnergyModel

/// Something that a person has to look at.
public struct AlertResource: Codable, Sendable, Hashable {
  /// `alt_…`
  public var id: String
  /// What is wrong.
  public var kind: AlertRecord.Kind
  /// The device that it is about; absent for the gateway itself and for a webhook.
  public var deviceId: String?
  /// The command that it is about; absent without one.
  public var commandId: String?
  /// The webhook that it is about; absent without one.
  public var webhookId: String?
  /// What is wrong, in words.
  public var message: String
  /// When it began.
  public var raisedAt: Timestamp
  /// When it was last seen to be so.
  public var updatedAt: Timestamp
  /// How often it was seen to be so.
  public var count: Int
  /// When a person said that he knows.
  public var acknowledgedAt: Timestamp?
  /// Who that was.
  public var acknowledgedBy: String?
  /// When it was over; absent as long as it is so.
  public var resolvedAt: Timestamp?

  /// The store's record as the API shows it.
  public init(_ record: AlertRecord) {
    id = record.id
    kind = record.kind
    let isOfWebhook = record.kind == .webhookDisabled
    deviceId = isOfWebhook || record.deviceID.isEmpty ? nil : record.deviceID
    commandId = record.commandID.isEmpty ? nil : record.commandID
    webhookId = isOfWebhook ? record.deviceID : nil
    message = record.message
    raisedAt = record.raisedAt
    updatedAt = record.updatedAt
    count = record.count
    acknowledgedAt = record.acknowledgedAt
    acknowledgedBy = record.acknowledgedBy
    resolvedAt = record.resolvedAt
  }
}
