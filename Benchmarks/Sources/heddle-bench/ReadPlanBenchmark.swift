import DeviceProfiles

/// What a poll cycle of ten units on one Modbus link costs.
struct ReadPlanBenchmark {
  static let units = 10

  func run() throws -> Measurement {
    var requests = 0
    var values = 0
    for unit in 1...Self.units {
      let decoder = EndpointDecoder(try BenchmarkProfile.bound(unit: unit))
      requests += decoder.readPlan.count
      values += BenchmarkProfile.valueCount
    }
    return Measurement(
      name: "\(values) values of \(Self.units) Modbus units", result: "\(requests) requests a cycle",
      baseline: "one by one \(values)", gate: "= \(Self.units)", holds: requests == Self.units)
  }
}
