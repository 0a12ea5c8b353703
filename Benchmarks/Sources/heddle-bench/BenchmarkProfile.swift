import DeviceProfiles
import EnergyModel

/// An inverter with thirty values in thirty neighbouring registers.
enum BenchmarkProfile {
  static let valueCount = 30

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  static let fields: [Field] = Array(Field.of(.inverter).filter(\.isNumeric).prefix(valueCount))

  static func bound(unit: Int) throws -> BoundProfile {
    let points = fields.enumerated().map { address, field in
      let counter = field.behavior == .counter ? ", counter: true" : ""
      return "      \(field.name): {holding: \(address), type: u16, poll: fast\(counter)}"
    }
    let text = """
      schema: heddle.profile/1
      id: benchmark
      name: Benchmark
      manufacturer: Heddle
      products: [Benchmark]
      maturity: documentation
      source:
        document: "made up for measuring"
      parameters:
        unit: {type: integer, range: 1..247, help: "unit identifier"}
      transport:
        modbus:
          unit: $unit
      devices:
        inverter:
          type: inverter
          points:
      \(points.joined(separator: "\n"))
      """
    let (profile, diagnostics) = ProfileReader.read(text: text, file: "benchmark.yaml")
    guard let profile else { throw Failure(description: "\(diagnostics)") }
    return try BoundProfile(profile: profile, parameters: ["unit": .number(Double(unit))])
  }
}
