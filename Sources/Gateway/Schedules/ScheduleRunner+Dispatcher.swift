import CommandDispatch
import EnergyModel

extension ScheduleRunner.Hands {
  /// The running gateway's.
  init(dispatcher: CommandDispatcher, directory: DeviceDirectory, tags: TagBook) {
    self.init(
      followers: {
        directory.all.map { device, zone in
          .init(id: device.id, customerID: device.customerID, zone: zone, tags: tags.tags(of: device))
        }
      },
      submit: { request throws(CommandRefusal) in try await dispatcher.submit(request).record },
      cancel: { _ = await dispatcher.cancel($0) },
      higherHolder: { device in
        guard let lease = await dispatcher.activeLease(of: device), lease.priority.outranks(.schedule) else {
          return nil
        }
        return lease.id
      },
      acceptsDuration: { device, name in
        await dispatcher.availableCommands(of: device).first { $0.name == name }?.acceptsDuration
      })
  }
}
