import CommandDispatch
import EnergyModel
import GatewayStore
import LocalAPISchema
import Logging
import TimeSource

/// Keeps what the dispatcher says about devices that need a person, and tells the listeners when it begins and ends.
struct AlertBook: Sendable {
  let store: GatewayStore
  let events: EventLog
  let time: TimeSource
  let logger: Logger
  let makeID: @Sendable () -> String

  /// Something about the gateway itself begins, or is over where there is no message.
  func note(_ kind: AlertRecord.Kind, _ message: String?) async {
    do {
      if let message {
        let alert = AlertRecord(
          id: makeID(), kind: kind, deviceID: "", commandID: "", message: message, raisedAt: time.wall())
        let kept = try await store.raise(alert)
        if kept.isNew { events.record(.alertRaised, alert: kept.alert) }
      } else if let ended = try await store.resolveAlert(kind, deviceID: "", at: time.wall()) {
        events.record(.alertResolved, alert: ended)
      }
    } catch {
      logger.error("an alert could not be kept: \(error)")
    }
  }

  func note(_ finding: CommandFinding) async {
    do {
      switch finding {
      case .wrong(let kind, let command, let message):
        let alert = AlertRecord(
          id: makeID(), kind: kind, deviceID: command.deviceID, commandID: command.id, message: message,
          raisedAt: time.wall())
        let kept = try await store.raise(alert)
        guard kept.isNew else { return }
        logger.error("\(message)", metadata: ["device": "\(command.deviceID)", "alert": "\(kept.alert.id)"])
        events.record(.alertRaised, alert: kept.alert)
      case .over(let kind, let deviceID):
        guard let ended = try await store.resolveAlert(kind, deviceID: deviceID, at: time.wall()) else { return }
        events.record(.alertResolved, alert: ended)
      }
    } catch {
      logger.error("an alert could not be kept: \(error)")
    }
  }
}
