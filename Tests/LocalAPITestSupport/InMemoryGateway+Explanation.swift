package import LocalAPISchema

extension InMemoryGateway {
  package func explanation(_ deviceId: String, fields: Set<String>) async throws(APIError) -> DeviceExplanation {
    let device = try await device(deviceId)
    let power = DeviceExplanation.Point(
      name: "powerW", isLocal: false, source: "holding 37765 i32", raw: "4294965166",
      steps: [.init(what: "as i32", value: .number(-2130))], value: .number(-2130), unit: "W", quality: "good",
      verdict: "ok", line: 12, observedAt: Self.now, ageSeconds: 4)
    return DeviceExplanation(
      deviceId: device.id, profile: device.profile ?? "none", file: "/profiles/it.yaml", part: "it",
      points: [power].filter { fields.isEmpty || fields.contains($0.name) })
  }
}
