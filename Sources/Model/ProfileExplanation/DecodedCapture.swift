package import DeviceProfiles
package import EnergyModel

/// What a profile made of a capture.
package struct DecodedCapture: Encodable {
  /// One point of the profile.
  package struct Value: Encodable {
    package var name: String
    /// Whether only expressions see it.
    package var isLocal: Bool
    package var source: String
    /// As the device said it.
    package var raw: String?
    package var value: JSONScalar
    package var unit: String
    /// Empty where there was nothing to judge.
    package var quality: String
    package var verdict: String
    /// Whether the profile has reason to expect a value, and there is none.
    package var isUnexpected: Bool
    /// The line of the profile.
    package var line: Int
    /// From the raw value to the reading, where that was asked for.
    package var steps: [PointExplanations.Step]?
  }

  package struct Device: Encodable {
    package var part: String
    package var type: String
    package var values: [Value]
  }

  package var profile: String
  /// The variant in force; `nil` = none.
  package var variant: String?
  /// Parameters that the captured device said itself.
  package var found: [String: JSONScalar] = [:]
  package var devices: [Device] = []
  /// What the decoder could not understand.
  package var problems: [String] = []
  /// Registers that the profile reads and that are not in the capture.
  package var missing: [String] = []
  /// Topics and requests of the capture that the profile does not read.
  package var unused: [String] = []
  package var remarks: [String] = []
  package var isComplete = true

  package init(_ capture: DeviceCapture, _ bound: BoundProfile, explained: Bool = false) {
    profile = bound.profile.id
    let decoded = DecodedPoints(capture, bound)
    remarks = capture.remarks + decoded.remarks
    problems = decoded.problems
    unused = decoded.unused
    let judge = CaptureJudge(capture: capture, decoder: decoded.decoder, snapshot: decoded.snapshot)
    let explanations = explained ? PointExplanations(capture, decoded.decoder.bound) : nil
    let inForce = decoded.decoder.bound
    variant = inForce.variant
    found = inForce.found.mapValues { JSONScalar(value: $0) }
    if let form = inForce.form { remarks.append(form) }
    for (index, part) in inForce.profile.parts.enumerated() {
      let values = part.points.map { point in
        var value = judge.value(point, part: index)
        value.steps = explanations?.steps(of: point.name, part: index)
        return value
      }
      devices.append(Device(part: part.name, type: part.kind.rawValue, values: values))
    }
    missing = judge.missingRegisters.map(\.description)
    isComplete = problems.isEmpty && !devices.flatMap(\.values).contains(where: \.isUnexpected)
  }
}

/// A value as JSON has it.
package struct JSONScalar: Encodable {
  package var value: ScalarValue
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch value {
    case .number(let number): try container.encode(number)
    case .text(let text): try container.encode(text)
    case .flag(let flag): try container.encode(flag)
    case .null: try container.encodeNil()
    }
  }
}
