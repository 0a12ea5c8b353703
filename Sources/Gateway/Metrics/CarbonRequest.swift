import DeviceProfiles

/// How a carbon intensity is asked for over HTTP.
struct CarbonRequest: Sendable, Equatable {
  /// What a number of the answer means.
  enum Unit: String, CaseIterable, Sendable {
    case gramsPerKWh
    case kilogramsPerKWh
    case poundsPerMWh

    /// What a number is multiplied with.
    var grams: Double {
      switch self {
      case .gramsPerKWh: 1
      case .kilogramsPerKWh: 1000
      case .poundsPerMWh: 0.453_592_37
      }
    }
  }

  /// Where times and values are in a JSON document.
  struct Paths: Sendable, Equatable {
    var time: DocumentPath
    var value: DocumentPath
    var unit = Unit.gramsPerKWh
  }

  /// With its secrets.
  var url: Secret
  /// As the configuration writes it, with the names of secrets, for messages.
  var shownURL: String
  /// With their secrets.
  var headers: [String: Secret] = [:]
  /// Time between two questions.
  var interval: Duration = .seconds(3600)
  /// `nil` = the answer is written like a file.
  var paths: Paths?

  /// A value that no next one followed holds for three questions, and for three hours at least, so that a lost network
  /// does not make an old value a present one.
  var longestHoldMilliseconds: Int64 { max(10_800_000, 3 * interval.components.seconds * 1000) }

  /// Intensities change every five minutes at most; and nobody wants to be asked more often.
  static let intervals: ClosedRange<Duration> = .seconds(60) ... .seconds(7 * 86_400)
  /// Headers of one source.
  static let maxHeaders = 16
}
