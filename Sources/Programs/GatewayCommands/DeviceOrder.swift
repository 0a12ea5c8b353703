/// A short form of commands to one device.
protocol DeviceOrder: GatewayCommand {
  /// Id or name.
  var device: String { get }
  var send: SendOptions { get }
  /// What is sent, one after the other.
  var orders: [CommandSender.Order] { get }
}

extension DeviceOrder {
  func run(in session: Session) async throws -> ExitStatus {
    try await CommandSender(session: session, options: send).send(orders, to: device)
  }
}
