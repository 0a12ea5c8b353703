import EnergyModel

/// The points of one topic or request, with everything about reading them that does not depend on the payload.
final class DocumentRoute: Sendable {
  /// What one payload has for the points of a route.
  struct Content: Sendable {
    /// By position in the route; `nil` where there is nothing.
    var values: [ScalarValue?]
    /// All values of a path with `*`, by position.
    var lists: [Int: [ScalarValue]] = [:]
    /// The payload as JSON, for paths that are known only when other values of it are.
    var json: [UInt8] = []
  }

  let points: [Int]
  let paths: [DocumentPath]
  let format: DocumentFormat
  let isPlain: [Bool]
  /// Positions whose path has `*`.
  let lists: [Int]
  /// Positions whose path needs another value of the device.
  let joined: [Int]
  let hasPlain: Bool
  let hasPaths: Bool
  /// Finds all values in one walk over the document; `nil` where a payload or a path needs more than that.
  let picker: JSONPicker?

  /// The same for a payload that was made a JSON document already; only where the format is another one.
  let asJSON: DocumentRoute?

  private let isGeneral: Bool

  /// - Parameters:
  ///   - format: that of the payloads, if not the one that the points state.
  ///   - isGeneral: looks for each value by itself, for tests that compare.
  init(
    _ points: [Int], _ all: [EndpointLayout.Point], format: DocumentFormat? = nil, isGeneral: Bool = false
  ) {
    let paths = points.map { all[$0].source.path ?? DocumentPath(steps: []) }
    let stated = points.compactMap { all[$0].source.path?.steps.isEmpty == false ? all[$0].source.format : nil }.last
    self.points = points
    self.paths = paths
    self.format = format ?? stated ?? .json
    isPlain = paths.map(\.steps.isEmpty)
    lists = paths.indices.filter { paths[$0].hasList }
    joined = points.indices.filter { !all[points[$0]].joins.isEmpty }
    hasPlain = isPlain.contains(true)
    hasPaths = isPlain.contains(false)
    self.isGeneral = isGeneral
    let isOneWalk = !isGeneral && self.format == .json && !hasPlain && lists.isEmpty && joined.isEmpty
    picker = isOneWalk ? JSONPicker(paths) : nil
    asJSON = self.format == .json ? nil : DocumentRoute(points, all, format: .json, isGeneral: isGeneral)
  }

  /// Both, for a topic that belongs to several filters.
  func merged(with other: DocumentRoute, _ all: [EndpointLayout.Point]) -> DocumentRoute {
    DocumentRoute(points + other.points, all, isGeneral: isGeneral)
  }
}

extension DocumentPath {
  /// Whether a step stands for all elements.
  var hasList: Bool { steps.contains(.any) }
}

extension PointSource {
  /// How the document is built that the value comes from.
  var format: DocumentFormat? { if case .message(let message) = self { message.format } else { nil } }
}
