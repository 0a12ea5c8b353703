/// A metering plug with one appliance behind it.
public struct SimulatedPlug: Sendable, Hashable {
  /// Whether the relay is closed.
  public var isOn = true
  /// Never negative.
  public private(set) var powerW = 0.0
  /// Energy since installation, in Wh.
  public private(set) var energyTotalWh = 123_400.0
  let stream: UInt64

  /// The appliance draws about so much.
  static let applianceW = 90.0

  init(stream: UInt64) { self.stream = stream }

  mutating func advance(by seconds: Double, clock: Double, noise: SeededNoise) {
    powerW = isOn ? Self.applianceW + 25 * noise.curve(stream, at: clock, period: 120) : 0
    energyTotalWh += powerW * seconds / 3600
  }
}
