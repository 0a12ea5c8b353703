import ArgumentParser
import EnergyModel
import Foundation
import LocalAPIClient
import LocalAPISchema

struct ScheduleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedule", abstract: "Commands at certain times, once or every week.",
    subcommands: [List.self, Show.self, Weekly.self, Once.self, Load.self, Remove.self], defaultSubcommand: List.self)

  /// Whom a schedule is for.
  struct Target: ParsableArguments {
    @Option(help: "Id or name of the device.")
    var device: String?
    @Option(help: "All devices that have this tag when the time comes.")
    var tag: String?

    func validate() throws {
      guard (device == nil) != (tag == nil) else { throw ValidationError("Give either --device or --tag.") }
    }

    func create(_ draft: any Encodable & Sendable, in session: Session) async throws -> ExitStatus {
      let reply: APIReply<ScheduleResource>
      if let device {
        reply = try await session.client.createSchedule(draft, device: try await session.device(device).value.id)
      } else {
        reply = try await session.client.createSchedule(draft, tag: tag ?? "")
      }
      session.show(reply) { ScheduleView.lines($0, color: session.output.color) }
      return .fine
    }
  }

  struct List: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Schedules, newest first.")
    @Option(help: "Only those of this device itself.")
    var device: String?
    @Option(help: "Only those of this tag.")
    var tag: String?
    @Flag(help: "Those that have ended too.")
    var all = false
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let id = if let device { try await session.device(device).value.id } else { nil as String? }
      session.show(try await session.client.schedules(deviceId: id, tag: tag, includesEnded: all)) {
        ScheduleView.list($0.data, color: session.output.color)
      }
      return .fine
    }
  }

  struct Show: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "One schedule with what it did last.")
    @Argument(help: "Id, sch_….")
    var id: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      session.show(try await session.client.schedule(id)) { ScheduleView.lines($0, color: session.output.color) }
      return .fine
    }
  }

  struct Weekly: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Do something every week; it takes the place of the device's earlier weekly schedule.",
      discussion: """
        heddle schedule weekly --device battery-1 --days mon-fri --from 01:00 --to 05:00 battery charge --power 2kW
        Several intervals in one schedule are written in a file: heddle schedule load.
        """)
    @OptionGroup var target: Target
    @Option(
      help: "Days: mon-fri, sat,sun, daily.", transform: { try ScheduleCommand.days($0) })
    var days: [Int] = Array(0...6)
    @Option(help: "Beginning, HH:MM.")
    var from: String
    @Option(help: "End, HH:MM; before the beginning, it is the next day.")
    var to: String
    @Option(help: "IANA time zone; the site's unless it is said.")
    var timezone: String?
    @Option(help: "What is sent between the intervals, such as battery:idle; else the device is left to itself.")
    var otherwise: String?
    @OptionGroup var order: OrderArguments
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let order = try order.order()
      let rule = ScheduleDraft.Rule(
        daysOfWeek: days, startTime: from, endTime: to, command: order.slug, input: order.input)
      return try await target.create(
        ScheduleDraft(timezone: timezone, rules: [rule], default: otherwise.map { .init(command: $0) }), in: session)
    }
  }

  struct Once: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Do something once, at a time.",
      discussion: "heddle schedule once --device battery-1 --at 2026-05-01T18:00 battery discharge --power 3kW --for 1h"
    )
    @OptionGroup var target: Target
    @Option(help: "The time: 2026-05-01T18:00+02:00, or without an offset in the site's zone.")
    var at: String
    @Option(help: "IANA time zone; the site's unless it is said.")
    var timezone: String?
    @OptionGroup var order: OrderArguments
    @Option(name: .customLong("for"), help: "How long, such as 30m or 2h.", transform: { try Quantity.duration($0) })
    var duration: Double?
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let order = try order.order()
      return try await target.create(
        ScheduleDraft(
          timezone: timezone, at: at, command: order.slug, input: order.input, durationSeconds: duration), in: session)
    }
  }

  struct Load: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a schedule from a file in the JSON of the API.",
      discussion: """
        {"timezone": "Europe/Berlin", "rules": [
          {"daysOfWeek": [1, 2, 3, 4, 5], "startTime": "01:00", "endTime": "05:00", "command": "battery:charge"}]}
        """)
    @OptionGroup var target: Target
    @Argument(help: "The file; - is standard input.")
    var file: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let data: Data
      do {
        data =
          file == "-"
          ? try FileHandle.standardInput.readToEnd() ?? Data() : try Data(contentsOf: URL(fileURLWithPath: file))
      } catch {
        throw CommandFailure(message: "'\(file)' cannot be read", status: .usage)
      }
      guard let body = try? JSONDecoder().decode(JSONValue.self, from: data) else {
        throw CommandFailure(message: "'\(file)' is not JSON", status: .usage)
      }
      return try await target.create(body, in: session)
    }
  }

  struct Remove: GatewayCommand {
    static let configuration = CommandConfiguration(
      abstract: "End a schedule; what it has in force is undone.")
    @Argument(help: "Id, sch_….")
    var id: String
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws -> ExitStatus {
      let reply = try await session.client.deleteSchedule(id)
      session.show(reply) { _ in ["\(id) has ended"] }
      return .fine
    }
  }

  static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

  /// `mon-fri`, `sat,sun`, `daily`, `0,6`.
  static func days(_ text: String) throws -> [Int] {
    if ["daily", "all"].contains(text.lowercased()) { return Array(0...6) }
    func day(_ word: Substring) throws -> Int {
      if let index = dayNames.firstIndex(of: String(word.lowercased().prefix(3))), word.count >= 3 { return index }
      if let number = Int(word), (0...6).contains(number) { return number }
      throw ValidationError("'\(word)' is not a day; write mon-fri, sat,sun or daily.")
    }
    var days: Set<Int> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false)
      guard let first = ends.first, let last = ends.last, ends.count <= 2 else {
        throw ValidationError("'\(part)' is not a range of days; write mon-fri.")
      }
      let from = try day(first)
      let to = try day(last)
      for offset in 0...((to - from + 7) % 7) { days.insert((from + offset) % 7) }
    }
    return days.sorted()
  }
}

