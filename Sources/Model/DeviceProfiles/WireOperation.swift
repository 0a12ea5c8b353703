public import EnergyModel

/// What an adapter received, before anything is understood.
public struct RawFrame: Sendable {
  /// What it was received as.
  public enum Body: Sendable {
    case registers(table: RegisterTable, address: UInt16, values: [UInt16])
    case bits(table: RegisterTable, address: UInt16, values: [Bool])
    case message(topic: String, payload: [UInt8], isRetained: Bool)
    case response(request: String, body: [UInt8])
  }

  /// The content, unchanged.
  public var body: Body
  /// Wall time at the arrival of the last byte.
  public var receivedAt: Timestamp

  /// Everything as given.
  public init(body: Body, receivedAt: Timestamp) {
    self.body = body
    self.receivedAt = receivedAt
  }
}

/// A run of registers or bits that is read in one request.
public struct RegisterRange: Sendable, Hashable {
  /// The table that is read.
  public var table: RegisterTable
  /// Zero-based, as on the wire.
  public var address: UInt16
  /// Registers or bits.
  public var count: UInt16

  /// Everything as given.
  public init(table: RegisterTable, address: UInt16, count: UInt16) {
    self.table = table
    self.address = address
    self.count = count
  }
}

extension RegisterRange: CustomStringConvertible {
  /// `holding 37760–37783`.
  public var description: String {
    count <= 1 ? "\(table.rawValue) \(address)" : "\(table.rawValue) \(address)–\(Int(address) + Int(count) - 1)"
  }
}

/// One request of the read plan.
public struct PlannedRead: Sendable, Hashable {
  /// What is asked for.
  public var range: RegisterRange
  /// How often it is asked for.
  public var pollClass: PollClass
  /// Every value in it may be missing: an exception as answer is no error.
  public var isOptional: Bool

  /// Everything as given; by default the values may not be missing.
  public init(range: RegisterRange, pollClass: PollClass, isOptional: Bool = false) {
    self.range = range
    self.pollClass = pollClass
    self.isOptional = isOptional
  }
}

/// One thing that goes out on the wire for a command, complete: nothing is computed after it was journaled, but for
/// what a device keeps for itself (the rest of a modified object, the values of a login).
public enum WireOperation: Sendable, Hashable {
  case writeRegisters(address: UInt16, values: [UInt16], function: WriteFunction)
  case writeCoil(address: UInt16, value: Bool)
  case publish(topic: String, payload: String, retain: Bool)
  case request(HTTPRequestData)
  /// Two requests with no other between them.
  case modify(HTTPModification)
  case wait(Duration)
}

/// A complete HTTP request without host, credentials and connection.
public struct HTTPRequestData: Sendable, Hashable {
  /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
  public var method: String
  /// Path with query.
  public var path: String
  /// The media type of `body`; `nil` without a body.
  public var contentType: String?
  /// The body as it goes out; `nil` without one.
  public var body: String?
  /// JSON path → value that the answer must have.
  public var expect: [Expectation]
  /// Where the device says why it refused.
  public var reasonPath: DocumentPath?
  /// The answer may be a web page; otherwise one means that the address is wrong or that nobody is logged in.
  public var mayAnswerPage = false

  /// A value that the answer must have.
  public struct Expectation: Sendable, Hashable {
    /// Where it stands in the answer.
    public var path: DocumentPath
    /// What it must be.
    public var equals: ScalarValue
    /// Everything as given.
    public init(path: DocumentPath, equals: ScalarValue) {
      self.path = path
      self.equals = equals
    }

    /// What stands for any value but null.
    public static let anything = ScalarValue.text("*")

    /// Whether a value is what it must be.
    public func holds(for value: ScalarValue?) -> Bool {
      equals == Self.anything ? value != nil && value != .null : value == equals
    }
  }

  /// Everything as given; by default no body and no expectations.
  public init(
    method: String, path: String, contentType: String? = nil, body: String? = nil, expect: [Expectation] = [],
    reasonPath: DocumentPath? = nil
  ) {
    self.method = method
    self.path = path
    self.contentType = contentType
    self.body = body
    self.expect = expect
    self.reasonPath = reasonPath
  }
}

extension WireOperation: CustomStringConvertible {
  /// One line for journals, dry runs and profile tests: `FC16 holding 47075 = [0, 2000]`, `FC6 holding 47100 = [1]`,
  /// `FC5 coil 3 = true`, `publish zigbee2mqtt/hall/set {"system_mode":"heat"}`, `POST /control mode=1&fan=0`,
  /// `GET /tariff, then PUT /tariff with /mode = "backup"`, `wait 2 s`. Values of a login stay `${login.token}`.
  public var description: String {
    switch self {
    case .writeRegisters(let address, let values, let function):
      "FC\(function.rawValue) holding \(address) = \(values)"
    case .writeCoil(let address, let value): "FC5 coil \(address) = \(value)"
    case .publish(let topic, let payload, let retain): "publish \(topic) \(payload)\(retain ? " (retained)" : "")"
    case .request(let data): data.body.map { "\(data.method) \(data.path) \($0)" } ?? "\(data.method) \(data.path)"
    case .modify(let modification): modification.description
    case .wait(let duration): "wait \(duration)"
    }
  }
}
