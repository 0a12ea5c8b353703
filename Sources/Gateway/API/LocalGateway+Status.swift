import AdapterKit
import EnergyModel
import Foundation
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TelemetryPipeline
import TimeSource

extension LocalGateway {
  func status() async throws(APIError) -> GatewayStatus {
    let running = try live()
    let statistics = running.pipeline.statistics
    var links: [LinkStatus] = []
    for link in running.links { links.append(await status(of: link)) }
    return GatewayStatus(
      version: ReleaseVersion.current, startedAt: startedAt, now: time.wall(),
      uptimeSeconds: (time.monotonic() - startedMonotonic) / .seconds(1),
      store: await storeStatus(statistics),
      links: links,
      devices: running.configuration.devices.enumerated().map { index, device in
        status(of: device, index: index, in: running)
      }, drops: drops(statistics), openAlerts: try await openAlerts(), api: APIAddresses())
  }

  func status(of link: RunningLink) async -> LinkStatus {
    let counters = await link.adapter.statistics()
    var status = LinkStatus(
      id: link.configuration.id, transport: link.configuration.transportName, address: link.configuration.address,
      isConnected: counters.isConnected, exchanges: counters.exchanges, errors: counters.errors,
      connects: counters.connects, busyShare: counters.busyShare, lastError: counters.lastError,
      devices: link.deviceIDs)
    let devices = current?.configuration.devices.filter { $0.linkID == link.configuration.id } ?? []
    status.take(
      counters, devices: Dictionary(grouping: devices) { EndpointID($0.endpointName) }.mapValues { $0.map(\.id) })
    return status
  }

  /// Less uptime says nothing about a day.
  private static let leastUptimeForRate = Duration.seconds(600)

  private func storeStatus(_ statistics: PipelineStatistics) async -> StoreStatus {
    let written = DiskFigures.writtenBytes()
    let uptime = time.monotonic() - startedMonotonic
    let rate = uptime >= Self.leastUptimeForRate ? written.map { Double($0) / (uptime / .seconds(86_400)) } : nil
    // What a store that fails does not say is left out: the status has to be there just then.
    let raw = try? await store.rawTotals()
    return StoreStatus(
      bytes: Self.bytes(of: store.path), usedBytes: try? await store.space().usedBytes,
      freeBytes: DiskFigures.freeBytes(at: store.path), writtenBytes: written,
      writtenBytesPerDay: rate.flatMap { Int64(exactly: $0.rounded()) }, rawReadings: raw?.readings,
      rawSince: raw?.oldest,
      isKeepingRaw: retention.room.isRecording && (current?.configuration.storage.rawAge ?? .zero) > .zero,
      pendingWindows: statistics.pendingWindows, lastError: statistics.lastFlushError)
  }

  private func openAlerts() async throws(APIError) -> Int {
    try await stored { () async throws(GatewayStoreError) in try await store.alerts().count }
  }

  private func status(
    of device: GatewayConfiguration.Device, index: Int, in running: RunningConfiguration
  ) -> DeviceStatus {
    let connectivity = connectivity(of: device)
    let age = running.pipeline.latest(index).compactMap(\.age).min()
    return DeviceStatus(
      id: device.id, type: device.kind, name: device.name, connectivity: connectivity.state,
      lastSeenAt: connectivity.lastSeenAt,
      ageSeconds: age.map(Self.seconds),
      lastError: connectivity.lastError)
  }

  /// Everything that was left out since the start, by cause.
  private func drops(_ statistics: PipelineStatistics) -> [String: UInt64] {
    var drops: [String: UInt64] = [
      "refused reading": statistics.refusedReadings, "unknown reading": statistics.unknownReadings,
      "suspect counter reading": statistics.suspectCounterReadings,
      "gauge window": statistics.droppedGaugeWindows, "energy window": statistics.droppedEnergyWindows,
      "raw reading": statistics.droppedRawReadings, "raw reading while paused": statistics.pausedRawReadings,
      "event": events.droppedCount,
    ]
    for (device, count) in statistics.droppedSamples { drops["sample of \(device)"] = count }
    return drops.filter { $0.value > 0 }
  }

  /// The database with its write-ahead log.
  private static func bytes(of path: String) -> Int64 {
    ["", "-wal"].reduce(0) { sum, suffix in
      let attributes = try? FileManager.default.attributesOfItem(atPath: path + suffix)
      return sum + ((attributes?[.size] as? NSNumber)?.int64Value ?? 0)
    }
  }
}
