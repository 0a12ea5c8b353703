public import EnergyModel

/// What an adapter received, before anything is understood.
public struct RawFrame: Sendable {
  /// What it was received as.
  public enum Body: Sendable {
    /// `unit` is `nil` for the endpoint's own unit.
    case registers(unit: UInt8? = nil, table: RegisterTable, address: UInt16, values: [UInt16])
    case bits(unit: UInt8? = nil, table: RegisterTable, address: UInt16, values: [Bool])
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

/// One of the four tables of one unit behind an endpoint.
public struct RegisterSpace: Sendable, Hashable {
  /// Another unit than the endpoint's own; `nil` for the own one.
  public var unit: UInt8?
  /// The table of that unit.
  public var table: RegisterTable

  /// Everything as given; by default the endpoint's own unit.
  public init(unit: UInt8? = nil, table: RegisterTable) {
    self.unit = unit
    self.table = table
  }
}

extension RegisterSpace: Comparable, CustomStringConvertible {
  /// The own unit first, then by number; tables in the order of the standard's list.
  public static func < (a: RegisterSpace, b: RegisterSpace) -> Bool {
    (a.unit.map { Int($0) } ?? -1, a.table.order) < (b.unit.map { Int($0) } ?? -1, b.table.order)
  }

  /// `holding`, `unit 246 holding`.
  public var description: String { unit.map { "unit \($0) \(table.rawValue)" } ?? table.rawValue }
}

extension RegisterTable {
  fileprivate var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// A run of registers or bits that is read in one request.
public struct RegisterRange: Sendable, Hashable {
  /// Another unit than the endpoint's own; `nil` for the own one.
  public var unit: UInt8?
  /// The table that is read.
  public var table: RegisterTable
  /// Zero-based, as on the wire.
  public var address: UInt16
  /// Registers or bits.
  public var count: UInt16

  /// The table with its unit.
  public var space: RegisterSpace { RegisterSpace(unit: unit, table: table) }

  /// Everything as given; by default of the endpoint's own unit.
  public init(unit: UInt8? = nil, table: RegisterTable, address: UInt16, count: UInt16) {
    self.unit = unit
    self.table = table
    self.address = address
    self.count = count
  }
}

extension RegisterRange: CustomStringConvertible {
  /// `holding 37760–37783`, `unit 246 holding 31`.
  public var description: String {
    count <= 1 ? "\(space) \(address)" : "\(space) \(address)–\(Int(address) + Int(count) - 1)"
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
  /// `unit` is `nil` for the endpoint's own unit, here as in the cases below.
  case writeRegisters(unit: UInt8? = nil, address: UInt16, values: [UInt16], function: WriteFunction)
  case writeCoil(unit: UInt8? = nil, address: UInt16, value: Bool)
  /// Changes the bits of `mask` in one holding register to those of `value`; the others stay as they are. The adapter
  /// reads the register first, with nothing else of the endpoint between, unless the function is `maskWrite`.
  case modifyRegister(unit: UInt8? = nil, address: UInt16, mask: UInt16, value: UInt16, function: WriteFunction)
  case publish(PublishedMessage)
  case request(HTTPRequestData)
  /// Two requests with no other between them.
  case modify(HTTPModification)
  case wait(Duration)
}

extension WireOperation {
  /// A message with text in it for which the broker's acknowledgement is enough.
  public static func publish(topic: String, payload: String, retain: Bool) -> WireOperation {
    .publish(PublishedMessage(topic: topic, content: .text(payload), isRetained: retain))
  }
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
  /// How the answer is built.
  public var format = DocumentFormat.json

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
  /// `FC5 coil 3 = true`, `FC6 unit 246 holding 37 = [500]`, `FC3 holding 232, FC16 holding 232 = [read & 0xFFFC | 0x0001]`,
  /// `FC22 holding 232 = [read & 0xFFFC | 0x0001]`, `publish zigbee2mqtt/hall/set {"system_mode":"heat"}`,
  /// `POST /control mode=1&fan=0`, `GET /tariff, then PUT /tariff with /mode = "backup"`, `wait 2 s`. Values of a login
  /// stay `${login.token}`.
  public var description: String {
    switch self {
    case .writeRegisters(let unit, let address, let values, let function):
      "FC\(function.rawValue) \(RegisterSpace(unit: unit, table: .holding)) \(address) = \(values)"
    case .writeCoil(let unit, let address, let value):
      "FC5 \(RegisterSpace(unit: unit, table: .coil)) \(address) = \(value)"
    case .modifyRegister(let unit, let address, let mask, let value, let function):
      Self.modification("\(RegisterSpace(unit: unit, table: .holding)) \(address)", mask, value, function)
    case .publish(let message): "publish \(message)"
    case .request(let data): data.body.map { "\(data.method) \(data.path) \($0)" } ?? "\(data.method) \(data.path)"
    case .modify(let modification): modification.description
    case .wait(let duration): "wait \(duration)"
    }
  }

  private static func modification(
    _ place: String, _ mask: UInt16, _ value: UInt16, _ function: WriteFunction
  ) -> String {
    func hexadecimal(_ word: UInt16) -> String {
      let digits = String(word, radix: 16, uppercase: true)
      return "0x" + String(repeating: "0", count: 4 - digits.count) + digits
    }
    let read = function == .maskWrite ? "" : "FC3 \(place), "
    return "\(read)FC\(function.rawValue) \(place) = [read & \(hexadecimal(~mask)) | \(hexadecimal(value & mask))]"
  }
}
