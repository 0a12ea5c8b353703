import AdapterKit
import DeviceProfiles
import EnergyModel
import Foundation
import Testing
import TestSupport

@testable import HTTPAdapter

/// Captured answers of real devices, served as files and read through the profiles that are shipped.
@Suite(
  "HTTP captures", .timeLimit(.minutes(1)),
  .enabled(if: Shared.areCapturesPresent, "the captures are not beside the project"))
struct CaptureTests {
  private func withCapture(
    profile name: String, files: [String: String],
    body: (DeviceServer, RecordingSink) async throws -> Void
  ) async throws {
    let texts = try files.mapValues { try Shared.capture($0) }
    let server = try await DeviceServer { request in
      let path = String(request.target.prefix { $0 != "?" })
      return texts[path].map { .json($0) } ?? .answer(status: 404)
    }
    let bench = TestBench()
    let file = Shared.profiles.appending(path: name)
    let read = ProfileReader.read(text: try String(contentsOf: file, encoding: .utf8), file: file.path)
    let profile = try #require(read.profile, "\(read.diagnostics)")
    let link = try bench.link(
      to: server, profile: try BoundProfile(profile: profile, parameters: [:]))
    await link.start()
    let clock = Task { while !Task.isCancelled { await bench.advanceWhenIdle(link) } }
    try await body(server, bench.sink)
    clock.cancel()
    await clock.value
    await link.stop()
    await server.stop()
  }

  @Test(
    "A Fronius Symo by day and by night",
    arguments: [("GetPowerFlowRealtimeData", 1703.74, 1111.0), ("GetPowerFlowRealtimeData_night", 975.31, 0)])
  func fronius(file: String, grid: Double, generation: Double) async throws {
    let files = [
      "/solar_api/v1/GetPowerFlowRealtimeData.fcgi": "fronius/symo/\(file).json",
      "/solar_api/v1/GetInverterRealtimeData.cgi": "fronius/symo/GetInverterRealtimeData_Device_1_night.json",
    ]
    try await withCapture(profile: "fronius/solar-api-v1.yaml", files: files) { server, sink in
      await sink.untilState(.online)
      await server.untilRequests(4)
      await sink.untilBatches(4)
      let readings = sink.events.batches(of: .device).joined().map(\.reading)
      #expect(readings.contains { $0.field.name == "powerW" && $0.value == .number(grid) })
      #expect(sink.events.value("pvPowerW") == .number(generation))
      #expect(sink.events.lastConnectivity(of: .device)?.state == .online)
    }
  }

  @Test("A Venstar ColorTouch")
  func venstar() async throws {
    let files = [
      "/": "venstar/colortouch_root.json", "/query/info": "venstar/colortouch_info.json",
      "/query/sensors": "venstar/colortouch_sensors.json",
    ]
    try await withCapture(profile: "venstar/colortouch.yaml", files: files) { _, sink in
      await sink.until { $0.value("humidityPercent") != nil && $0.value("ambientTemperatureC") != nil }
      await sink.untilState(.online)
      let temperature = try #require(sink.events.value("ambientTemperatureC")?.number)
      #expect(abs(temperature - (71 - 32) * 5 / 9.0) < 0.001)
      #expect(sink.events.value("humidityPercent") == .number(41))
      #expect(sink.events.value("hvacMode") == .label("heat"))
      await sink.until { $0.value("model") == .text("COLORTOUCH") }
    }
  }
}
