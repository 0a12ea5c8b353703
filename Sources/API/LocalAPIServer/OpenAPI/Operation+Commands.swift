import EnergyModel

extension Operation {
  static let sendCommand = Operation(
    "sendCommand", "Send a command, or with dryRun say what it would write", tag: "commands",
    parameters: [.header("Idempotency-Key", .json(#"{"type": "string", "maxLength": 255}"#)), .prefer],
    body: .ref("CommandSubmission"),
    answers: [
      .init(
        200,
        "Confirmed within the wait, or ended by something else than the device (its status says how), or a dry run. A "
          + "device that refuses is 502, one that does not answer or does not show the change 504, one that could not be "
          + "reached any more 409; the problem's details have commandId and status",
        .oneOf([.ref("Command"), .ref("CommandPreview")])),
      .init(
        202, "Accepted; with Prefer: wait, the device has not shown it by then and it goes on", .ref("Command"),
        headers: ["Location", "Idempotent-Replayed", "Preference-Applied"]),
    ])

  /// With type and verb in the path.
  static func sendTypedCommand(_ kind: DeviceKind) -> Operation {
    let name = kind.rawValue.prefix(1).uppercased() + kind.rawValue.dropFirst()
    return Operation(
      "send\(name)Command", "Send a command to a \(kind.rawValue), also in Texture's words", tag: "commands",
      parameters: sendCommand.parameters, body: .ref("TypedCommandSubmission"), answers: sendCommand.answers)
  }

  static let listDeviceCommands = Operation(
    "listDeviceCommands", "Commands of a device, newest first", tag: "commands",
    parameters: [.query("status", .ref("CommandStatus"))] + .paging, answers: [.page("Command")])

  static let listCommands = Operation(
    "listCommands", "Commands, newest first", tag: "commands",
    parameters: [.query("deviceId", .text), .query("status", .ref("CommandStatus"))] + .paging,
    answers: [.page("Command")])

  static let getCommand = Operation(
    "getCommand", "One command with its evidence", tag: "commands", parameters: [.prefer],
    answers: [.ok(.ref("Command"))])

  static let stopDevices = Operation(
    "stopDevices",
    "Give devices back to themselves, above all priorities; commands for later stay", tag: "commands",
    parameters: [.prefer], body: .ref("StopRequest"),
    answers: [.init(200, "What became of each device, as far as it is known within the wait", .ref("StopReport"))])

  static let cancelCommand = Operation(
    "cancelCommand", "Withdraw a command; a running lease ends with its revert", tag: "commands",
    answers: [.ok(.ref("Command"))])
}
