import EnergyModel
import Foundation
import LocalAPISchema
import ScheduleCalendar

/// Reads schedules in our own form and in the compatible ones, and notes everything that is wrong with them.
struct ScheduleReader {
  /// The device that it is for; `nil` for a tag.
  let device: DeviceResource?
  /// The zone of the device's site.
  let siteZone: String?

  private static let ownFields = [
    "timezone", "rules", "default", "at", "command", "input", "durationSeconds",
  ]
  private static let times = ["daysOfWeek", "startTime", "endTime"]
  /// A one-shot further away than this is a mistake, in days.
  static let maxDaysAhead: Int64 = 3660

  /// - Throws: 422 with everything that is wrong.
  func plan(of object: [String: JSONValue], now: Timestamp) throws(APIError) -> (ScheduleCall.Plan, timezone: String?) {
    var problems = BodyProblems()
    let plan: ScheduleCall.Plan?
    let zone: String?
    if object["schedule"] != nil {
      (plan, zone) =
        device.map { compatible(object, $0, &problems) } ?? compatibleForTag(object, now, &problems)
    } else {
      let body = BodyObject(object, allowed: Self.ownFields, &problems)
      zone = timezone(body, "timezone", &problems)
      plan =
        body.has("at") || (body.has("command") && !body.has("rules"))
        ? once(body, zone, now, &problems) : weekly(body, zone, &problems)
    }
    try problems.check()
    guard let plan else { throw .invalid("", "the body says too little") }
    return (plan, zone)
  }

  // MARK: Our own form

  private func weekly(_ body: BodyObject, _ zone: String?, _ problems: inout BodyProblems) -> ScheduleCall.Plan? {
    let list = body.list("rules", isRequired: true, &problems) ?? []
    var rules: [ScheduleResource.Rule] = []
    for (index, value) in limited(list, at: "/rules", &problems).enumerated() {
      let rule = BodyObject.object(
        value, at: "/rules/\(index)", allowed: Self.times + ["command", "input"], &problems)
      guard let rule, let times = times(of: rule, &problems),
        let order = order(rule, acceptsDuration: false, &problems)
      else { continue }
      rules.append(.init(daysOfWeek: times.days, startTime: times.start, endTime: times.end, command: order))
    }
    var standard: CommandOrder?
    if let object = body.object("default", allowed: ["command", "input"], &problems) {
      standard = order(object, acceptsDuration: false, &problems)
    }
    checkOverlap(rules, list.count, "/rules", &problems)
    return .weekly(rules: rules, default: standard, defaultMode: nil)
  }

  private func once(
    _ body: BodyObject, _ zone: String?, _ now: Timestamp, _ problems: inout BodyProblems
  ) -> ScheduleCall.Plan? {
    for name in ["rules", "default"] where body.has(name) {
      problems.add(body.place(name), "it belongs to a weekly schedule, which has no 'at'")
    }
    let text = body.text("at", isRequired: true, &problems)
    let order = order(body, acceptsDuration: true, &problems)
    guard let text, let at = moment(text, zone, at: body.place("at"), now, &problems), let order else { return nil }
    return .once(at: at, order)
  }

  // MARK: The compatible form of a device

  private func compatible(
    _ object: [String: JSONValue], _ device: DeviceResource, _ problems: inout BodyProblems
  ) -> (ScheduleCall.Plan?, String?) {
    let body = BodyObject(object, allowed: ["schedule", "rules"], &problems)
    let schedule = body.object(
      "schedule", allowed: ["deviceTimezone", "defaultDeviceOperatingMode"], isRequired: true, &problems)
    let zone = schedule.flatMap { timezone($0, "deviceTimezone", &problems) }
    var standard: CommandOrder?
    let mode = schedule?.text("defaultDeviceOperatingMode", &problems)
    if let mode, let schedule {
      standard = OperatingModes(device).order(mode, at: schedule.place("defaultDeviceOperatingMode"), &problems)
    }
    let list = body.list("rules", isRequired: true, &problems) ?? []
    var rules: [ScheduleResource.Rule] = []
    for (index, value) in limited(list, at: "/rules", &problems).enumerated() {
      let rule = BodyObject.object(
        value, at: "/rules/\(index)", allowed: Self.times + ["deviceOperatingMode"], &problems)
      guard let rule, let times = times(of: rule, &problems),
        let mode = rule.text("deviceOperatingMode", isRequired: true, &problems),
        let order = OperatingModes(device).order(mode, at: rule.place("deviceOperatingMode"), &problems)
      else { continue }
      rules.append(
        .init(
          daysOfWeek: times.days, startTime: times.start, endTime: times.end, command: order,
          deviceOperatingMode: mode))
    }
    checkOverlap(rules, list.count, "/rules", &problems)
    return (.weekly(rules: rules, default: standard, defaultMode: mode), zone)
  }

  // MARK: The compatible form of a tag

