package import DeviceProfiles
import EnergyModel

/// How a raw value becomes a reading, step by step. Each step is computed by the decoder itself: beside every point
/// stand locals that stop after one more part of its conversion.
package struct PointExplanations {
  /// One step with the value behind it.
  package struct Step: Encodable {
    package var what: String
    package var value: JSONScalar
  }

  private let decoded: DecodedPoints?
  private var stages: [[String: [String]]] = []

  package init(_ capture: DeviceCapture, _ bound: BoundProfile) {
    var profile = bound.profile
    for index in profile.parts.indices {
      var labels: [String: [String]] = [:]
      for point in profile.parts[index].points {
        let stages = Self.stages(of: point)
        labels[point.name] = stages.map(\.label)
        for (number, stage) in stages.enumerated() {
          var local = point
          local.target = .local(Self.name(point.name, number))
          local.conversion = stage.conversion
          local.valid = nil
          local.counter = nil
          local.isOptional = true
          profile.parts[index].points.append(local)
        }
      }
      stages.append(labels)
    }
    let extended = try? BoundProfile(profile: profile, parameters: bound.parameters)
    decoded = extended.map { DecodedPoints(capture, $0) }
  }

  /// The steps of a point, the raw value first; empty for what does not come from the device.
  package func steps(of name: String, part: Int) -> [Step] {
    guard let decoded, stages.indices.contains(part) else { return [] }
    return (stages[part][name] ?? []).enumerated().map { number, label in
      let value = decoded.snapshot.value(Self.name(name, number), part: part)?.value ?? .null
      return Step(what: label, value: JSONScalar(value: value))
    }
  }

  /// No name of a profile has a blank in it.
  private static func name(_ point: String, _ number: Int) -> String { "\(point) step \(number)" }

  private static func stages(of point: ProfilePoint) -> [(label: String, conversion: PointConversion)] {
    let raw: String
    switch point.source {
    case .register(let register): raw = "as \(register.type.word)"
    case .sunSpec(let point): raw = "as \(point.type.word)"
    case .message, .response: raw = "as sent"
    default: return []
    }
    let full = point.conversion
    var conversion = full
    conversion.invalid = []
    conversion.bits = nil
    conversion.scale = 1
    conversion.scaleFactorName = nil
    conversion.offset = 0
    conversion.unit = nil
    conversion.negate = false
    conversion.enumeration = nil
    conversion.otherwise = nil
    conversion.flags = nil
    var stages = [(raw, conversion)]
    func add(_ label: String?, _ change: (inout PointConversion) -> Void) {
      guard let label else { return }
      change(&conversion)
      stages.append((label, conversion))
    }
    let marks = full.invalid.map(\.description).joined(separator: ", ")
    add(full.invalid.isEmpty ? nil : "no value if \(marks)") { $0.invalid = full.invalid }
    add(full.bits.map { $0.count == 1 ? "bit \($0.lowerBound)" : "bits \($0.lowerBound)–\($0.upperBound)" }) {
      $0.bits = full.bits
    }
    add(full.scale == 1 ? nil : "× \(ScalarValue.number(full.scale))") { $0.scale = full.scale }
    add(full.scaleFactorName.map { "× 10^\($0)" }) { $0.scaleFactorName = full.scaleFactorName }
    add(full.offset == 0 ? nil : "+ \(ScalarValue.number(full.offset))") { $0.offset = full.offset }
    add(full.unit.map { "in \($0.unit.rawValue)" }) { $0.unit = full.unit }
    add(full.negate ? "sign turned" : nil) { $0.negate = true }
    add(full.enumeration == nil ? nil : "enum") {
      $0.enumeration = full.enumeration
      $0.otherwise = full.otherwise
    }
    add(full.flags == nil ? nil : "flags") { $0.flags = full.flags }
    return stages
  }
}
