public import EnergyModel

/// One value that a device gives.
public struct ProfilePoint: Sendable {
  /// What the value becomes.
  public enum Target: Sendable, Hashable {
    /// A field of the unified model.
    case field(Field)
    /// A name that only expressions of the same part see (scale factors, single strings, raw modes).
    case local(String)
  }

  /// What the value becomes.
  public var target: Target
  /// Where it comes from.
  public var source: PointSource
  /// From raw to SI, in this order: invalid marks, bits, word → number, ×scale ×10^scaleFactor, +offset, unit, negate.
  public var conversion: PointConversion
  /// Plausible values in SI; outside, the reading is `suspect`.
  public var valid: ClosedRange<Double>?
  /// How a counter behaves; `nil` for everything that is not a counter.
  public var counter: CounterRule?
  /// How often it is read.
  public var pollClass: PollClass
  /// A point that may be missing without an error (an optional register).
  public var isOptional: Bool
  /// The line of the profile, for messages and `explain`.
  public var line: Int
  /// How several values become one: the elements of a list, the topics behind a wildcard.
  public var combine: Combine?

  /// The name that expressions use.
  public var name: String {
    switch target {
    case .field(let field): field.name
    case .local(let name): name
    }
  }
}

/// Where a point comes from.
public enum PointSource: Sendable {
  case register(RegisterSource)
  case sunSpec(SunSpecSource)
  case message(MessageSource)
  case response(ResponseSource)
  /// Computed from other names of the same part each time that one of them changes.
  case computed(Expression)
  case constant(ScalarValue)
}

/// Which unit behind an endpoint is meant.
public enum UnitReference: Sendable, Hashable {
  /// The unit of the endpoint.
  case own
  case number(UInt8)
  /// A parameter of that name holds it.
  case parameter(String)
}

/// A Modbus register or bit.
public struct RegisterSource: Sendable, Hashable {
  /// The unit it belongs to.
  public var unit: UnitReference = .own
  /// The table it stands in.
  public var table: RegisterTable
  /// Zero-based, as on the wire; the first of several.
  public var address: UInt16
  /// The addresses of all words, highest first, where they are no neighbours; else empty.
  public var words: [UInt16] = []
  /// The same value of several alike things, one behind the other.
  public var repetition: RegisterRepetition?
  /// How the registers become a value.
  public var type: RegisterType
  /// The order of its bytes.
  public var order: WordOrder
  /// The parameter that says the order; `order` is right once parameters are bound.
  public var orderParameter: String?
}

/// A value that stands in memory several times, at a fixed distance, and becomes one.
public struct RegisterRepetition: Sendable, Hashable {
  /// How often it stands there.
  public enum Count: Sendable, Hashable {
    case constant(Int)
    /// A local of the same part says it.
    case local(String)
  }

  /// More are in no device.
  public static let limit = 256

  /// How often it stands there.
  public var count: Count
  /// Registers from one to the next.
  public var step: Int
  /// How often it may stand there at most; the number itself where that is constant.
  public var max: Int
  /// How the values become one.
  public var combine: Combine
}

/// The four tables of Modbus.
public enum RegisterTable: String, CaseIterable, Sendable, Hashable {
  case holding, input, coil, discrete
  /// Whether its elements are single bits.
  public var isBits: Bool { self == .coil || self == .discrete }
}

/// How registers become a number or text.
public enum RegisterType: Sendable, Hashable {
  case u16, i16, u32, i32, u64, i64, f32, f64
  /// Four or eight decimal digits, one in each half byte; anything else is no value.
  case bcd16, bcd32
  /// One byte of a register.
  case u8(RegisterByte), i8(RegisterByte)
  /// ASCII in `registers` registers, NUL and blanks trimmed.
  case string(registers: Int)
  /// One bit of a bit table.
  case bit

  /// Registers that it takes; 1 for a bit.
  public var registerCount: Int {
    switch self {
    case .u16, .i16, .u8, .i8, .bcd16, .bit: 1
    case .u32, .i32, .f32, .bcd32: 2
    case .u64, .i64, .f64: 4
    case .string(let registers): registers
    }
  }
}

/// A half of a register.
public enum RegisterByte: String, CaseIterable, Sendable, Hashable { case high, low }