enum ScheduleView {
  static func list(_ schedules: [ScheduleResource], color: Bool) -> [String] {
    guard !schedules.isEmpty else { return ["no schedules"] }
    var table = TextTable("SCHEDULE", "FOR", "WHEN", "WHAT", "NEXT", "STATUS")
    for schedule in schedules {
      table.add([
        .init(schedule.id), .init(target(schedule), .strong), .init(times(schedule).joined(separator: "; ")),
        .init(orders(schedule)), .init(schedule.nextEdgeAt?.rfc3339 ?? Phrasing.unknown),
        .init(schedule.status.rawValue, schedule.status == .missed ? .warning : .plain),
      ])
    }
    return table.lines(color: color)
  }

  static func lines(_ schedule: ScheduleResource, color: Bool) -> [String] {
    var lines = [
      "\(TextTable.paint(schedule.id, .strong, color))  \(schedule.type.rawValue), for \(target(schedule)), "
        + "\(schedule.status.rawValue), made by \(schedule.origin.actor)"
    ]
    for (time, rule) in zip(times(schedule), schedule.rules ?? []) {
      lines.append("  \(time)  \(OrderView.text(rule.command))")
    }
    if let command = schedule.command { lines.append("  \(times(schedule)[0])  \(OrderView.text(command))") }
    if schedule.type == .weekly {
      lines.append("  otherwise  \(schedule.defaultCommand.map(OrderView.text) ?? "left to itself")")
    }
    lines.append("  zone  \(schedule.timezone ?? "of each device's site")")
    if let next = schedule.nextEdgeAt { lines.append("  next  \(next.rfc3339)") }
    for run in schedule.runs {
      var line = "  \(run.deviceId)  interval of \(run.intervalStart.rfc3339), sent \(run.attempts) times"
      if let id = run.commandId { line += ", \(id)" }
      if let problem = run.problem { line += ": \(problem)" }
      if let time = run.nextAttemptAt { line += "; next try \(time.rfc3339)" }
      lines.append(line)
    }
    return lines
  }

  private static func target(_ schedule: ScheduleResource) -> String {
    schedule.deviceId ?? schedule.tag.map { "tag \($0)" } ?? Phrasing.unknown
  }

  private static func orders(_ schedule: ScheduleResource) -> String {
    let orders = (schedule.rules ?? []).map(\.command) + [schedule.command].compactMap(\.self)
    return orders.map(OrderView.text).joined(separator: "; ")
  }

  /// `mon tue 01:00–05:00`, or the time of a one-shot.
  private static func times(_ schedule: ScheduleResource) -> [String] {
    guard let rules = schedule.rules else { return [schedule.at?.rfc3339 ?? Phrasing.unknown] }
    return rules.map { rule in
      let days = rule.daysOfWeek.compactMap {
        ScheduleCommand.dayNames.indices.contains($0) ? ScheduleCommand.dayNames[$0] : nil
      }
      return "\(days.count == 7 ? "daily" : days.joined(separator: " ")) \(rule.startTime)–\(rule.endTime)"
    }
  }
}
