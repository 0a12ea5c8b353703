import EnergyModel
import TelemetryPipeline

/// What a device says to be wrong with it.
struct ActiveFaults: Equatable {
  /// The entries of its field `faults`.
  var codes: Set<String> = []
  /// Whether its state is called `fault`.
  var isFault = false

  /// Entries beyond are left out: no person reads more at once.
  static let maxCodes = 32
  /// Characters beyond are left out of an entry.
  static let maxCodeLength = 120
  private static let states = ["status", "chargingState", "state"]

  /// The faults of all devices that say something about faults, by index in the pipeline.
  static func read(_ pipeline: TelemetryPipeline) -> [Int: ActiveFaults] {
    var found: [Int: ActiveFaults] = [:]
    for (device, value) in words("faults", pipeline) {
      guard case .text(let text) = value else { continue }
      let codes = text.split(separator: ",").map { code in
        String(code.drop { $0.isWhitespace }.prefix(maxCodeLength))
      }
      found[device, default: ActiveFaults()].codes = Set(codes.filter { !$0.isEmpty }.sorted().prefix(maxCodes))
    }
    for state in states {
      for (device, value) in words(state, pipeline) {
        let isFault = value == .label("fault")
        found[device, default: ActiveFaults()].isFault = found[device]?.isFault == true || isFault
      }
    }
    return found
  }

  private static func words(_ field: String, _ pipeline: TelemetryPipeline) -> [Int: ReadingValue] {
    Field.named(field).map { pipeline.words($0) } ?? [:]
  }

  /// In words.
  var message: String {
    if !codes.isEmpty { return "faults: \(codes.sorted().joined(separator: ", "))" }
    return isFault ? "the device reports a fault" : "no fault any more"
  }
}
