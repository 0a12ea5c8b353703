import EnergyModel

/// What can happen, beside the steps of commands, whose types are `command.` and their state.
public enum EventKind: String, CaseIterable, Sendable {
  case deviceOnline = "device.online"
  case deviceDegraded = "device.degraded"
  case deviceOffline = "device.offline"
  case deviceStale = "device.stale"
  case deviceFault = "device.fault"
  case deviceCreated = "device.created"
  case deviceUpdated = "device.updated"
  case deviceDeleted = "device.deleted"
  case deviceLinked = "device.linked"
  case deviceUnlinked = "device.unlinked"
  case deviceLinkAmbiguous = "device.link-ambiguous"
  case counterReset = "counter.reset"
  case siteCreated = "site.created"
  case siteUpdated = "site.updated"
  case siteDeleted = "site.deleted"
  case siteLinked = "site.linked"
  case siteUnlinked = "site.unlinked"
  case siteLinkAmbiguous = "site.link-ambiguous"
  case customerCreated = "customer.created"
  case customerUpdated = "customer.updated"
  case customerDeleted = "customer.deleted"
  case usageWindowClosed = "usage.window.closed"
  case usageRevised = "usage.revised"
  case alertRaised = "alert.raised"
  case alertAcknowledged = "alert.acknowledged"
  case alertResolved = "alert.resolved"
  case batchCreated = "batch.created"
  case batchCancelled = "batch.cancelled"
  case scheduleCreated = "schedule.created"
  case scheduleDeleted = "schedule.deleted"
  case connectionCreated = "connection.created"
  case connectionCompleted = "connection.completed"
  case connectionCancelled = "connection.cancelled"
  case connectionExpired = "connection.expired"
  case linkCreated = "link.created"
  case linkUpdated = "link.updated"
  case linkDeleted = "link.deleted"
  case webhookDisabled = "webhook.disabled"
  case webhookTest = "webhook.test"
  case recordsUnsettled = "records.unsettled"

  /// What an event can be about.
  public enum Subject: Sendable {
    /// A device, whose customer sees it.
    case device
    /// A site, whose customer sees it.
    case site
    /// A customer, who sees it.
    case customer
    /// The gateway itself; no customer sees it.
    case gateway
  }

  /// What its events are about.
  public var subject: Subject {
    switch self {
    case .deviceOnline, .deviceDegraded, .deviceOffline, .deviceStale, .deviceFault, .deviceCreated, .deviceUpdated,
      .deviceDeleted, .deviceLinked, .deviceUnlinked, .deviceLinkAmbiguous, .counterReset, .alertRaised,
      .alertAcknowledged, .alertResolved, .scheduleCreated, .scheduleDeleted:
      .device
    case .siteCreated, .siteUpdated, .siteDeleted, .siteLinked, .siteUnlinked, .siteLinkAmbiguous: .site
    case .customerCreated, .customerUpdated, .customerDeleted, .usageWindowClosed, .usageRevised, .batchCreated,
      .batchCancelled, .connectionCreated, .connectionCompleted, .connectionCancelled, .connectionExpired:
      .customer
    case .linkCreated, .linkUpdated, .linkDeleted, .webhookDisabled, .webhookTest, .recordsUnsettled: .gateway
    }
  }
}
