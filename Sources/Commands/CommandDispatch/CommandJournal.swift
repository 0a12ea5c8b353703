public import EnergyModel
public import GatewayStore

/// What the dispatcher needs from the journal: commands that survive a crash, and the count of writes to flash.
///
/// What a call returned from is durable. `GatewayStore` is the journal of the gateway.
public protocol CommandJournal: Sendable {
  /// Writes a new command; throws `constraint` if the id is there already.
  func insert(_ command: CommandRecord) async throws(GatewayStoreError)
  /// Writes a command's new state and the steps of its history that are not there yet.
  func update(_ command: CommandRecord) async throws(GatewayStoreError)
  /// The command of that id; `nil` if there is none.
  func command(id: String) async throws(GatewayStoreError) -> CommandRecord?
  /// The newest command with that idempotency key, of one actor if one is given; `nil` if there is none.
  func command(idempotencyKey: String, actor: String?) async throws(GatewayStoreError) -> CommandRecord?
  /// Commands, newest first; of one device and of some states if given.
  func commands(
    deviceID: String?, statuses: Set<CommandStatus>?, limit: Int
  ) async throws(GatewayStoreError) -> [CommandRecord]
  /// All commands that can still change, oldest first.
  func openCommands() async throws(GatewayStoreError) -> [CommandRecord]
  /// How often the flash of a device was written on a day, in days since 1970 in UTC.
  func writeCount(of deviceID: String, day: Int64) async throws(GatewayStoreError) -> Int
  /// Counts one more write of a device. Returns the writes of the day, this one included.
  @discardableResult
  func countWrite(of deviceID: String, day: Int64) async throws(GatewayStoreError) -> Int
}

extension GatewayStore: CommandJournal {}

extension CommandJournal {
  /// Commands of one device, newest first.
  func commands(deviceID: String, limit: Int) async throws(GatewayStoreError) -> [CommandRecord] {
    try await commands(deviceID: deviceID, statuses: nil, limit: limit)
  }
}
