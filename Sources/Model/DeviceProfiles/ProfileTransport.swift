import EnergyModel
public import ModbusWire

/// How a product is reached, without the address of an installation.
public enum ProfileTransport: Sendable {
  case modbus(ModbusSettings)
  case mqtt(MQTTSettings)
  case http(HTTPSettings)
}

/// Limits and habits of a Modbus device.
public struct ModbusSettings: Sendable {
  /// Unit identifier: a constant or a parameter.
  public var unit: Expression
  /// Registers in one request, at most.
  public var maxRegisters = 125
  /// Unused registers that may be read along to save a request.
  public var maxGap = 8
  /// Silence after connecting, before the first request.
  public var delayAfterConnect: Duration = .zero
  /// Silence between an answer and the next request.
  public var minGap: Duration = .zero
  /// How long an answer may take.
  public var timeout: Duration = .seconds(1)
  /// How long an answer may take at least, however fast the device usually is; `nil` = the adapter knows.
  public var minTimeout: Duration?
  /// What the product speaks; the first is what a simulated one does.
  public var framings: [ModbusFraming] = [.tcp, .rtu]
  /// The order of bytes where a point says nothing.
  public var order: WordOrder = .abcd
  /// The parameter that says the order where a point says nothing.
  public var orderParameter: String?
  /// Registers that are read together or not at all, each in a request of its own.
  public var blocks: [RegisterBlock] = []
  /// Registers that no request may read across.
  public var forbidden: [RegisterBlock] = []
  /// Any answer of the right unit and function that is no exception acknowledges a write.
  public var takesAnyWriteAnswer = false
  /// SunSpec base addresses to try, in order; empty where the profile has no SunSpec points.
  public var sunSpecBases: [UInt16] = []

  /// The defaults, with a unit identifier.
  public init(unit: Expression) { self.unit = unit }
}

/// Neighbouring registers or bits as a profile names them.
public struct RegisterBlock: Sendable, Hashable {
  /// The unit that they belong to.
  public var unit: UnitReference
  /// The table that they stand in.
  public var table: RegisterTable
  /// First and last address.
  public var addresses: ClosedRange<UInt16>
}

/// Habits of an MQTT device.
public struct MQTTSettings: Sendable {
  /// Where the device says that it is there; it is there when none of them says otherwise. Empty = judged by the age of
  /// its messages.
  public var availability: [Availability] = []
  /// How payloads are built where a point says nothing.
  public var format = DocumentFormat.json
  /// Whether messages that the broker kept are passed over where a point says nothing.
  public var ignoresRetained = false
  /// Levels of topics that become names.
  public var captures: [Capture] = []
  /// How long silence may last before the device counts as offline; `nil` = never judged by silence.
  public var silentAfter: Duration?
  /// Messages that ask the device for its state, sent at start and at each interval.
  public var requests: [PolledPublish] = []

  /// A level of topics that becomes a name: the first that comes, and no other after it.
  public struct Capture: Sendable {
    /// The name, as in `{name}`.
    public var name: String
    /// The only one that counts where this text is not empty; `nil` or empty = the first that comes.
    public var fixed: TextTemplate?
  }

  /// How the device says that it is there.
  public struct Availability: Sendable {
    /// Topic with `$parameter` and `{capture}` in it.
    public var topic: String
    /// Where the word stands in a JSON payload; empty = the payload is the word.
    public var path: DocumentPath
    /// Payloads that mean online.
    public var online: [String]
    /// Payloads that mean offline.
    public var offline: [String]
  }

  /// A message that asks for state.
  public struct PolledPublish: Sendable {
    /// What is sent.
    public var message: PublishTemplate
    /// How often it is sent.
    public var every: Duration
  }

  /// No availability topic, no requests.
  public init() {}
}

/// Habits of a vendor's HTTP API.
public struct HTTPSettings: Sendable {
  /// How requests are authenticated.
  public enum Authentication: String, CaseIterable, Sendable { case none, basic, digest }

  /// How requests are authenticated.
  public var authentication: Authentication = .none
  /// Parameters that hold user and password.
  public var userParameter: String?
  /// The parameter that holds the password.
  public var passwordParameter: String?
  /// Headers of every request.
  public var headers: [(name: String, value: TextTemplate)] = []
  /// How long an answer may take.
  public var timeout: Duration = .seconds(10)
  /// Silence between an answer and the next request.
  public var minGap: Duration = .zero
  /// What is polled, by the name that points use.
  public var requests: [NamedRequest] = []
  /// How a session is opened; `nil` where the device wants none.
  public var login: HTTPLogin<HTTPRequestTemplate>?
  /// How often the vendor lets itself be asked; `nil` where it does not say.
  public var quota: HTTPQuota?

  /// A request that is polled.
  public struct NamedRequest: Sendable {
    /// The name that points use.
    public var name: String
    /// The request itself.
    public var request: HTTPRequestTemplate
    /// How often it is sent.
    public var pollClass: PollClass
  }

  /// No requests, no authentication.
  public init() {}
}

/// An HTTP request of a profile.
public struct HTTPRequestTemplate: Sendable {
  /// What goes out with the request.
  public enum Body: Sendable {
    case none
    case json(PayloadTemplate)
    case form([(name: String, value: TextTemplate)])
  }

  /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
  public var method: String
  /// Path with query, starting with `/`.
  public var path: TextTemplate
  /// What goes out with the request.
  public var body: Body
  /// Must hold in the answer's JSON, or the request counts as failed (an error inside a 200).
  public var expect: [Expectation]
  /// Where the device says why it refused.
  public var reasonPath: DocumentPath?
  /// The answer may be a web page.
  public var mayAnswerPage = false
  /// How the answer is built.
  public var format = DocumentFormat.json

  /// A value that the answer must have; the path may have parameters in it.
  public typealias Expectation = HTTPRequestData.Expectation
}

/// How to tell that the device is this product.
public struct ProfileIdentity: Sendable {
  /// Where the device says its name.
  public var source: PointSource
  /// With `*` for any text.
  public var matches: [String]
}
