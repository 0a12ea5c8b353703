import DeviceProfiles
import EnergyModel
import Foundation

/// A telemetry message of about 300 bytes with twelve readings, and the profile that reads it.
enum BenchmarkMessage {
  static let topic = "plant/inverter/telemetry"
  static let readings = 12

  /// Field of the model → key in the message, with a value that makes sense.
  private static let keys: KeyValuePairs<String, (key: String, value: Double)> = [
    "acPowerW": ("acPower", 4231.5), "pvPowerW": ("pvPower", 4402.1), "frequencyHz": ("frequency", 49.98),
    "powerFactor": ("powerFactor", 0.998), "apparentPowerVA": ("apparent", 4240.2),
    "reactivePowerVar": ("reactive", -112.7), "temperatureC": ("temperature", 41.3),
    "phases.l1.voltageV": ("voltageL1", 231.2),
    "phases.l2.voltageV": ("voltageL2", 229.8), "phases.l3.voltageV": ("voltageL3", 230.4),
    "energyGeneratedTotalWh": ("generated", 18_342_117), "energyTodayWh": ("today", 12_877),
  ]

  static var fields: [Field] { keys.compactMap { Field.named($0.key) } }

  /// Messages that differ in their numbers; the counters stand still, so that none of them is implausible.
  static func payloads(_ count: Int) -> [[UInt8]] {
    (0..<count).map { number in
      let metrics = keys.map { entry in
        let isCounter = entry.key.hasPrefix("energy")
        let value = isCounter ? entry.value.value : entry.value.value + Double(number % 97) / 10
        return "\"\(entry.value.key)\":\((value * 1000).rounded() / 1000)"
      }
      return Array(
        """
        {"device":"inverter-\(100 + number % 900)","ts":\(1_777_636_800_000 + number),"seq":\(number),\
        "metrics":{\(metrics.joined(separator: ","))},"status":"running","rssi":-61}
        """.utf8)
    }
  }

  static func bound(topic: String = BenchmarkMessage.topic) throws -> BoundProfile {
    let points = keys.map { entry in
      let counter = Field.named(entry.key)?.behavior == .counter ? ", counter: true" : ""
      return "      \(entry.key): {topic: \"\(topic)\", path: /metrics/\(entry.value.key)\(counter)}"
    }
    let text = """
      schema: heddle.profile/1
      id: benchmark-message
      name: Benchmark
      manufacturer: Heddle
      products: [Benchmark]
      maturity: documentation
      source:
        document: "made up for measuring"
      transport:
        mqtt: {}
      devices:
        inverter:
          type: inverter
          points:
      \(points.joined(separator: "\n"))
      """
    let (profile, diagnostics) = ProfileReader.read(text: text, file: "benchmark-message.yaml")
    guard let profile else { throw BenchmarkProfile.Failure(description: "\(diagnostics)") }
    return try BoundProfile(profile: profile, parameters: [:])
  }

  /// The same for `JSONDecoder`, as somebody would write it who knows the device.
  struct Fixed: Decodable {
    struct Metrics: Decodable {
      var acPower, pvPower, frequency, powerFactor, apparent, reactive, temperature: Double
      var voltageL1, voltageL2, voltageL3, generated, today: Double
    }
    var device: String
    var ts: Int64
    var seq: Int
    var metrics: Metrics
    var status: String
    var rssi: Int

    var sum: Double {
      let all = metrics
      return all.acPower + all.pvPower + all.frequency + all.powerFactor + all.apparent + all.reactive
        + all.temperature + all.voltageL1 + all.voltageL2 + all.voltageL3 + all.generated + all.today
    }
  }

  /// The same for any device.
  struct Open: Decodable {
    var device: String
    var ts: Int64
    var seq: Int
    var metrics: [String: Double]
    var status: String
    var rssi: Int
  }
}
