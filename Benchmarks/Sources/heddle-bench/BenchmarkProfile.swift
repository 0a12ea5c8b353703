import DeviceProfiles
import EnergyModel

/// An inverter with thirty values in thirty neighbouring registers, or in as many blocks as are wanted.
enum BenchmarkProfile {
  static let valueCount = 30

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  static let fields: [Field] = Array(Field.of(.inverter).filter(\.isNumeric).prefix(valueCount))

  /// Registers from one block to the next: more than one request reads.
  private static let blockDistance = 1000

  /// - Parameters:
  ///   - every: how often it is polled, as profiles write it.
  ///   - requests: in how many blocks the values lie.
  static func bound(unit: Int, every: String = "2 s", requests: Int = 1) throws -> BoundProfile {
    let text = text(every: every, requests: requests)
    let (profile, diagnostics) = ProfileReader.read(text: text, file: "benchmark.yaml")
    guard let profile else { throw Failure(description: "\(diagnostics)") }
    return try BoundProfile(profile: profile, parameters: ["unit": .number(Double(unit))])
  }

  /// The profile as a file.
  static func text(every: String, requests: Int = 1, values: Int = valueCount) -> String {
    let points = fields.prefix(values).enumerated().map { number, field in
      let address = number % requests * blockDistance + number / requests
      let counter = field.behavior == .counter ? ", counter: true" : ""
      return "      \(field.name): {holding: \(address), type: u16, poll: fast\(counter)}"
    }
    return """
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
          timeout: 500 ms
      poll: {fast: \(every)}
      devices:
        inverter:
          type: inverter
          points:
      \(points.joined(separator: "\n"))
      """
  }
}
