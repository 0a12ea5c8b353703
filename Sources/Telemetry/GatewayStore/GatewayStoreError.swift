import GRDB

/// Why the store could not do something. The store stays usable after every one of them.
public struct GatewayStoreError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of failure it was.
  public enum Code: String, Sendable, Hashable {
    /// No space on the disk, or the size limit of the database is reached. Works again when there is space.
    case diskFull
    /// The disk reported an error.
    case inputOutput
    /// The file is damaged.
    case corrupt
    /// The file or its directory may not be written.
    case readOnly
    /// The file cannot be opened.
    case cannotOpen
    /// Another process has it open.
    case inUse
    /// A rule of the schema was broken: an id that exists already, a reference to nothing.
    case constraint
    /// A newer version of Heddle wrote the file.
    case newerSchema
    /// Anything else that SQLite says.
    case other
  }

  /// The kind of failure.
  public let code: Code
  /// What was being done, in words: `write windows`.
  public let operation: String
  /// What SQLite or the system said.
  public let reason: String

  /// - Parameters:
  ///   - code: the kind of failure.
  ///   - operation: what was being done.
  ///   - reason: what SQLite or the system said.
  public init(code: Code, operation: String, reason: String) {
    self.code = code
    self.operation = operation
    self.reason = reason
  }

  /// Whether the same call can work later without anybody changing the request.
  public var isRetryable: Bool {
    switch code {
    case .diskFull, .inputOutput, .readOnly, .cannotOpen, .inUse, .other: true
    case .corrupt, .constraint, .newerSchema: false
    }
  }

  /// What a person can do.
  public var hint: String {
    switch code {
    case .diskFull: "free space on the disk that holds the store"
    case .inputOutput: "look for disk errors in the kernel log"
    case .corrupt: "restart: a damaged file is moved aside and a new one is started"
    case .readOnly: "give the service write access to the store's directory"
    case .cannotOpen: "check the path of the store and the rights of its directory"
    case .inUse: "stop the other one first, or choose another store"
    case .constraint: "use another id"
    case .newerSchema: "install the newer version again, or start with another store"
    case .other: "see the reason"
    }
  }

  /// One sentence with operation, reason and hint.
  public var description: String { "store: cannot \(operation): \(reason); \(hint)" }

  init(_ error: any Error, operation: String) {
    if let error = error as? GatewayStoreError {
      self = error
    } else if let error = error as? DatabaseError {
      let code = Self.code(of: error.resultCode)
      self.init(code: code, operation: operation, reason: error.message ?? "SQLite error \(error.resultCode.rawValue)")
    } else if error is RowDecodingError || error is DecodingError {
      self.init(code: .corrupt, operation: operation, reason: "\(error)")
    } else {
      self.init(code: .other, operation: operation, reason: "\(error)")
    }
  }

  private static func code(of result: ResultCode) -> Code {
    switch result {
    case .SQLITE_FULL: .diskFull
    case .SQLITE_IOERR: .inputOutput
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: .corrupt
    case .SQLITE_READONLY, .SQLITE_PERM: .readOnly
    case .SQLITE_CANTOPEN: .cannotOpen
    case .SQLITE_CONSTRAINT: .constraint
    default: .other
    }
  }
}
