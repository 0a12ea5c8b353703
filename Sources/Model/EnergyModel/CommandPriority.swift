/// Who goes first at a device. The lower number wins; of two with the same the first holder keeps the device.
public enum CommandPriority: String, CaseIterable, Sendable, Hashable, Codable {
  /// The gateway itself, when it stops everything.
  case safety
  /// A person at the gateway.
  case manual
  /// A programme of the grid operator.
  case gridProgram = "grid-program"
  /// A person or program with a key; what a request has that says nothing.
  case user
  /// A schedule.
  case schedule
  /// A program that optimizes and gives way to everybody.
  case optimizer

  /// 1 is the highest.
  public var rank: Int {
    switch self {
    case .safety: 1
    case .manual: 2
    case .gridProgram: 3
    case .user: 4
    case .schedule: 5
    case .optimizer: 6
    }
  }

  /// Whether it takes a device from `other` without asking.
  public func outranks(_ other: CommandPriority) -> Bool { rank < other.rank }
}

/// What a command does when another one holds its device and does not rank lower.
public enum ConflictPolicy: String, CaseIterable, Sendable, Hashable, Codable {
  /// It is refused, the other one goes on.
  case reject
  /// It replaces the other one, unless that ranks higher.
  case cancelAndReplace
  /// It waits until the lease of the other one ends, as long as its time to live allows.
  case queueAfter
}
