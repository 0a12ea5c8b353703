public import DeviceProfiles
public import PinnedThread

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

/// Reads single ranges of a bus, one after another, for tools that look at a device.
///
/// A gateway reads through `ModbusLink`, which shares the bus, keeps its rhythm and lives with failures.
public actor ModbusReader {
  /// Runs all of this actor.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private nonisolated let executor: BusExecutor
  private let configuration: ModbusLinkConfiguration
  private let gate = LinkGate()
  private var connection: (any ModbusConnection)?

  /// Nothing is opened before the first read. Throws if the process may not have another thread.
  public init(_ configuration: ModbusLinkConfiguration, loops: SocketLoops) throws(PinnedThreadError) {
    self.configuration = configuration
    executor = try BusExecutor(configuration, loops)
  }

  /// The values of a range, bits as 0 and 1. After a failure the next read opens the bus anew.
  public func read(
    _ range: RegisterRange, unit: UInt8, timeout: Duration
  ) async throws(ModbusReadFailure) -> [UInt16] {
    let open = try await opened()
    do throws(ModbusFailure) {
      return try await open.exchange(.read(range), unit: unit, timeout: timeout, isTolerant: false)
    } catch {
      if case .exception(let code) = error { throw .exception(code, error.reason) }
      if !open.outlivesFailures { connection = nil }
      let words = "\(configuration.place): \(error.reason)"
      if case .timeout = error { throw .silent(words) }
      throw .failed(words)
    }
  }

  /// The connection that is there, else a new one.
  private func opened() async throws(ModbusReadFailure) -> any ModbusConnection {
    if let connection, connection.idleProblem() == nil { return connection }
    connection = nil
    do throws(ModbusFailure) {
      let open = try await executor.open(configuration, gate: gate)
      connection = open
      return open
    } catch {
      throw .unreachable("\(configuration.place): \(error.reason)")
    }
  }
}
