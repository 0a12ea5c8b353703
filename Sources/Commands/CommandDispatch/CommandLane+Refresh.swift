import AdapterKit
import DeviceProfiles
import EnergyModel
import TimeSource

extension CommandLane {
  /// Reading takes no arguments and holds nothing.
  nonisolated func checkRefresh(_ request: CommandRequest) throws(CommandRefusal) {
    if let name = request.input.keys.min() {
      throw CommandRefusal(.unsupportedParameter, "refresh has no parameter '\(name)'", parameter: name)
    }
    guard request.durationSeconds == nil else {
      throw CommandRefusal(
        .unsupportedParameter, "refresh takes no duration", hint: "send it without one", parameter: "durationSeconds")
    }
  }

  /// Reads the device now. Nothing is written, so nobody who holds the device is disturbed, and a device that is offline
  /// is asked as well. Done when something of the device was observed after the command came.
  func readNow(_ record: inout CommandRecord) async {
    let since = context.time.wall()
    let deadline = context.time.monotonic() + DispatchTiming.readPatience
    let start = context.time.monotonic()
    record.evidence = .init(
      before: ["observedAt": await newest().map { .text($0.rfc3339) } ?? .null],
      predicate: "observedAt >= \(since.rfc3339)")
    await change(&record, .dispatched, "")
    do {
      try await target.adapter.refresh(target.endpoint)
    } catch {
      return await fail(
        &record, .failed, error.kind == .notSent ? .deviceOffline : .protocolTimeout, error.message)
    }
    await change(&record, .acknowledged, "")
    while true {
      // What seems to be from the future was observed before wall time jumped back.
      if let seen = await newest(), seen >= since, seen <= context.time.wall() {
        record.evidence?.after = ["observedAt": .text(seen.rfc3339)]
        record.evidence?.latencyMilliseconds = (context.time.monotonic() - start).milliseconds
        await change(&record, .confirmed, "")
        return
      }
      guard context.time.monotonic() < deadline else { break }
      guard (try? await context.time.sleep(for: DispatchTiming.checkInterval)) != nil else {
        return await withdraw(&record)
      }
    }
    await fail(
      &record, .unconfirmed, .readbackTimeout,
      "the device told nothing new within \(DispatchTiming.readPatience.milliseconds / 1000) s")
  }

  /// When something of the device was last observed.
  private func newest() async -> Timestamp? {
    let target = target
    guard let snapshot = try? await target.adapter.snapshot(of: target.endpoint) else { return nil }
    let names = target.description.points.map(\.name) + target.description.controls.map(\.name)
    return names.compactMap { snapshot.value($0, part: target.part)?.observedAt }.max()
  }
}
