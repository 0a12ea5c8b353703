extension Operation {
  static let listDevices = Operation(
    "listDevices", "Devices", tag: "devices",
    parameters: [
      .query("type", .ref("DeviceType")), .query("customerId", .text), .query("siteId", .text), .query("tag", .text),
      .query("status", .ref("ConnectivityState")),
    ] + .paging, answers: [.page("Device")])

  static let getDevice = Operation(
    "getDevice", "One device with state, capabilities and commands", tag: "devices", answers: [.ok(.ref("Device"))])

  static let getDeviceState = Operation(
    "getDeviceState", "What the device reports", tag: "devices", answers: [.ok(.ref("State"))])

  static let getDeviceCapabilities = Operation(
    "getDeviceCapabilities", "What the device can report and do", tag: "devices", answers: [.ok(.ref("Capabilities"))])
}
