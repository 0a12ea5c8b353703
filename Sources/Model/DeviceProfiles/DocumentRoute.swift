import EnergyModel

/// The points of one topic or request, with everything about reading them that does not depend on the payload.
struct DocumentRoute: Sendable {
  /// What one payload has for the points of a route.
  struct Content: Sendable {
    /// By position in the route; `nil` where there is nothing.
    var values: [ScalarValue?]
    /// All values of a path with `*`, by position.
    var lists: [Int: [ScalarValue]] = [:]
    /// The payload as JSON, for paths that are known only when other values of it are.
    var json: [UInt8] = []
  }

  private(set) var points: [Int] = []
  private(set) var paths: [DocumentPath] = []
  private(set) var format = DocumentFormat.json
  private(set) var isPlain: [Bool] = []
  /// Positions whose path has `*`.
  private(set) var lists: [Int] = []
  /// Positions whose path needs another value of the device.
  private(set) var joined: [Int] = []

  var hasPlain: Bool { isPlain.contains(true) }
  var hasPaths: Bool { isPlain.contains(false) }

  init(_ indices: [Int], _ all: [EndpointLayout.Point]) {
    for index in indices { add(index, all[index]) }
  }

  private mutating func add(_ index: Int, _ point: EndpointLayout.Point) {
    let path = point.source.path ?? DocumentPath(steps: [])
    if path.hasList { lists.append(points.count) }
    if !point.joins.isEmpty { joined.append(points.count) }
    points.append(index)
    paths.append(path)
    isPlain.append(path.steps.isEmpty)
    if !path.steps.isEmpty, let stated = point.source.format { format = stated }
  }

  /// For a payload that was made a document already.
  var asJSON: DocumentRoute { speaking(.json) }

  /// For payloads of that format.
  func speaking(_ format: DocumentFormat) -> DocumentRoute {
    guard format != self.format else { return self }
    var route = self
    route.format = format
    return route
  }

  /// Both, for a topic that belongs to several filters.
  func merged(with other: DocumentRoute, _ all: [EndpointLayout.Point]) -> DocumentRoute {
    DocumentRoute(points + other.points, all)
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
