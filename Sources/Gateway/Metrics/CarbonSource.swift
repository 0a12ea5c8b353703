import EnergyModel

/// A carbon intensity of the configuration: which sites it is for, where it comes from, and what it says.
public struct CarbonSource: Sendable, Equatable {
  /// Its name in answers, and the one under which the values of an HTTP source are kept.
  public var name: String
  /// Sites that it is for; `nil` = all that no other one names.
  public var siteIDs: [String]?
  /// What is known so far: of a file everything.
  var series: CarbonSeries
  /// How it is asked for; `nil` = it is a file.
  var request: CarbonRequest?
  /// Why the last question had no answer; `nil` = it had one, or none was asked yet.
  var problem: String?
}

extension [CarbonSource] {
  /// The one for a site: one that names it, else one for all.
  func source(forSite id: String?) -> CarbonSource? {
    first { source in id.map { source.siteIDs?.contains($0) ?? false } ?? false } ?? first { $0.siteIDs == nil }
  }
}
