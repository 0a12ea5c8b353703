import ModbusWire
import NIOCore
import PinnedThread

/// Where the actor of a bus runs: on an event loop that many share, or on a thread of its own where calls may block.
enum BusExecutor: Sendable {
  case loop(LoopExecutor)
  case thread(PinnedThread)

  init(_ configuration: ModbusLinkConfiguration, _ loops: SocketLoops) throws(PinnedThreadError) {
    switch configuration.medium {
    case .socket: self = .loop(LoopExecutor(loops))
    case .rtu: self = .thread(try PinnedThread(name: configuration.name))
    }
  }

  func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    switch self {
    case .loop(let executor): executor.asUnownedSerialExecutor()
    case .thread(let thread): thread.asUnownedSerialExecutor()
    }
  }

  /// Where the actor's own tasks are when they are not on the actor; `nil` = on the pool of all.
  var forTasks: (any TaskExecutor)? { if case .loop(let executor) = self { executor } else { nil } }

  /// Lets calls from outside have their turn. On an event loop they have it whenever the actor waits for a socket.
  func letQueuedJobsRun() async { if case .thread(let thread) = self { await thread.letQueuedJobsRun() } }

  /// Opens the bus; takes as long as the configuration allows.
  func open(
    _ configuration: ModbusLinkConfiguration, gate: LinkGate
  ) async throws(ModbusFailure) -> any ModbusConnection {
    switch (self, configuration.medium) {
    case (.thread, .rtu(let line)): return try SerialConnection(line)
    case (.loop(let executor), .socket(let kind, let host, let port)):
      let loop = executor.loop
      let addresses = try await executor.loops.addresses(of: host, port: port, on: loop)
      if kind.isDatagram { return DatagramConnection(peers: addresses, kind: kind, loop: loop, gate: gate) }
      return try await StreamConnection.open(addresses, configuration, kind, on: loop, gate: gate)
    case (.thread, .socket), (.loop, .rtu): throw .notSent("\(configuration.place): another kind of link")
    }
  }
}
