import DeviceProfiles
public import EnergyModel
import GatewayStore

/// What an emergency stop did to one device.
public struct HaltOutcome: Sendable {
  /// The device.
  public var deviceID: String
  /// The command that gives the device back, or the one that was ended where the product has no default state; `nil`
  /// when nothing had to be done or everything was refused.
  public var record: CommandRecord?
  /// Why nothing could be sent to the device.
  public var refusal: CommandRefusal?
}

extension CommandDispatcher {
  /// Gives devices back to themselves, above all priorities: what waits or is under way is withdrawn, every lease ends,
  /// and the profile's default state is written. Commands for later stay.
  ///
  /// Returns when all devices were told, with the commands that do it; their ends are in the journal. A lease of a device
  /// that cannot be reached ends as well: undoing it is tried until it works.
  public func halt(_ deviceIDs: [String], actor: String) async -> [HaltOutcome] {
    await withTaskGroup(of: HaltOutcome?.self) { group in
      for id in deviceIDs {
        guard let lane = lane(of: id) else { continue }
        group.addTask { await self.halt(lane, id, actor: actor) }
      }
      var outcomes: [HaltOutcome] = []
      for await outcome in group { if let outcome { outcomes.append(outcome) } }
      return outcomes.sorted { $0.deviceID < $1.deviceID }
    }
  }

  /// `nil` for a device that takes no commands: there is nothing to stop.
  private func halt(_ lane: CommandLane, _ id: String, actor: String) async -> HaltOutcome? {
    await lane.clear(because: "everything was stopped by \(actor)")
    let target = await lane.target
    var outcome = HaltOutcome(deviceID: id)
    if target.description.command(ProfilePart.autoVerb) != nil {
      do throws(CommandRefusal) {
        outcome.record = try await submit(
          CommandRequest(
            deviceID: id, name: CommandName(kind: target.kind, verb: ProfilePart.autoVerb), input: [:], actor: actor,
            priority: .safety, onConflict: .cancelAndReplace)
        ).record
        return outcome
      } catch { outcome.refusal = error }
    }
    guard let holder = await lane.holder?.record else {
      return target.description.commands.isEmpty ? nil : outcome
    }
    outcome.record = holder
    Task { await lane.cancel(holder.id) }
    return outcome
  }
}

extension CommandLane {
  /// Withdraws everything that waits for the device now or is under way. What waits for its time stays.
  func clear(because why: String) {
    for (id, task) in running where !asleep.contains(id) && id != Self.recoveryKey {
      overruled[id] = why
      task.cancel()
    }
  }
}
