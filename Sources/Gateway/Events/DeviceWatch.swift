import EnergyModel
import LocalAPISchema
import Synchronization
import TelemetryPipeline
import TimeSource

/// Tells what becomes of devices beside being heard or not: values that grow old, faults, counters that start anew.
///
/// It looks at what the pipeline knows every few seconds. Told is what differs from what was told last; with
/// `EventAllowance`, a device that goes to and fro is told rarely, and always as it is at that time.
final class DeviceWatch: Sendable {
  /// Time between two looks.
  static let lookInterval = Duration.seconds(5)

  private struct Told {
    /// When the device was seen first, on the monotonic clock.
    var since: Duration
    var isStale = false
    var faults = ActiveFaults()
    /// Resets that found no room yet, by field.
    var resets: [String: CounterReset] = [:]
  }

  private struct State {
    var told: [String: Told] = [:]
    var allowance = EventAllowance()
  }

  private struct Finding {
    var kind: EventKind
    var device: String
    var data: [String: JSONValue]
  }

  private let events: EventLog
  private let time: TimeSource
  private let state = Mutex(State())

  init(events: EventLog, time: TimeSource) {
    self.events = events
    self.time = time
  }

  /// Looks every few seconds at what runs, until its task is cancelled.
  func run(_ running: @Sendable () -> RunningConfiguration?) async {
    while (try? await time.sleep(for: Self.lookInterval)) != nil {
      if let running = running() { look(at: running.pipeline) }
    }
  }

  /// Takes over what a pipeline knows from before, which was told then. To be called before it gets anything new.
  func prepare(_ pipeline: TelemetryPipeline) {
    let now = time.monotonic()
    let faults = ActiveFaults.read(pipeline)
    let devices = pipeline.layout.devices
    state.withLock { state in
      let ids = Set(devices.map(\.id))
      state.told = state.told.filter { ids.contains($0.key) }
      state.allowance.keep(ids)
      for (index, device) in devices.enumerated() where state.told[device.id] == nil {
        state.told[device.id] = Told(since: now, faults: faults[index] ?? ActiveFaults())
      }
    }
  }

  /// Tells what is new.
  func look(at pipeline: TelemetryPipeline) {
    let now = time.monotonic()
    let stale = pipeline.staleDevices()
    let faults = ActiveFaults.read(pipeline)
    let resets = Dictionary(grouping: pipeline.takeCounterResets(), by: \.deviceID)
    let findings = state.withLock { state in
      var findings: [Finding] = []
      for (index, device) in pipeline.layout.devices.enumerated() {
        guard var told = state.told[device.id] else { continue }
        func mayTell(_ kind: EventKind) -> Bool { state.allowance.take(kind, of: device.id, now: now) }
        // What was measured before the start is old at first.
        let isStale = stale.contains(index) && now - told.since >= device.staleAfter
        if !isStale {
          told.isStale = false
        } else if !told.isStale, mayTell(.deviceStale) {
          told.isStale = true
          findings.append(Finding(kind: .deviceStale, device: device.id, data: Self.staleness(pipeline, index)))
        }
        if let present = faults[index], present != told.faults, mayTell(.deviceFault) {
          findings.append(
            Finding(kind: .deviceFault, device: device.id, data: Self.change(from: told.faults, to: present)))
          told.faults = present
        }
        for reset in resets[device.id] ?? [] {
          told.resets[reset.field.name] = told.resets[reset.field.name].map(reset.merged) ?? reset
        }
        for (field, reset) in told.resets.sorted(by: { $0.key < $1.key }) where mayTell(.counterReset) {
          told.resets[field] = nil
          findings.append(Finding(kind: .counterReset, device: device.id, data: Self.words(reset)))
        }
        state.told[device.id] = told
      }
      return findings
    }
    for finding in findings { events.record(finding.kind, device: finding.device, data: finding.data) }
  }

  private static func staleness(_ pipeline: TelemetryPipeline, _ index: Int) -> [String: JSONValue] {
    let stale = pipeline.latest(index).filter { $0.quality == .stale }
    let seconds = Double(pipeline.layout.devices[index].staleAfter / .seconds(1))
    var data: [String: JSONValue] = [
      "message": .text("values older than \(Int(seconds.rounded())) s"), "staleAfterSeconds": .number(seconds),
      "fields": .array(stale.map { .text($0.field.name) }),
    ]
    data["observedAt"] = stale.compactMap(\.observedAt).min().map { .text($0.rfc3339) }
    return data
  }

  private static func change(from old: ActiveFaults, to new: ActiveFaults) -> [String: JSONValue] {
    func list(_ codes: Set<String>) -> JSONValue { .array(codes.sorted().map { .text($0) }) }
    return [
      "message": .text(new.message), "faults": list(new.codes), "added": list(new.codes.subtracting(old.codes)),
      "ended": list(old.codes.subtracting(new.codes)), "isFault": .flag(new.isFault || !new.codes.isEmpty),
    ]
  }

  private static func words(_ reset: CounterReset) -> [String: JSONValue] {
    [
      "message": .text("\(reset.field.name) went from \(reset.before) to \(reset.after) and counts on from there"),
      "field": .text(reset.field.name), "unit": .text(reset.field.unit.rawValue), "before": .number(reset.before),
      "after": .number(reset.after), "observedAt": .text(reset.observedAt.rfc3339),
      "counterEpoch": .number(Double(reset.epoch)), "count": .number(Double(reset.count)),
    ]
  }
}
