import EnergyModel

/// What Sparkplug edge nodes said at their births: without it their data messages mean nothing.
struct SparkplugNodes: Sendable {
  /// A topic: `spBv1.0/<group>/<kind>/<node>[/<device>]`.
  struct Place: Sendable, Hashable {
    enum Kind: String, Sendable {
      case nodeBirth = "NBIRTH"
      case nodeDeath = "NDEATH"
      case nodeData = "NDATA"
      case deviceBirth = "DBIRTH"
      case deviceDeath = "DDEATH"
      case deviceData = "DDATA"
    }

    var namespace: String
    var group: String
    var kind: Kind
    var node: String
    /// `nil` for the node itself.
    var device: String?

    /// `nil` for commands, host states and all other topics.
    init?(_ topic: String) {
      let levels = topic.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard levels.count == 4 || levels.count == 5, let kind = Kind(rawValue: levels[2]) else { return nil }
      namespace = levels[0]
      group = levels[1]
      self.kind = kind
      node = levels[3]
      device = levels.count == 5 ? levels[4] : nil
    }

    /// The topic on which the node is told to be born again.
    var commandTopic: String { "\(namespace)/\(group)/NCMD/\(node)" }
  }

  private struct Node: Sendable {
    var names: [UInt64: String] = [:]
    /// By device and name.
    var types: [String: SparkplugMetric.DataType] = [:]
    var born: Set<String> = []
    var sequence: UInt64?
    /// The number of the session, which the birth and the death of a node share.
    var session: ScalarValue?
  }

  /// More nodes behind one filter are not understood.
  static let maxNodes = 64
  /// More names of one node are not kept.
  static let maxNames = 20_000
  /// A node that is born again tells everything, so it is not asked more often.
  static let rebirthInterval: Int64 = 10_000

  private var nodes: [String: Node] = [:]
  /// Nodes that have to be born again, by the topic on which they are told.
  private var unborn: Set<String>
  private var asked: [String: Timestamp] = [:]

  /// - Parameter known: topics on which nodes are asked for their birth at once, because births are not retained.
  init(known: [String]) { unborn = Set(known.prefix(Self.maxNodes)) }

  /// The messages that ask for births, when it is time for them.
  mutating func requests(at now: Timestamp) -> [WireOperation] {
    var operations: [WireOperation] = []
    for topic in unborn.sorted() {
      if let last = asked[topic], now.milliseconds &- last.milliseconds < Self.rebirthInterval,
        now.milliseconds >= last.milliseconds
      {
        continue
      }
      asked[topic] = now
      unborn.remove(topic)
      let metric = SparkplugMetric(name: "Node Control/Rebirth", dataType: .boolean, value: .flag(true))
      operations.append(.publish(PublishedMessage(topic: topic, content: .metrics([metric]))))
    }
    return operations
  }

  /// The metrics of a birth or data message, each with its name. What was missed is asked for by `requests`.
  mutating func take(_ payload: SparkplugPayload, at place: Place) -> [SparkplugMetric] {
    let key = place.commandTopic
    guard nodes[key] != nil || nodes.count < Self.maxNodes else { return [] }
    var node = nodes[key] ?? Node()
    nodes[key] = nil
    var isWhole = true
    if place.kind == .nodeBirth {
      node = Node()
      node.session = payload.metrics.first { $0.name == "bdSeq" }?.value
      unborn.remove(key)
    } else if let last = node.sequence, let now = payload.sequence, now != (last + 1) % 256 {
      isWhole = false
    }
    node.sequence = payload.sequence.map { $0 % 256 } ?? node.sequence
    let device = place.device ?? ""
    let isBirth = place.kind == .nodeBirth || place.kind == .deviceBirth
    if isBirth { node.born.insert(device) } else if !node.born.contains(device) { isWhole = false }
    var metrics: [SparkplugMetric] = []
    for metric in payload.metrics {
      guard let name = metric.name ?? metric.alias.flatMap({ node.names[$0] }) else {
        isWhole = false
        continue
      }
      let typeKey = "\(device)/\(name)"
      if isBirth, node.names.count < Self.maxNames, node.types.count < Self.maxNames {
        if let alias = metric.alias { node.names[alias] = name }
        node.types[typeKey] = metric.dataType
      }
      guard !metric.isHistorical else { continue }
      let type = metric.dataType ?? node.types[typeKey]
      metrics.append(SparkplugMetric(name: name, dataType: type, value: metric.value(as: type)))
    }
    if !isWhole { unborn.insert(key) }
    nodes[key] = node
    return metrics
  }

  /// Whether a death is that of the present session: the last will of an earlier connection may come late.
  func isPresent(_ death: SparkplugPayload?, at place: Place) -> Bool {
    guard let known = nodes[place.commandTopic]?.session,
      let stated = death?.metrics.first(where: { $0.name == "bdSeq" })?.value
    else { return true }
    return known == stated
  }

  mutating func forget(_ place: Place) {
    if let device = place.device {
      nodes[place.commandTopic]?.born.remove(device)
    } else {
      nodes[place.commandTopic] = nil
    }
  }

  /// The type that a metric had at birth, so that a command is sent in it.
  func type(of name: String, commandTopic topic: String) -> SparkplugMetric.DataType? {
    let levels = topic.split(separator: "/", omittingEmptySubsequences: false)
    guard levels.count == 4 || levels.count == 5 else { return nil }
    let node = "\(levels[0])/\(levels[1])/NCMD/\(levels[3])"
    return nodes[node]?.types["\(levels.count == 5 ? levels[4] : "")/\(name)"]
  }
}
