import EnergyModel

/// A carbon intensity of the configuration: which sites it is for, and what it says.
public struct CarbonSource: Sendable, Equatable {
  /// Its name in answers.
  public var name: String
  /// Sites that it is for; `nil` = all that no other one names.
  public var siteIDs: [String]?
  /// What its file says.
  var series: CarbonSeries
}

extension [CarbonSource] {
  /// The one for a site: one that names it, else one for all.
  func source(forSite id: String?) -> CarbonSource? {
    first { source in id.map { source.siteIDs?.contains($0) ?? false } ?? false } ?? first { $0.siteIDs == nil }
  }
}
