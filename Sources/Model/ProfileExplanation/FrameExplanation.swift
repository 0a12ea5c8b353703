package import DeviceProfiles
package import EnergyModel

/// What a profile makes of the frames that came last from a running device, step by step: `heddle profile decode
/// --explain` with what is on the wire instead of a file.
package struct FrameExplanation: Sendable {
  /// One point of the profile.
  package struct Point: Sendable {
    /// The field or local.
    package var name: String
    /// Whether only formulas see it.
    package var isLocal: Bool
    /// Where it comes from.
    package var source: String
    /// As the device said it.
    package var raw: String?
    /// From the raw value to the result.
    package var steps: [(what: String, value: ScalarValue)]
    /// The result.
    package var value: ScalarValue
    /// The SI unit.
    package var unit: String
    /// Empty where there is nothing to judge.
    package var quality: String
    /// In words.
    package var verdict: String
    /// The line of the profile.
    package var line: Int
  }

  /// The points of each part, in the order of the profile.
  package private(set) var parts: [[Point]] = []
  /// The variant in force.
  package private(set) var variant: String?
  /// What was not understood.
  package private(set) var problems: [String] = []

  /// - Parameters:
  ///   - frames: set-up included, in the order in which they came.
  ///   - bound: the profile as the configuration binds it; what the device says about itself is found in the frames.
  package init(_ frames: [RawFrame.Body], _ bound: BoundProfile) {
    let redact = SecretRedaction(bound)
    let decoded = DecodedCapture(DeviceCapture(frames), bound, explained: true)
    variant = decoded.variant
    problems = decoded.problems.map(redact.callAsFunction)
    parts = decoded.devices.map { device in
      device.values.map { value in
        Point(
          name: value.name, isLocal: value.isLocal, source: redact(ProfileWords.short(value.source)),
          raw: value.raw.map(redact.callAsFunction),
          steps: value.raw == nil ? [] : (value.steps ?? []).map { ($0.what, redact($0.value.value)) },
          value: redact(value.value.value), unit: value.unit, quality: value.quality,
          verdict: Self.live(value.verdict), line: value.line)
      }
    }
  }

  /// The words about a capture, said of a device.
  private static func live(_ verdict: String) -> String {
    [
      ("what scales it is not in the capture", "what scales it was not read yet"),
      (" is in the capture", " came yet"), (" is not in the capture", " was not read yet"),
    ].reduce(verdict) { $0.replacing($1.0, with: $1.1) }
  }
}

extension SecretRedaction {
  fileprivate func callAsFunction(_ value: ScalarValue) -> ScalarValue {
    if case .text(let text) = value { .text(self(text)) } else { value }
  }
}
