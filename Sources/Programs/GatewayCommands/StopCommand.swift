import ArgumentParser
import EnergyModel
import LocalAPIClient
import LocalAPISchema

struct StopCommand: GatewayCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop",
    abstract: "Give devices back to themselves, whatever they were told and by whom.",
    discussion: "Ends with 0 only when every device showed that it is in its default state, else with 3.")

  @Argument(help: "Ids or names of the devices.")
  var devices: [String] = []
  @Flag(help: "All devices.")
  var all = false
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if devices.isEmpty != all { throw ValidationError("Name the devices, or give --all.") }
  }

  func run(in session: Session) async throws -> ExitStatus {
    var ids: [String] = []
    for device in devices { ids.append(try await session.device(device).value.id) }
    var report = try await session.client.stop(all ? nil : ids, waitSeconds: CommandSender.lookSeconds.pipe).value
    var waited = CommandSender.lookSeconds.pipe
    // The devices were told; what follows is looking on.
    while let open = report.results.first(where: { !$0.isSettled })?.command,
      waited < CommandSender.maxFollowSeconds
    {
      _ = try await session.client.command(open.id, waitSeconds: CommandSender.lookSeconds.pipe)
      waited += CommandSender.lookSeconds.pipe
      report = try await refreshed(report, session)
    }
    if session.json {
      session.output.write(Session.text(report, pretty: true) + "\n")
    } else {
      session.output.print(Self.lines(report, color: session.output.color))
    }
    return report.allAtDefault ? .fine : .notConfirmed
  }

  private func refreshed(_ report: StopReport, _ session: Session) async throws -> StopReport {
    var results = report.results
    for (index, result) in results.enumerated() where !result.isSettled {
      guard let id = result.command?.id else { continue }
      results[index] = .init(
        deviceId: result.deviceId, command: try await session.client.command(id).value, error: result.error)
    }
    return StopReport(results: results)
  }

  static func lines(_ report: StopReport, color: Bool) -> [String] {
    guard !report.results.isEmpty else { return ["no device takes commands"] }
    var table = TextTable("DEVICE", "STATE", "COMMAND", "")
    for result in report.results {
      let words = result.isAtDefault ? "back to normal" : "NOT CONFIRMED"
      let detail = result.error?.message ?? result.command?.error?.message ?? result.command?.statusHistory.last?.detail
      table.add([
        .init(result.deviceId), .init(words, result.isAtDefault ? .good : .bad), .init(result.command?.id ?? "-"),
        .init(detail ?? (result.command == nil ? "nothing was running" : ""), .faint),
      ])
    }
    return table.lines(color: color)
  }
}
