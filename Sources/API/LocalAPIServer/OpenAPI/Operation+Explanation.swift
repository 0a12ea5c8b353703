extension Operation {
  static let explainDevice = Operation(
    "explainDevice", "How what the device said last became its values, step by step", tag: "devices",
    parameters: [.query("fields", .text, "Names of points with commas; all without it.")],
    answers: [.ok(.ref("DeviceExplanation"))])
}
