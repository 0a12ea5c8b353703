/// What goes wrong on purpose. Written as `silent:0.1`, `drop:0.05`, `exception2`, `exception2:37760`,
/// `ignore-writes`, `html`, `offline`.
public struct FaultPlan: Sendable, Hashable {
  /// Share of requests without an answer, 0 to 1.
  public var silentShare = 0.0
  /// Share of requests that end the connection, 0 to 1.
  public var dropShare = 0.0
  /// Modbus exception instead of every answer.
  public var exception: UInt8?
  /// Modbus exception for every request that touches an address.
  public var exceptionsByAddress: [UInt16: UInt8] = [:]
  /// Writes and commands are acknowledged and do nothing.
  public var ignoresWrites = false
  /// HTTP answers are a page for people, with status 200; MQTT payloads are not JSON.
  public var servesHTML = false
  /// Nobody is there: connections are closed, MQTT sessions end without a word.
  public var isOffline = false

  /// Nothing goes wrong.
  public init() {}

  /// Reads faults separated by blanks or commas.
  ///
  /// Throws a `FaultSyntaxError` that names the word that was not understood.
  public init(parsing text: String) throws(FaultSyntaxError) {
    for word in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) { try add(String(word)) }
  }

  private mutating func add(_ word: String) throws(FaultSyntaxError) {
    let parts = word.split(separator: ":", maxSplits: 1).map(String.init)
    let name = parts.first ?? ""
    let argument = parts.count > 1 ? parts[1] : nil
    switch name {
    case "none": self = FaultPlan()
    case "silent": silentShare = try Self.share(argument, word)
    case "drop": dropShare = try Self.share(argument, word)
    case "ignore-writes": ignoresWrites = true
    case "html": servesHTML = true
    case "offline": isOffline = true
    default:
      guard name.hasPrefix("exception"), let code = UInt8(name.dropFirst("exception".count)), (1...127).contains(code)
      else { throw FaultSyntaxError(word: word) }
      guard let argument else {
        exception = code
        return
      }
      guard let address = UInt16(argument) else { throw FaultSyntaxError(word: word) }
      exceptionsByAddress[address] = code
    }
  }

  private static func share(_ text: String?, _ word: String) throws(FaultSyntaxError) -> Double {
    guard let text else { return 1 }
    guard let value = Double(text), (0...1).contains(value) else { throw FaultSyntaxError(word: word) }
    return value
  }
}

/// A word that is not a fault.
public struct FaultSyntaxError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The word.
  public let word: String
  /// What was wrong and what may be written.
  public var description: String {
    "unknown fault '\(word)'; write silent[:SHARE], drop[:SHARE], exceptionCODE[:ADDRESS], ignore-writes, html, offline "
      + "or none"
  }
}
