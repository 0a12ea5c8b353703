extension Operation {
  static let startDiscovery = Operation(
    "startDiscovery", "Look for devices: Modbus TCP, serial lines, MQTT, HTTP; one look around at a time",
    tag: "discovery", body: .ref("DiscoveryRequest"),
    answers: [.init(202, "Begun", .ref("Discovery"), headers: ["Location"])])

  static let getDiscovery = Operation(
    "getDiscovery", "How far it is, and what was found", tag: "discovery", answers: [.ok(.ref("Discovery"))])

  static let cancelDiscovery = Operation(
    "cancelDiscovery", "End it, or forget it where it is over", tag: "discovery",
    answers: [.nothing("Ended")])
}
