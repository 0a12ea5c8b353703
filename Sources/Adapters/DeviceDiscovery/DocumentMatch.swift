import DeviceProfiles
import EnergyModel

/// How well what a device said fits a profile.
struct DocumentMatch: Sendable {
  /// Values that must be understood before a profile counts as fitting.
  static let leastValues = 2
  /// The share of its values that must be understood.
  static let leastShare = 0.5

  let profile: DeviceProfile
  let parameters: [String: ScalarValue]
  let missing: [String]
  /// Topics or paths that were understood.
  var sources: Set<String> = []
  /// Fields that came out with a value.
  private(set) var good = 0
  /// Fields that should have come out.
  let wanted: Int
  private(set) var isIdentified = false
  private(set) var texts: [String: String] = [:]
  /// Says that the device is another product.
  private(set) var isOther = false

  private var decoder: EndpointDecoder
  private var seen: Set<String> = []
  private var batch = ReadingBatch()
  /// Fields that say nothing about the device: they stand in the profile.
  private let constants: Set<String>

  init(_ filling: ProfileFilling) {
    profile = filling.bound.profile
    parameters = filling.parameters
    missing = filling.missing
    decoder = EndpointDecoder(filling.bound)
    var constants: Set<String> = []
    var wanted = 0
    for (index, part) in profile.parts.enumerated() {
      for point in part.points {
        guard case .field(let field) = point.target else { continue }
        if case .constant = point.source {
          constants.insert("\(index).\(field.name)")
        } else if !point.isOptional {
          wanted += 1
        }
      }
    }
    self.constants = constants
    self.wanted = wanted
  }

  /// Whether it is worth telling.
  var fits: Bool {
    !isOther && good >= min(Self.leastValues, max(wanted, 1)) && Double(good) >= Double(wanted) * Self.leastShare
  }

  mutating func take(_ body: RawFrame.Body, from source: String, at time: Timestamp) {
    decoder.decode(RawFrame(body: body, receivedAt: time), into: &batch)
    if decoder.setupProblem != nil { isOther = true }
    var hasValue = false
    for entry in batch.entries where entry.reading.quality == .good {
      let name = "\(entry.part).\(entry.reading.field.name)"
      guard !constants.contains(name) else {
        if case .text(let text) = entry.reading.value { texts[entry.reading.field.name] = text }
        continue
      }
      switch entry.reading.value {
      case .null: continue
      case .text(let text): texts[entry.reading.field.name] = text
      case .label(let word): if word == "unknown" { continue }
      case .number, .flag: break
      }
      hasValue = true
      if seen.insert(name).inserted { good += 1 }
    }
    if hasValue { sources.insert(source) }
    batch.removeAll()
  }

  /// Whether it fits better than another one.
  func isBetter(than other: DocumentMatch) -> Bool {
    let shares = (Double(good) / Double(max(wanted, 1)), Double(other.good) / Double(max(other.wanted, 1)))
    // What understands more is the better one, unless it misses much more of what it wants.
    return (Double(good) * min(shares.0, 1), other.profile.id) > (Double(other.good) * min(shares.1, 1), profile.id)
  }
}
