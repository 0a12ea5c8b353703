import AdapterKit
import DeviceProfiles
import EnergyModel
import Foundation
import GatewayStore
import Logging
import ModbusAdapter
import TelemetryPipeline
import TimeSource

/// What the daemon has between its adapters and the disk, in this process and with real clocks: pipeline and store.
final class LiveGateway: Sendable {
  static let logger = Logger(label: "heddle.bench") { _ in SwiftLogNoOpLogHandler() }
  static let time = TimeSource.system
  /// All links share them, as in the daemon.
  private static let loops = SocketLoops()

  let pipeline: TelemetryPipeline
  private let folder: URL
  private let store: GatewayStore
  private let flushing: Task<Void, Never>
  private let shared: TelemetryProducer

  /// - Parameters:
  ///   - devices: the name of each.
  ///   - flushes: whether the store gets something every ten seconds; otherwise at the end only.
  init(devices: [String], fields: [Field], flushes: Bool = true) async throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("heddle-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    store = try await GatewayStore.open(
      path: folder.appendingPathComponent("heddle.sqlite").path, now: Self.time.wall(), logger: Self.logger)
    let layout = devices.enumerated().map { index, name in
      PipelineLayout.Device(
        id: name, kind: .inverter, siteID: "site-\(index / 4)", customerID: "customer-\(index / 8)",
        staleAfter: .seconds(30), fields: fields)
    }
    pipeline = try await TelemetryPipeline(
      layout: PipelineLayout(devices: layout), store: store, time: Self.time, logger: Self.logger)
    shared = pipeline.makeProducer(link: "shared", isShared: true)
    flushing = Task { [pipeline] in if flushes { await pipeline.run() } }
  }

  /// The way of all Modbus links into the pipeline, or of one broker.
  func sink(broker: String? = nil, keepsTimes: Bool = false) -> BenchmarkSink {
    let indices = pipeline.layout.devices.enumerated().map { (EndpointID($1.id), $0) }
    return BenchmarkSink(
      producer: broker.map { pipeline.makeProducer(link: $0) } ?? shared, pipeline: pipeline,
      indices: Dictionary(indices) { first, _ in first }, keepsTimes: keepsTimes)
  }

  /// The last flush, and the end of all files.
  func stop() async throws {
    flushing.cancel()
    await flushing.value
    await pipeline.stop()
    try await store.close()
    try FileManager.default.removeItem(at: folder)
  }

  /// Samples that reached the aggregation.
  var samples: UInt64 {
    let statistics = pipeline.statistics
    return statistics.acceptedSamples + statistics.lateSamples
  }

  /// A Modbus link as the daemon makes it.
  static func modbusLink(
    _ name: String, host: String = "127.0.0.1", port: UInt16, endpoints: [EndpointSpecification], sink: BenchmarkSink
  ) throws -> ModbusLink {
    try ModbusLink(
      configuration: ModbusLinkConfiguration(name: name, medium: .tcp(host: host, port: port)), endpoints: endpoints,
      loops: loops, sink: sink, time: time, random: { Double.random(in: 0..<1) }, logger: logger)
  }
}

/// Runs something that blocks on a thread of its own: Swift's pool has only as many as there are processors.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
  await withCheckedContinuation { continuation in
    Thread.detachNewThread { continuation.resume(returning: body()) }
  }
}
