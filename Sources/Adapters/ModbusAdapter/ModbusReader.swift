public import DeviceProfiles

/// Why a range could not be read.
public enum ModbusReadFailure: Error, Sendable, Hashable {
  /// The device answered with this exception, in words.
  case exception(UInt8, String)
  /// The bus could not be opened.
  case unreachable(String)
  /// There was no answer in time.
  case silent(String)
  /// The connection broke, or what came cannot be used.
  case failed(String)

  /// What went wrong, in words.
  public var reason: String {
    switch self {
    case .exception(_, let words), .unreachable(let words), .silent(let words), .failed(let words): words
    }
  }
}

/// Reads single ranges of a bus, one after another, for tools that look at a device. It blocks its caller.
///
/// A gateway reads through `ModbusLink`, which shares the bus, keeps its rhythm and lives with failures.
public final class ModbusReader {
  private let configuration: ModbusLinkConfiguration
  private let gate = LinkGate()
  private var connection: (any ModbusConnection)?

  /// Nothing is opened before the first read.
  public init(_ configuration: ModbusLinkConfiguration) { self.configuration = configuration }

  /// The values of a range, bits as 0 and 1. After a failure the next read opens the bus anew.
  public func read(
    _ range: RegisterRange, unit: UInt8, timeout: Duration
  ) throws(ModbusReadFailure) -> [UInt16] {
    let open = try opened()
    do throws(ModbusFailure) {
      return try open.exchange(.read(range), unit: unit, timeout: timeout, isTolerant: false)
    } catch {
      if case .exception(let code) = error { throw .exception(code, error.reason) }
      if !open.outlivesFailures { connection = nil }
      let words = "\(configuration.place): \(error.reason)"
      if case .timeout = error { throw .silent(words) }
      throw .failed(words)
    }
  }

  /// The connection that is there, else a new one.
  private func opened() throws(ModbusReadFailure) -> any ModbusConnection {
    if let connection, connection.idleProblem() == nil { return connection }
    connection = nil
    do throws(ModbusFailure) {
      let open = try configuration.open(gate: gate)
      connection = open
      return open
    } catch {
      throw .unreachable("\(configuration.place): \(error.reason)")
    }
  }
}
