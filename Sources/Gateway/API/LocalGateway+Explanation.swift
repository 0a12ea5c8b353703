import AdapterKit
import DeviceProfiles
import EnergyModel
import LocalAPISchema
import LocalAPIServer
import ProfileExplanation
import TelemetryPipeline

extension LocalGateway {
  func explanation(_ deviceId: String, fields: Set<String>) async throws(APIError) -> DeviceExplanation {
    let running = try live()
    guard let device = running.device(deviceId),
      let link = running.links.first(where: { $0.configuration.id == device.linkID })
    else { throw .notFound("device", deviceId) }
    let latest = Dictionary((running.pipeline.latest(deviceId) ?? []).map { ($0.field.name, $0) }) { first, _ in first }
    return DeviceExplanation(
      device, frames: link.tap.frames(of: EndpointID(device.endpointName)), latest: latest, fields: fields)
  }
}

extension DeviceExplanation {
  /// - Parameters:
  ///   - frames: what came last from the device's endpoint.
  ///   - latest: the values in force.
  ///   - fields: only these; all where there are none.
  init(
    _ device: GatewayConfiguration.Device, frames: [RawFrame], latest: [String: LatestValue], fields: Set<String>
  ) {
    let found = FrameExplanation(frames.map(\.body), device.profile)
    let points = found.parts.indices.contains(device.part) ? found.parts[device.part] : []
    self.init(
      deviceId: device.id, profile: device.profile.profile.id, file: device.profile.profile.file,
      part: device.profile.profile.parts[device.part].name, variant: found.variant,
      points: points.filter { fields.isEmpty || fields.contains($0.name) }.map { point in
        let value = point.isLocal ? nil : latest[point.name]
        return Point(
          name: point.name, isLocal: point.isLocal, source: point.source, raw: point.raw,
          steps: point.steps.map { Step(what: $0.what, value: JSONValue($0.value)) }, value: JSONValue(point.value),
          unit: point.unit, quality: point.quality, verdict: point.verdict, line: point.line,
          observedAt: value?.observedAt, ageSeconds: value?.age.map(LocalGateway.seconds))
      }, problems: found.problems)
  }
}

extension JSONValue {
  fileprivate init(_ value: ScalarValue) {
    self =
      switch value {
      case .number(let number): .number(number)
      case .text(let text): .text(text)
      case .flag(let flag): .flag(flag)
      case .null: .null
      }
  }
}
