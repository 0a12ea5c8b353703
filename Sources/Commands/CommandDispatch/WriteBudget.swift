import DeviceProfiles
import EnergyModel
import GatewayStore
import Logging
import TimeSource

/// How often a day a device may be written that keeps settings in flash, or of which nobody knows it.
///
/// A write is one sending of a command's steps. Ten thousand cycles, the worst that makers name, last for ten years at
/// 2.7 writes a day of the same cell and for one year at 27; reverts are always allowed and counted.
enum WriteBudget {
  /// Where neither profile nor configuration says more.
  static let writesPerDay = 24

  /// The budget of a command on a device; `nil` where nothing wears out.
  static func limit(of command: ProfileCommand, on target: DispatchTarget) -> Int? {
    command.storage == .ram ? nil : target.writeBudget ?? command.writeBudget ?? writesPerDay
  }

  /// What is kept in flash and has the value already is not written again. Values older than this are not trusted.
  static func seenSince(_ command: ProfileCommand, _ target: DispatchTarget, now: Timestamp) -> Timestamp? {
    guard command.storage == .nvm else { return nil }
    return now.advanced(byMilliseconds: -target.profile.staleAfter(part: target.part).milliseconds)
  }

  /// Days since 1970 in UTC: the budget begins anew at midnight.
  static func day(of time: Timestamp) -> Int64 {
    let day = time.milliseconds.dividedReportingOverflow(by: 86_400_000).partialValue
    return time.milliseconds < 0 ? day - 1 : day
  }
}

extension CommandLane {
  /// Refuses a command whose device was written often enough today. Giving control back is never refused.
  func checkWriteBudget(of validated: ValidatedCommand) async throws(CommandRefusal) {
    guard let limit = WriteBudget.limit(of: validated.command, on: target), !validated.isIdle,
      !validated.command.isRelease
    else { return }
    let written = await writesToday()
    guard let written else {
      throw CommandRefusal(.protocolError, "the write budget could not be read, nothing was sent", hint: "see the log")
    }
    guard written >= limit else { return }
    throw CommandRefusal(
      .quotaExhausted,
      "\(target.deviceID) was written \(written) times today, its write budget is \(limit) a day: it keeps settings in "
        + (validated.command.storage == .nvm ? "flash, which wears out" : "a memory of unknown endurance"),
      hint: "wait until midnight UTC, or set writeBudget for the device in the configuration")
  }

  /// Whether the day's budget has room for one more write that nobody asked for.
  func hasWriteBudget(for command: ProfileCommand) async -> Bool {
    guard let limit = WriteBudget.limit(of: command, on: target) else { return true }
    return await writesToday().map { $0 < limit } ?? false
  }

  /// Counts a write before it goes out, durably. Returns whether it could be counted.
  @discardableResult
  func countWrite(for command: ProfileCommand) async -> Bool {
    guard let limit = WriteBudget.limit(of: command, on: target) else { return true }
    do {
      let count = try await context.store.countWrite(
        of: target.deviceID, day: WriteBudget.day(of: context.time.wall()))
      if command.storage == .unknown, !hasWarnedOfWear {
        hasWarnedOfWear = true
        context.logger.warning(
          "the profile does not say where the device keeps what is written; \(count) of \(limit) writes today",
          metadata: ["device": "\(target.deviceID)"])
      }
      return true
    } catch {
      context.logger.error(
        "a write could not be counted: \(error)", metadata: ["device": "\(target.deviceID)"])
      return false
    }
  }

  private func writesToday() async -> Int? {
    do {
      return try await context.store.writeCount(
        of: target.deviceID, day: WriteBudget.day(of: context.time.wall()))
    } catch {
      context.logger.error(
        "the write budget could not be read: \(error)", metadata: ["device": "\(target.deviceID)"])
      return nil
    }
  }
}
