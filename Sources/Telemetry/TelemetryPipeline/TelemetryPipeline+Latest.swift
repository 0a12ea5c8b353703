import EnergyModel
import Synchronization
import TimeSource

extension TelemetryPipeline {
  /// The last values of a device: all fields that its profile binds, in the layout's order, and the non-negative twins
  /// of its power. Sees everything that was accepted before the call.
  ///
  /// - Parameter device: its index in the layout; empty for any other number.
  public func latest(_ device: Int) -> [LatestValue] {
    guard layout.devices.indices.contains(device) else { return [] }
    drain()
    let description = layout.devices[device]
    let freshness = Freshness(
      wall: time.wall().milliseconds, monotonic: routes.monotonicMilliseconds, staleAfter: description.staleAfter)
    let values = core.withLock { core in
      routes.words.withLock { words in
        description.fields.compactMap { field -> LatestValue? in
          switch routes.route(device, field) {
          case .number(let input): .of(core.aggregator.latest[Int(input)], field, freshness)
          case .word(let slot): .of(words.slots[slot], field, freshness)
          case .derived, .nowhere: nil
          }
        }
      }
    }
    return values + twins(of: description, values)
  }

  /// The last values of a device, by its id; `nil` if there is no such device.
  public func latest(_ deviceID: String) -> [LatestValue]? { layout.index(of: deviceID).map { latest($0) } }

  private func twins(of device: PipelineLayout.Device, _ values: [LatestValue]) -> [LatestValue] {
    guard let power = values.first(where: { $0.field.name == "powerW" }) else { return [] }
    return PowerTwin.of(device.kind).compactMap { twin in
      guard let field = Field.named(twin.name), !values.contains(where: { $0.field == field }) else { return nil }
      var value = power
      value.field = field
      // Adding zero turns the −0 of an idle device into 0.
      if let watts = power.value.number { value.value = .number(max(0, watts * twin.sign) + 0) }
      return value
    }
  }
}

extension LatestValue {
  static func of(
    _ latest: WindowAggregator.Latest, _ field: Field, _ freshness: Freshness
  ) -> LatestValue {
    guard latest.observedAt != .min else { return .nothing(field) }
    let age = freshness.age(
      observedAt: latest.observedAt, receivedAt: latest.receivedAt,
      acceptedAt: latest.isLive ? latest.acceptedAt : nil)
    return LatestValue(
      field: field, value: latest.value.isFinite ? .number(latest.value) : .null,
      quality: freshness.quality(latest.quality, of: field, age: age),
      observedAt: Timestamp(milliseconds: latest.observedAt), receivedAt: Timestamp(milliseconds: latest.receivedAt),
      age: age)
  }

  static func of(_ slot: LatestWords.Slot, _ field: Field, _ freshness: Freshness) -> LatestValue {
    guard let reading = slot.reading else { return .nothing(field) }
    let age = freshness.age(
      observedAt: reading.observedAt.milliseconds, receivedAt: reading.receivedAt.milliseconds,
      acceptedAt: slot.acceptedAt)
    return LatestValue(
      field: field, value: reading.value, quality: freshness.quality(reading.quality, of: field, age: age),
      observedAt: reading.observedAt, receivedAt: reading.receivedAt, age: age)
  }

  /// A field that nothing came for yet.
  private static func nothing(_ field: Field) -> LatestValue {
    LatestValue(field: field, value: .null, quality: .missing, observedAt: nil, receivedAt: nil, age: nil)
  }
}