  private func compatibleForTag(
    _ object: [String: JSONValue], _ now: Timestamp, _ problems: inout BodyProblems
  ) -> (ScheduleCall.Plan?, String?) {
    let body = BodyObject(object, allowed: ["command", "input", "durationSeconds", "schedule"], &problems)
    guard
      let schedule = body.object("schedule", allowed: ["type", "value", "timezone"], isRequired: true, &problems)
    else { return (nil, nil) }
    let zone = timezone(schedule, "timezone", &problems)
    let type = schedule.text("type", isRequired: true, &problems)
    let command = order(body, acceptsDuration: type == "iso", &problems)
    switch type {
    case "iso":
      guard let text = schedule.text("value", isRequired: true, &problems),
        let at = moment(text, zone, at: schedule.place("value"), now, &problems), let command
      else { return (nil, zone) }
      return (.once(at: at, command), zone)
    case "recurrence":
      return (recurrence(schedule, command, &problems), zone)
    case "cron":
      problems.add(
        schedule.place("type"), "cron is not supported", code: "CRON_NOT_SUPPORTED", hint: BodyObject.insteadOfCron)
    case let other?:
      problems.add(schedule.place("type"), "it cannot be '\(other)'", hint: "one of iso, recurrence")
    case nil: break
    }
    return (nil, zone)
  }

  private func recurrence(
    _ schedule: BodyObject, _ command: CommandOrder?, _ problems: inout BodyProblems
  ) -> ScheduleCall.Plan? {
    let list: [JSONValue]
    let isList: Bool
    switch schedule.members["value"] {
    case .array(let several): (list, isList) = (several, true)
    case let one?: (list, isList) = ([one], false)
    case nil:
      problems.missing(schedule.place("value"))
      return nil
    }
    let place = schedule.place("value")
    var rules: [ScheduleResource.Rule] = []
    for (index, value) in limited(list, at: place, &problems).enumerated() {
      let pointer = isList ? "\(place)/\(index)" : place
      guard let rule = BodyObject.object(value, at: pointer, allowed: Self.times, &problems),
        let times = times(of: rule, &problems), let command
      else { continue }
      rules.append(.init(daysOfWeek: times.days, startTime: times.start, endTime: times.end, command: command))
    }
    checkOverlap(rules, list.count, place, &problems)
    return .weekly(rules: rules, default: nil, defaultMode: nil)
  }

  // MARK: Times

  private func limited(_ list: [JSONValue], at place: String, _ problems: inout BodyProblems) -> [JSONValue] {
    if list.count > ScheduleDraft.maxRules {
      problems.add(place, "a schedule has at most \(ScheduleDraft.maxRules) rules", code: "OUT_OF_RANGE")
    }
    return Array(list.prefix(ScheduleDraft.maxRules))
  }

  private func times(
    of rule: BodyObject, _ problems: inout BodyProblems
  ) -> (days: [Int], start: String, end: String)? {
    var days: [Int] = []
    for (index, value) in (rule.list("daysOfWeek", isRequired: true, &problems) ?? []).enumerated() {
      let place = "\(rule.place("daysOfWeek"))/\(index)"
      guard case .number(let number) = value, let day = Int(exactly: number), (0...6).contains(day) else {
        problems.add(place, "a day is a whole number from 0 = Sunday to 6 = Saturday", code: "OUT_OF_RANGE")
        continue
      }
      if days.contains(day) { problems.add(place, "the day \(day) is there twice") } else { days.append(day) }
    }
    if rule.members["daysOfWeek"] == .array([]) {
      problems.add(rule.place("daysOfWeek"), "it has no day", code: "OUT_OF_RANGE")
    }
    func clock(_ name: String) -> ClockTime? {
      guard let text = rule.text(name, isRequired: true, &problems) else { return nil }
      if let time = ClockTime(text) { return time }
      problems.add(rule.place(name), "'\(text)' is not a time of day", hint: "HH:MM, such as 07:30; 24:00 ends a day")
      return nil
    }
    guard let start = clock("startTime"), let end = clock("endTime"), !days.isEmpty else { return nil }
    guard start != end, start.minutes < ClockTime.minutesPerDay else {
      problems.add(
        rule.place("startTime"), "an interval from \(start) to \(end) has no length",
        hint: "00:00 to 24:00 is the whole day; an end before the start is on the next day")
      return nil
    }
    return (days.sorted(), start.description, end.description)
  }

  /// Only where all rules could be read: their places are counted.
  private func checkOverlap(
    _ rules: [ScheduleResource.Rule], _ count: Int, _ place: String, _ problems: inout BodyProblems
  ) {
    guard rules.count == count else { return }
    let weekly = rules.compactMap(\.weekly)
    do throws(WeeklySchedule.Problem) {
      _ = try WeeklySchedule(weekly, clock: LocalClock(zone: .gmt))
    } catch {
      switch error {
      case .overlap(let rule, let other, let day, let time):
        problems.add(
          "\(place)/\(rule)", "it overlaps with rule \(other) on day \(day) at \(time)", code: "RULES_OVERLAP",
          hint: "a moment may belong to one rule only")
      case .empty: problems.add(place, "there is no rule", code: "OUT_OF_RANGE")
      case .days(let rule), .times(let rule): problems.add("\(place)/\(rule)", "it cannot be a rule")
      }
    }
  }

