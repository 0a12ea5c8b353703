import EnergyModel

/// The parts of a command that are never searched for, as the JSON of `commands.details`.
struct CommandDetails: Codable {
  struct Evidence: Codable {
    var before: [String: StoredScalar]
    var after: [String: StoredScalar]
    var predicate: String
    var latencyMilliseconds: Int64?
  }

  struct Failure: Codable {
    var code: CommandErrorCode
    var message: String
    var isRetryable: Bool
  }

  struct OpenRevert: Codable {
    var endsAs: CommandStatus
    var isSent: Bool
  }

  var input: [String: StoredScalar]
  var durationSeconds: Double?
  var requestDigest: String
  var operations: [String]
  var evidence: Evidence?
  var failure: Failure?
  // Journals of older releases have none of these.
  var scheduleID: String?
  var batchID: String?
  var priority: CommandPriority?
  var onConflict: ConflictPolicy?
  var notBefore: Int64?
  var ttlSeconds: Double?
  var waitsFor: String?
  var dispatchedOn: BootTime?
  var revert: OpenRevert?

  init(_ command: CommandRecord) {
    input = command.input.mapValues(StoredScalar.init)
    // JSON has no infinity; a duration without end is no duration.
    durationSeconds = command.durationSeconds.flatMap { $0.isFinite ? $0 : nil }
    requestDigest = command.requestDigest
    operations = command.operations
    evidence = command.evidence.map {
      Evidence(
        before: $0.before.mapValues(StoredScalar.init), after: $0.after.mapValues(StoredScalar.init),
        predicate: $0.predicate, latencyMilliseconds: $0.latencyMilliseconds)
    }
    failure = command.failure.map { Failure(code: $0.code, message: $0.message, isRetryable: $0.isRetryable) }
    scheduleID = command.scheduleID
    batchID = command.batchID
    priority = command.priority
    onConflict = command.onConflict
    notBefore = command.notBefore?.milliseconds
    ttlSeconds = command.ttlSeconds.isFinite ? command.ttlSeconds : nil
    waitsFor = command.waitsFor
    dispatchedOn = command.dispatchedOn
    revert = command.revert.map { OpenRevert(endsAs: $0.endsAs, isSent: $0.isSent) }
  }

  var modelRevert: CommandRecord.OpenRevert? {
    revert.map { CommandRecord.OpenRevert(endsAs: $0.endsAs, isSent: $0.isSent) }
  }

  var modelEvidence: CommandRecord.Evidence? {
    evidence.map {
      CommandRecord.Evidence(
        before: scalars($0.before), after: scalars($0.after), predicate: $0.predicate,
        latencyMilliseconds: $0.latencyMilliseconds)
    }
  }

  var modelFailure: CommandRecord.Failure? {
    failure.map { CommandRecord.Failure(code: $0.code, message: $0.message, isRetryable: $0.isRetryable) }
  }

  func scalars(_ stored: [String: StoredScalar]) -> [String: ScalarValue] { stored.mapValues(\.value) }
}

/// A number, word or flag as the JSON value that it looks like.
struct StoredScalar: Codable {
  let value: ScalarValue

  init(_ value: ScalarValue) { self.value = value }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      value = .null
    } else if let flag = try? container.decode(Bool.self) {
      value = .flag(flag)
    } else if let number = try? container.decode(Double.self) {
      value = .number(number)
    } else {
      value = .text(try container.decode(String.self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch value {
    case .number(let number) where number.isFinite: try container.encode(number)
    case .number, .null: try container.encodeNil()
    case .text(let text): try container.encode(text)
    case .flag(let flag): try container.encode(flag)
    }
  }
}
