import CModbus
import Glibc
import ModbusTestSupport
import Synchronization

/// A Modbus server on libmodbus: the other side as somebody else wrote it. One thread, one connection at a time.
final class ModbusServer: Sendable {
  struct Request: Hashable, Sendable {
    var unit: UInt8
    var function: UInt8
    var address: UInt16
    var count: UInt16
  }

  private struct State {
    var requests: [Request] = []
    var descriptors: [CInt] = []
    var isStopped = false
  }

  private let state = Mutex(State())
  // The mapping is read and written by the server's thread, and by tests only while no request is under way.
  nonisolated(unsafe) private let context: OpaquePointer
  nonisolated(unsafe) private let mapping: UnsafeMutablePointer<modbus_mapping_t>
  let port: UInt16

  private init?(context: OpaquePointer?, port: UInt16) {
    guard let context, let mapping = modbus_mapping_new(200, 200, 1000, 1000) else { return nil }
    self.context = context
    self.mapping = mapping
    self.port = port
  }

  /// Listens on a port of the kernel's choice.
  static func tcp() -> ModbusServer? {
    let context = modbus_new_tcp("127.0.0.1", 0)
    let listener = modbus_tcp_listen(context, 1)
    guard listener >= 0, let server = ModbusServer(context: context, port: boundPort(of: listener)) else { return nil }
    server.state.withLock { $0.descriptors = [listener] }
    startThread { server.serve(listener: listener) }
    return server
  }

  /// Serves unit 1 on a serial device.
  static func rtu(device: String) -> ModbusServer? {
    let context = modbus_new_rtu(device, 9600, CChar(UInt8(ascii: "N")), 8, 1)
    modbus_set_slave(context, 1)
    // After a request for another unit libmodbus takes the next frame for that unit's answer, for so long.
    modbus_set_response_timeout(context, 0, 50_000)
    guard modbus_connect(context) == 0, let server = ModbusServer(context: context, port: 0) else { return nil }
    startThread { server.serveConnection() }
    return server
  }

  var requests: [Request] { state.withLock { $0.requests } }

  func setHolding(_ address: Int, _ value: UInt16) { mapping.pointee.tab_registers[address] = value }
  func holding(_ address: Int) -> UInt16 { mapping.pointee.tab_registers[address] }
  func setInput(_ address: Int, _ value: UInt16) { mapping.pointee.tab_input_registers[address] = value }
  func setDiscrete(_ address: Int, _ value: Bool) { mapping.pointee.tab_input_bits[address] = value ? 1 : 0 }
  func coil(_ address: Int) -> Bool { mapping.pointee.tab_bits[address] != 0 }

  /// Ends the server; what it allocated stays, because its thread may still be in a call.
  func stop() {
    state.withLock { state in
      state.isStopped = true
      for descriptor in state.descriptors { shutdown(descriptor, CInt(SHUT_RDWR)) }
    }
  }

  private func serve(listener: CInt) {
    var listener = listener
    while !state.withLock({ $0.isStopped }) {
      let connection = modbus_tcp_accept(context, &listener)
      guard connection >= 0 else { return }
      state.withLock { $0.descriptors = [listener, connection] }
      serveConnection()
      close(connection)
      state.withLock { $0.descriptors = [listener] }
    }
  }

  private func serveConnection() {
    var query = [UInt8](repeating: 0, count: Int(MODBUS_TCP_MAX_ADU_LENGTH))
    let header = Int(modbus_get_header_length(context))
    while true {
      let length = modbus_receive(context, &query)
      if length < 0 { return }
      if length == 0 { continue }
      func word(_ index: Int) -> UInt16 { UInt16(query[index]) << 8 | UInt16(query[index + 1]) }
      let request = Request(
        unit: query[header - 1], function: query[header], address: word(header + 1), count: word(header + 3))
      state.withLock { $0.requests.append(request) }
      modbus_reply(context, query, length, mapping)
    }
  }
}
