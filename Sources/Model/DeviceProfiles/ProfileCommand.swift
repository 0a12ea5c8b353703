public import EnergyModel

/// Something that may be written. A profile can write to nothing else.
public struct ProfileControl: Sendable {
  /// Where it is written.
  public enum Destination: Sendable, Hashable {
    case register(RegisterSource)
    case sunSpec(SunSpecSource)
  }

  /// The bits of its register that it may change; `nil` for whole registers.
  public var mask: UInt16? {
    guard case .register(let register) = destination else { return nil }
    guard let bits = conversion.bits ?? register.type.registerBits, bits.upperBound < 16 else { return nil }
    return bits.reduce(0) { $0 | 1 << UInt16($1) }
  }

  /// The name that `write` steps and expressions use.
  public var name: String
  /// Where it is written.
  public var destination: Destination
  /// Inverse on writing: value = (raw × scale × 10^scaleFactor + offset).
  public var conversion: PointConversion
  /// Values in SI that may be written; outside, the command is refused.
  public var range: ClosedRange<Double>?
  /// Which function code writes it; `nil` chooses by length.
  public var writeFunction: WriteFunction?
  /// Read at this rhythm too, so that expressions see its present value; `nil` = write only.
  public var pollClass: PollClass?
  /// The line of the profile, for messages.
  public var line: Int
}

/// The Modbus function that writes registers.
public enum WriteFunction: Int, Sendable, Hashable {
  case single = 6
  case multiple = 16
  /// The device itself changes some bits of a register.
  case maskWrite = 22
}

/// A command of the catalogue as this product does it.
public struct ProfileCommand: Sendable {
  /// What to do, as in the catalogue: `charge`.
  public var verb: String
  /// One sentence for people; may be empty.
  public var summary: String
  /// What may be given with the command.
  public var inputs: [CommandInput]
  /// Checked on live values before anything is sent.
  public var preconditions: [Precondition]
  /// What is done, in order.
  public var steps: [CommandStep]
  /// What proves it; `nil` where nothing can.
  public var confirm: Confirmation?
  /// The device's own timer, and how to feed it.
  public var keepAlive: KeepAlive?
  /// How to undo it when its duration ends.
  public var revert: Revert
  /// Where the device keeps what is written.
  public var storage: SettingStorage
  /// How often a day the product may be written, where its maker says so; `nil` = the gateway's usual budget.
  public var writeBudget: Int?
  /// The line of the profile, for messages.
  public var line: Int

  /// Something that must hold before anything is sent.
  public struct Precondition: Sendable {
    /// Must be true on live values.
    public var expect: Expression
    /// Why the command is refused, in words.
    public var message: String
  }

  /// The device's own timer.
  public struct KeepAlive: Sendable {
    /// The device falls back by itself after this time; the gateway renews at a third of it.
    public var timeout: Duration
    /// What is written to renew; empty = all steps again.
    public var steps: [CommandStep]
  }

  /// How to undo a command when its duration ends.
  public enum Revert: Sendable {
    /// A lasting setting: there is nothing to undo, and no duration is accepted.
    case none
    /// The part's `default` steps.
    case toDefault
    case steps([CommandStep], confirm: Confirmation?)
  }

  /// The argument of that name.
  public func input(named name: String) -> CommandInput? { inputs.first { $0.name == name } }
}

/// Where the device keeps what a command writes.
public enum SettingStorage: String, CaseIterable, Sendable {
  /// Lost when the device restarts; may be written as often as it likes.
  case ram
  /// Kept in flash or EEPROM, which wears out.
  case nvm
  /// The maker does not say; treated like `nvm`.
  case unknown
}

/// One argument of a command.
public struct CommandInput: Sendable {
  /// What may be given.
  public enum Kind: Sendable, Hashable {
    case number(Unit)
    case flag
    case choice([String])
  }

  /// The name as in the catalogue: `powerW`.
  public var name: String
  /// Number with its unit, flag, or one of some words.
  public var kind: Kind
  /// Lower limit: a constant, a parameter or a live value.
  public var min: Expression?
  /// Upper limit: a constant, a parameter or a live value.
  public var max: Expression?
  /// Used when the argument is absent; without it the argument is required, unless `isOptional`.
  public var defaultValue: Expression?
  /// Whether it may be left out although there is no default.
  public var isOptional: Bool
  /// One sentence for people; may be empty.
  public var help: String
}

/// How fresh telemetry proves that a command works.
public struct Confirmation: Sendable {
  /// Must be true on fresh telemetry.
  public var expect: Expression
  /// The longest time from the acknowledgement until the predicate must hold.
  public var within: Duration
  /// How long it must hold without a break.
  public var settle: Duration
}

/// One step of a command.
public enum CommandStep: Sendable {
  /// Control name → value. Neighbouring registers of one step go out in one request.
  case write([(control: String, value: Expression)])
  case publish(PublishTemplate)
  case request(HTTPRequestTemplate)
  case modify(HTTPModificationTemplate)
  case wait(Duration)
}

/// An MQTT message of a profile.
public struct PublishTemplate: Sendable {
  /// What goes out.
  public enum Content: Sendable {
    case payload(PayloadTemplate)
    /// Sparkplug B metrics by name.
    case metrics([(name: String, value: Expression)])
  }

  /// Where it goes.
  public var topic: TextTemplate
  /// What goes out.
  public var content: Content
  /// Whether the broker keeps it for later subscribers.
  public var isRetained = false
  /// The message by which the device answers; `nil` where it does not.
  public var reply: Reply?

  /// The message by which a device answers.
  public struct Reply: Sendable {
    /// Topic with `$parameter` and `{capture}` in it; wildcards allowed.
    public var topic: String
    /// How its payload is built.
    public var format: DocumentFormat
    /// What makes a message on that topic the answer.
    public var match: [HTTPRequestTemplate.Expectation]
    /// What it must say.
    public var expect: [HTTPRequestTemplate.Expectation]
    /// Where the device says why it refused.
    public var reasonPath: DocumentPath?
    /// The longest time until it comes.
    public var within: Duration
  }
}

/// Text with `$parameter` and `${expression}` in it, or a whole expression when it starts with `=`.
public enum TextTemplate: Sendable {
  case literal(String)
  case expression(Expression)
  case mixed([Piece])

  /// A stretch of a text with expressions in it.
  public enum Piece: Sendable {
    /// Text with `$parameter` in it.
    case text(String)
    case expression(Expression)
  }

  /// The names that must have a value before the text can be made.
  public var names: Set<String> {
    switch self {
    case .literal: []
    case .expression(let expression): expression.names
    case .mixed(let pieces):
      pieces.reduce(into: []) { names, piece in
        if case .expression(let expression) = piece { names.formUnion(expression.names) }
      }
    }
  }
}

/// A JSON tree or form whose leaves may be expressions.
public indirect enum PayloadTemplate: Sendable {
  case object([(key: String, value: PayloadTemplate)])
  case array([PayloadTemplate])
  case scalar(ScalarValue)
  case expression(Expression)
  /// A payload that is not JSON: the text of one value.
  case text(TextTemplate)
}