/// The order of bytes in a 32-bit value `ABCD`; for 64 bits the same swaps over four words.
public enum WordOrder: String, CaseIterable, Sendable, Hashable {
  /// High word first, high byte first: the Modbus standard.
  case abcd = "ABCD"
  /// Low word first.
  case cdab = "CDAB"
  /// High word first, bytes of each word swapped.
  case badc = "BADC"
  /// Low word first, bytes swapped.
  case dcba = "DCBA"
}

/// A point of a SunSpec model; its address comes from discovery on the device.
public struct SunSpecSource: Sendable, Hashable {
  /// The models that carry the point, in order of preference; the first one that the device has is used.
  public var models: [UInt16]
  /// The name in the standard model table, or `nil` with `offset`.
  public var point: String?
  /// Registers from the model's ID register.
  public var offset: Int
  /// How the registers become a value, in the first of `models`.
  public var type: RegisterType
  /// Offset of the scale factor register, if the point has one.
  public var scaleFactorOffset: Int?
  /// Which of several models with the same id, from 1.
  public var instance: Int
  /// The unit that has the models.
  public var unit: UnitReference = .own
  /// The point is one of a repeated block (`module.*.DCW`), and all of them become one value.
  public var combine: Combine?
}

/// A value inside an MQTT message.
public struct MessageSource: Sendable, Hashable {
  /// Topic with `$parameter` and `{capture}` in it; wildcards `+` and `#` allowed.
  public var topic: String
  /// Where the value stands; empty = the payload is the value.
  public var path: DocumentPath
  /// How the payload is built.
  public var format = DocumentFormat.json
  /// Messages that the broker kept say nothing about now.
  public var ignoresRetained = false
}

/// A value inside the answer to an HTTP request.
public struct ResponseSource: Sendable, Hashable {
  /// The request's name in `transport.http.requests`.
  public var request: String
  /// Where the value stands; empty = the answer is the value.
  public var path: DocumentPath
}

/// Steps into a JSON document: keys, indices, and elements picked by a field's value. Written `/Body/Data/0/x` or
/// `/sensors/[name=Thermostat]/temp`. The empty path is the whole document (also for plain-text payloads).
public struct DocumentPath: Sendable, Hashable {
  /// One step down into a document.
  public enum Step: Sendable, Hashable {
    case key(String)
    case index(Int)
    case element(key: String, value: String)
    /// All elements of a list, or all members of an object.
    case any
  }
  /// From the top of the document.
  public var steps: [Step]
  /// A path of these steps.
  public init(steps: [Step]) { self.steps = steps }
}

/// From raw to SI.
public struct PointConversion: Sendable {
  /// Raw marks that mean "no value", compared before anything else.
  public var invalid: [ScalarValue] = []
  /// Texts behind a number, such as a unit, that are cut off.
  public var suffixes: [String] = []
  /// Lowest and highest bit that are taken out of an integer.
  public var bits: ClosedRange<Int>?
  /// The highest of `bits` is a sign, as in two's complement.
  public var isSigned = false
  /// Multiplies the raw value.
  public var scale: Double = 1
  /// A local or SunSpec register whose value is the power of ten.
  public var scaleFactorName: String?
  /// Added after scaling, in the device's unit.
  public var offset: Double = 0
  /// The unit that the device uses; converted to the field's unit.
  public var unit: Unit.Conversion?
  /// The value is a difference of temperatures, so that only the size of the unit counts.
  public var ignoresUnitOffset = false
  /// The device counts the other way round.
  public var negate = false
  /// Raw code or word → word of the field's vocabulary, or a number or flag for a local.
  public var enumeration: [ScalarValue: ScalarValue]?
  /// What a code outside `enumeration` becomes; `unknown` unless the profile says otherwise.
  public var otherwise: ScalarValue?
  /// Bit number → text of a fault or flag, joined by commas.
  public var flags: [Int: String]?
}

/// How a counter goes back to a smaller number.
public enum CounterRule: Sendable, Hashable {
  /// Only by a reset of the device.
  case monotonic
  /// After this value (in SI), it starts at 0.
  case wraps(at: Double)
  /// Starts at 0 each midnight of the device.
  case daily
}
