import DeviceProfiles
import EnergyModel
import GatewayStore

/// Brings a battery back to what was set before the commands of this gateway. General: it is made of the commands that
/// the profile has.
enum Restoration {
  /// Commands of the journal that are looked through.
  static let rememberedCommands = GatewayStore.commandsPerCall

  /// The field that an argument of a lasting setting sets.
  static func field(of input: String) -> String { input == "mode" ? "operatingMode" : input }

  /// What was set before the first of some commands, by argument; the newest comes first.
  static func values(before records: [CommandRecord], on part: ProfilePart) -> [String: ScalarValue] {
    var values: [String: ScalarValue] = [:]
    for record in records where record.history.contains(where: { $0.status == .dispatched }) {
      if record.name.verb == ProfilePart.resetVerb, record.status == .confirmed { break }
      guard let command = part.command(record.name.verb), command.isLasting(record) else { continue }
      for input in command.inputs where record.input[input.name] != nil {
        guard let before = record.evidence?.before[field(of: input.name)], before != .null, before != .text("unknown")
        else { continue }
        values[input.name] = before
      }
    }
    return values
  }
}

extension ProfileCommand {
  /// Whether it gives control back, which is never forbidden.
  var isRelease: Bool { verb == ProfilePart.autoVerb || verb == ProfilePart.resetVerb }

  /// Whether nothing undoes it by itself.
  fileprivate func isLasting(_ record: CommandRecord) -> Bool {
    switch revert {
    case .none: verb != ProfilePart.autoVerb
    case .steps: record.durationSeconds == nil
    case .toDefault: false
    }
  }
}

extension DispatchTarget {
  /// Whether the gateway itself brings it back, because the profile has no command of its own for that.
  var canRestore: Bool {
    kind == .battery && description.command(ProfilePart.resetVerb) == nil && !description.verbs.isEmpty
  }
}

extension CommandLane {
  /// The gateway's own `battery:reset`; `nil` for every other command.
  func restoration(_ request: CommandRequest) async throws(CommandRefusal) -> ProfileCommand? {
    guard request.name == CommandName(kind: .battery, verb: ProfilePart.resetVerb), target.canRestore else {
      return nil
    }
    if let name = request.input.keys.min() {
      throw CommandRefusal(.unsupportedParameter, "reset has no parameter '\(name)'", parameter: name)
    }
    let records: [CommandRecord]
    do {
      records = try await context.store.commands(deviceID: target.deviceID, limit: Restoration.rememberedCommands)
    } catch {
      throw CommandRefusal(.protocolError, "the journal could not be read, nothing was sent: \(error)")
    }
    let values = Restoration.values(before: records, on: target.description)
    guard let command = target.description.restoring(values) else {
      throw CommandRefusal(
        .preconditionFailed, "nothing of \(target.deviceID) was changed by this gateway, and it has no default state")
    }
    return command
  }

  /// The command of a record as the profile has it, or as the gateway made it.
  func command(of record: CommandRecord) -> ProfileCommand? {
    if record.name.verb == ProfilePart.resetVerb, target.canRestore {
      return target.description.restoring(record.input)
    }
    return target.description.command(record.name.verb)
  }
}
