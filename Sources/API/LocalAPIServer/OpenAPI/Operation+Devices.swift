extension Operation {
  static let listDevices = Operation(
    "listDevices", "Devices", tag: "devices",
    parameters: [.query("customerId", .text), .query("siteId", .text), .query("tag", .text)] + .deviceFilters,
    answers: [.devices])

  static let getDevice = Operation(
    "getDevice", "One device with state, capabilities and commands", tag: "devices",
    parameters: .deviceView, answers: [.record(.oneOf([.ref("Device"), .ref("TextureDevice")]))])

  static let updateDevice = Operation(
    "updateDevice",
    "Change what the configuration leaves open; null clears a member, and a cleared customer stays cleared",
    tag: "devices", parameters: .ifMatch, body: .ref("DevicePatch"), answers: [.record(.ref("Device"))])

  static let getDeviceState = Operation(
    "getDeviceState", "What the device reports", tag: "devices",
    parameters: [
      .query("fields", .text, "Names of fields with commas; all without it."),
      .query(
        "maxAge", .json(#"{"type": "integer", "minimum": 0, "maximum": 86400}"#),
        "With refresh: the device is asked only where its newest value is older, in seconds."),
      .query("refresh", .json(#"{"type": "boolean"}"#), "Ask the device now; 504 where it does not answer."),
    ] + .deviceView, answers: [.ok(.oneOf([.ref("State"), .ref("TextureState")]))])

  static let getDeviceCapabilities = Operation(
    "getDeviceCapabilities", "What the device can report and do", tag: "devices", answers: [.ok(.ref("Capabilities"))])
}

extension Operation.Answer {
  /// A page of devices, in our words or in others'.
  static let devices = ok(.oneOf([.page("Device"), .page("TextureDevice")]))
}
