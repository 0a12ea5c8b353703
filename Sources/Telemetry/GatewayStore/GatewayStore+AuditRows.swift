import EnergyModel

extension GatewayStore {
  /// What the audit says of one step of a command's life.
  static func auditRow(of command: CommandRecord, step position: Int) throws -> AuditRecord {
    let step = command.history[position]
    var before = CommandState()
    var after = CommandState(status: step.status.rawValue)
    if position > 0 { before.status = command.history[position - 1].status.rawValue }
    switch step.status {
    case .rejected, .accepted, .scheduled:
      after.command = command.name.description
      after.input = command.input.mapValues(StoredScalar.init)
      after.durationSeconds = command.durationSeconds.flatMap { $0.isFinite ? $0 : nil }
      after.failure = command.failure?.code.rawValue
      after.scheduleId = command.scheduleID
      after.batchId = command.batchID
    case .dispatched:
      before.values = command.evidence?.before.mapValues(StoredScalar.init)
      after.operations = command.operations
      after.leaseExpiresAt = command.leaseExpiresAt?.rfc3339
    default:
      after.values = command.evidence?.after.mapValues(StoredScalar.init)
      after.leaseExpiresAt = command.leaseExpiresAt?.rfc3339
      after.failure = command.failure?.code.rawValue
    }
    return AuditRecord(
      at: step.at, actor: command.actor, action: "command.\(step.status.rawValue)", subject: command.deviceID,
      commandID: command.id, reason: step.detail, before: try JSONText.encode(before),
      after: try JSONText.encode(after))
  }

  /// A command at one moment, as the audit shows it.
  private struct CommandState: Encodable {
    var status: String?
    var command: String?
    var input: [String: StoredScalar]?
    var durationSeconds: Double?
    var operations: [String]?
    /// What the device showed.
    var values: [String: StoredScalar]?
    var leaseExpiresAt: String?
    var failure: String?
    /// What sent it, where it was not a person.
    var scheduleId: String?
    var batchId: String?
  }
}
