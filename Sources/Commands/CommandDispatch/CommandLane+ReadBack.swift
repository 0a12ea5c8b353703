import AdapterKit
import DeviceProfiles
import EnergyModel
import TimeSource

/// How a read-back ended.
struct ReadBackOutcome: Sendable {
  enum Result: Sendable { case held, never, neverFresh, interrupted }
  var result: Result
  /// The values in the predicate when it ended.
  var values: [String: ScalarValue]
}

extension CommandLane {
  /// Waits until a predicate holds on telemetry newer than `since`, without a break for its settle time.
  ///
  /// - Parameters:
  ///   - limit: when to give up, if that is before the profile's own time.
  ///   - isUndo: whether it is about going back to normal, which a stop leaves some time for.
  func readBack(
    _ confirm: Confirmation, input: [String: ScalarValue], before: [String: ScalarValue], since: Timestamp,
    atMost limit: Duration? = nil, isUndo: Bool = false
  ) async -> ReadBackOutcome {
    let usual = confirm.within + confirm.settle
    let deadline = context.time.monotonic() + min(usual, limit ?? usual)
    var outcome = ReadBackOutcome(result: .neverFresh, values: [:])
    var heldSince: Duration?
    var nextRefresh = context.time.monotonic()
    while true {
      let now = context.time.monotonic()
      if now >= nextRefresh {
        // A refresh that fails shows itself by values that stay old.
        try? await target.adapter.refresh(target.endpoint)
        // Reads for it go before polls: where they take long, others on the bus get as much time as they took.
        let end = context.time.monotonic()
        nextRefresh = max(now + DispatchTiming.refreshInterval, end + (end - now))
      }
      if let look = await look(at: confirm.expect, input: input, before: before) {
        outcome.values = look.values
        // What seems to be from the future was observed before wall time jumped back.
        if look.observedAt > since, look.observedAt <= context.time.wall() {
          outcome.result = .never
          heldSince = look.holds ? heldSince ?? context.time.monotonic() : nil
        }
      }
      if let heldSince, context.time.monotonic() - heldSince >= confirm.settle {
        outcome.result = .held
        return outcome
      }
      guard context.time.monotonic() < deadline else { return outcome }
      do {
        if isStopping, !isUndo || context.time.monotonic() >= stopsAt { throw CancellationError() }
        try await context.time.sleep(for: DispatchTiming.checkInterval)
      } catch {
        outcome.result = .interrupted
        return outcome
      }
    }
  }

  struct Look {
    var holds: Bool
    /// When what the predicate sees was observed.
    var observedAt: Timestamp
    var values: [String: ScalarValue]
  }

  /// The predicate on what the decoder knows now; `nil` when the adapter does not answer or a value was never seen.
  func look(
    at expression: Expression, input: [String: ScalarValue], before: [String: ScalarValue]
  ) async -> Look? {
    let target = target
    guard let snapshot = try? await target.adapter.snapshot(of: target.endpoint) else { return nil }
    let part = target.part
    let names = expression.names.filter { !$0.hasPrefix("input.") && !$0.hasPrefix("before.") }
    let seen = names.filter(isPolledOften).compactMap { snapshot.value($0, part: part)?.observedAt }
    // A poll brings all values at once, so the oldest one counts. Over MQTT a device tells only what changed.
    guard let observedAt = isTold ? seen.max() : seen.min() else { return nil }
    var values: [String: ScalarValue] = [:]
    for name in names { values[name] = snapshot.value(name, part: part)?.value ?? .null }
    let holds = snapshot.evaluate(expression, part: part, input: input, before: before) == .flag(true)
    return Look(holds: holds, observedAt: observedAt, values: values)
  }

  /// Whether the device speaks by itself instead of being asked.
  private var isTold: Bool { if case .mqtt = target.profile.profile.transport { true } else { false } }

  /// Whether what a predicate looks at comes again and again, so that its silence means something: all that is polled,
  /// and measured values of a device that speaks by itself.
  func tellsByItself(_ confirm: Confirmation) -> Bool {
    let names = confirm.expect.names.filter { isPolledOften($0) }
    return isTold ? names.contains { Field.named($0)?.behavior == .gauge } : !names.isEmpty
  }

  /// Ratings and limits are read rarely and do not change with a command; what is read often has to be fresh.
  private func isPolledOften(_ name: String) -> Bool {
    let points = target.description.points.filter { $0.name == name }.map(\.pollClass)
    let controls = target.description.controls.filter { $0.name == name }.compactMap(\.pollClass)
    return (points + controls).contains { $0 == .fast || $0 == .normal }
  }
}
