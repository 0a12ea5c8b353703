extension Operation {
  private static let ended = Parameter.query(
    "ended", .json(#"{"type": "boolean", "default": false}"#), "Those that have ended too.")

  private static let made = Answer(201, "Made", .ref("Schedule"), headers: ["Location"])

  static let listSchedules = Operation(
    "listSchedules", "Schedules of devices and tags, newest first", tag: "schedules",
    parameters: [.query("deviceId", .text), .query("tag", .text), ended] + .paging, answers: [.page("Schedule")])

  static let getSchedule = Operation("getSchedule", "One schedule", tag: "schedules", answers: [.ok(.ref("Schedule"))])

  static let deleteSchedule = Operation(
    "deleteSchedule", "End a schedule; what it has in force is undone", tag: "schedules", answers: [.nothing("Ended")])

  static func createDeviceSchedule(_ isAlias: Bool) -> Operation {
    let (id, summary) = named(
      "createDeviceSchedule", "Weekly intervals, or one time; a weekly schedule takes the place of an earlier one",
      isAlias)
    return Operation(
      id, summary, tag: "schedules", body: .oneOf([.ref("ScheduleDraft"), .ref("DeviceScheduleCompatible")]),
      answers: [made])
  }

  static let listDeviceSchedules = Operation(
    "listDeviceSchedules", "Schedules of a device itself, newest first", tag: "schedules",
    parameters: [ended] + .paging, answers: [.page("Schedule")])

  static let deleteDeviceSchedules = Operation(
    "deleteDeviceSchedules", "End all schedules of a device", tag: "schedules", answers: [.nothing("Ended")])

  static func getDeviceSchedule(_ isAlias: Bool) -> Operation {
    let (id, summary) = named("getDeviceSchedule", "One schedule of a device", isAlias)
    return Operation(id, summary, tag: "schedules", answers: [.ok(.ref("Schedule"))])
  }

  static func deleteDeviceSchedule(_ isAlias: Bool) -> Operation {
    let (id, summary) = named("deleteDeviceSchedule", "End a schedule of a device", isAlias)
    return Operation(id, summary, tag: "schedules", answers: [.nothing("Ended")])
  }

  static let createTagSchedule = Operation(
    "createTagSchedule", "A schedule for all devices that have a tag when its time comes", tag: "schedules",
    body: .oneOf([.ref("ScheduleDraft"), .ref("TagScheduleCompatible")]), answers: [made])

  static let listTagSchedules = Operation(
    "listTagSchedules", "Schedules of a tag, newest first", tag: "schedules", parameters: [ended] + .paging,
    answers: [.page("Schedule")])

  static let getTagSchedule = Operation(
    "getTagSchedule", "One schedule of a tag", tag: "schedules", answers: [.ok(.ref("Schedule"))])

  static let deleteTagSchedule = Operation(
    "deleteTagSchedule", "End a schedule of a tag", tag: "schedules", answers: [.nothing("Ended")])
}