  private func timezone(_ body: BodyObject, _ name: String, _ problems: inout BodyProblems) -> String? {
    guard let text = body.text(name, &problems) else { return nil }
    if LocalClock(text) != nil { return text }
    problems.add(
      body.place(name), "there is no time zone '\(text)'", hint: "an IANA name such as Europe/Berlin, or UTC")
    return nil
  }

  private func moment(
    _ text: String, _ zone: String?, at place: String, _ now: Timestamp, _ problems: inout BodyProblems
  ) -> Timestamp? {
    let clock = (zone ?? siteZone).flatMap { LocalClock($0) }
    guard let time = Timestamp(rfc3339: Self.withSeconds(text)) ?? clock?.moment(text) else {
      let isLocal = LocalClock(zone: .gmt).moment(text) != nil
      problems.add(
        place, isLocal ? "'\(text)' says no zone" : "'\(text)' is not a time",
        hint: isLocal ? "add an offset such as +02:00 or Z, or a 'timezone'" : "2026-05-01T18:00:00+02:00")
      return nil
    }
    guard time > now else {
      problems.add(place, "\(time) is not in the future", code: "OUT_OF_RANGE", hint: "it is \(now) now")
      return nil
    }
    guard time.millisecondsSince(now) <= Self.maxDaysAhead * 86_400_000 else {
      problems.add(place, "\(time) is more than \(Self.maxDaysAhead) days away", code: "OUT_OF_RANGE")
      return nil
    }
    return time
  }

  /// `2026-05-01T18:00+02:00` with the seconds that the standard wants and people leave out.
  private static func withSeconds(_ text: String) -> String {
    let minutes = text.prefix("2026-05-01T18:00".count)
    let rest = text.dropFirst(minutes.count)
    return rest.isEmpty || rest.hasPrefix(":") ? text : "\(minutes):00\(rest)"
  }

  // MARK: Commands

  private func order(
    _ body: BodyObject, acceptsDuration: Bool, _ problems: inout BodyProblems
  ) -> CommandOrder? {
    var named = body
    if let device, case .text(let verb)? = body.members["command"], !verb.contains(":") {
      // The kind is the device's.
      var members = body.members
      members["command"] = .text("\(device.type.rawValue):\(verb)")
      named = BodyObject(members, at: body.pointer, allowed: Array(members.keys), &problems)
    }
    guard let order = GatewayRoutes.commandOrder(named, &problems) else { return nil }
    if !acceptsDuration, order.durationSeconds != nil {
      problems.add(
        body.place("command"), "a rule holds until its end and has no duration", hint: "leave 'durationSeconds' out")
    }
    if let device {
      let place = body.place("command")
      var inputPlace = body.place("input")
      if case .object? = body.members["command"] { inputPlace = "\(place)/input" }
      check(order.name, order.input, device, at: place, inputAt: inputPlace, &problems)
    }
    return CommandOrder(
      slug: order.name.description, input: order.input, durationSeconds: order.durationSeconds)
  }

  private func check(
    _ name: CommandName, _ input: [String: ScalarValue], _ device: DeviceResource, at place: String,
    inputAt: String, _ problems: inout BodyProblems
  ) {
    guard let command = device.availableCommands.first(where: { $0.slug == name.description }) else {
      return problems.add(
        place, "\(device.id) cannot do '\(name)'", code: "UNSUPPORTED_COMMAND",
        hint: device.capabilities.commands.isEmpty
          ? "it takes no commands" : "it can do \(device.capabilities.commands.joined(separator: ", "))")
    }
    let known = command.input.properties.keys.sorted()
    for key in input.keys.sorted() where !known.contains(key) {
      problems.add(
        "\(inputAt)/\(RequestBodyReader.pointerToken(key))", "'\(name)' has no parameter '\(key)'",
        code: "UNSUPPORTED_PARAMETER",
        hint: known.isEmpty ? "it takes none" : "possible are \(known.joined(separator: ", "))")
    }
    for key in command.input.required where input[key] == nil {
      problems.add("\(inputAt)/\(key)", "'\(name)' needs '\(key)'", code: "MISSING_PARAMETER")
    }
  }
}

extension ScheduleResource.Rule {
  /// The times of the rule; `nil` where they cannot be any.
  var weekly: WeeklySchedule.Rule? {
    guard let start = ClockTime(startTime), let end = ClockTime(endTime) else { return nil }
    return WeeklySchedule.Rule(days: Set(daysOfWeek), start: start, end: end)
  }
}
