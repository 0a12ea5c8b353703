extension Operation {
  static let getDeviceTags = Operation(
    "getDeviceTags", "Tags of a device with where they come from", tag: "tags", answers: [.ok(.ref("DeviceTags"))])

  static let setDeviceTags = Operation(
    "setDeviceTags", "Replace the tags of a device; those of the configuration stay", tag: "tags",
    body: .ref("DeviceTagDraft"), answers: [.ok(.ref("DeviceTags"))])

  static let listTags = Operation(
    "listTags", "All tags with the number of their devices", tag: "tags", parameters: .paging,
    answers: [.page("Tag")])

  static let listTagDevices = Operation(
    "listTagDevices", "Devices with a tag", tag: "tags",
    parameters: [.query("customerId", .text), .query("siteId", .text)] + .deviceFilters, answers: [.devices])
}
