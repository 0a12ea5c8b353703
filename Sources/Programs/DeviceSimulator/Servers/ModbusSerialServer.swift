import CModbus
import Glibc
import PinnedThread

/// One simulated unit on a serial line (8N1), on libmodbus's server side and a thread of its own.
public actor ModbusSerialServer {
  private let simulation: Simulation
  private let endpoint: EndpointIndex
  private let path: String
  private let thread: PinnedThread
  private let context: ModbusContext
  private var isStopping = false

  /// The thread that all of this runs on.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  /// - Parameter path: the serial device, or one end of a pseudo-terminal pair.
  public init(simulation: Simulation, endpoint: EndpointIndex, unit: UInt8, path: String, baud: Int) throws {
    self.simulation = simulation
    self.endpoint = endpoint
    self.path = path
    thread = try PinnedThread(name: "modbus rtu")
    context = try ModbusContext(serialPath: path, baud: baud, unit: unit)
  }

  /// Opens the line.
  public func open() throws {
    guard modbus_connect(context.pointer) == 0 else {
      throw SimulatorError("serial line \(path): \(ModbusContext.lastError)")
    }
    guard modbus_get_socket(context.pointer) < ModbusTCPServer.maxDescriptor else {
      throw SimulatorError("serial line \(path): too many open files for libmodbus")
    }
  }

  /// Serves until `stop` or until the line is gone.
  public func serve() async {
    let header = Int(modbus_get_header_length(context.pointer))
    while !isStopping && !Task.isCancelled {
      var descriptors = [modbus_get_socket(context.pointer), thread.wakeDescriptor].map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      poll(&descriptors, 2, 500)
      if descriptors[0].revents & Int16(POLLIN) != 0 {
        // A frame that was garbled or meant for another unit gets no answer, as on a real bus.
        if let frame = context.receive(), let request = ModbusRequest(frame: frame, header: header) {
          _ = context.send(simulation.answer(request, at: endpoint), to: frame, request)
        } else {
          modbus_flush(context.pointer)
        }
      } else if descriptors[0].revents != 0 {
        return
      }
      await thread.letQueuedJobsRun()
    }
  }

  /// Ends `serve`. Returns at once.
  public func stop() { isStopping = true }
}
