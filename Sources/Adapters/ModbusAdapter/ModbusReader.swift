public import DeviceProfiles

/// Why a range could not be read.
public enum ModbusReadFailure: Error, Sendable, Hashable {
  /// The device answered with this exception, in words.
  case exception(UInt8, String)
  /// There was no answer, or none that can be used.
  case failed(String)

  /// What went wrong, in words.
  public var reason: String {
    switch self {
    case .exception(_, let words), .failed(let words): words
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
    do throws(ModbusFailure) {
      if connection?.idleProblem() != nil { connection = nil }
      if connection == nil { connection = try configuration.open(gate: gate) }
      guard let values = try connection?.exchange(.read(range), unit: unit, timeout: timeout, isTolerant: false) else {
        throw .notSent("no connection")
      }
      return values
    } catch {
      if case .exception(let code) = error { throw .exception(code, error.reason) }
      connection = nil
      throw .failed("\(configuration.place): \(error.reason)")
    }
  }
}
