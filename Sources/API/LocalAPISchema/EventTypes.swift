import EnergyModel

/// The types of events, for filters.
public enum EventTypes {
  /// All of them, each once.
  public static let all: [String] =
    EventKind.allCases.map(\.rawValue) + CommandStatus.allCases.map { "command.\($0.rawValue)" }

  /// The most filters of one webhook.
  public static let maxFilters = 50

  /// Whether a filter (`command.confirmed`, `command.*`, `*`) has a type of this gateway.
  public static func isKnown(_ filter: String) -> Bool { all.contains { matches($0, filter) } }

  /// Whether a type is what a filter wants.
  public static func matches(_ type: String, _ filter: String) -> Bool {
    guard filter.hasSuffix("*") else { return type == filter }
    let stem = filter.dropLast()
    return (stem.isEmpty || stem.hasSuffix(".")) && type.hasPrefix(stem)
  }

  /// Whether a type is what one of some filters wants; without filters everything is.
  public static func matches(_ type: String, anyOf filters: [String]) -> Bool {
    filters.isEmpty || filters.contains { matches(type, $0) }
  }
}
