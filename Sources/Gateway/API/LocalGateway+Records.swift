import CommandDispatch
import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TelemetryPipeline
import TimeSource

/// What changes of customers, sites and devices have in common.
extension LocalGateway {
  /// One change after the other: each is decided on what the one before left.
  func inTurn<T>(
    _ other: Turnstile? = nil, _ work: () async throws(APIError) -> T
  ) async throws(APIError) -> T {
    let turnstile = other ?? turnstile
    await turnstile.enter()
    do {
      let result = try await work()
      await turnstile.leave()
      return result
    } catch {
      await turnstile.leave()
      throw error
    }
  }

  /// Makes the outcome of a write an answer.
  func saved(
    _ what: String, _ id: String, _ write: () async throws(GatewayStoreError) -> RecordEdit
  ) async throws(APIError) {
    switch try await stored(write) {
    case .saved: break
    case .changedMeanwhile: throw Self.changedMeanwhile(what, id)
    case .referenceTaken(let other):
      throw APIError(
        status: 409, code: "REFERENCE_TAKEN", message: "\(what) \(other) has this reference already",
        hint: "change that one, or use another reference",
        errors: [.init(pointer: "/referenceId", code: "REFERENCE_TAKEN", detail: "\(other) has it already")])
    }
  }

  // MARK: Links

  /// Keeps what somebody said about whose something is, and tells both sides.
  func link(
    _ kind: CustomerLinkRecord.Kind, _ id: String, to customer: String?, from old: String? = nil,
    change: DeviceChangeRecord? = nil
  ) async throws(APIError) {
    let link = CustomerLinkRecord(kind: kind, id: id, customerID: customer, origin: .manual, at: time.wall())
    try await stored { () async throws(GatewayStoreError) in try await store.save(links: [link], change: change) }
    tell(link, old: old)
  }

  private func tell(_ link: CustomerLinkRecord, old: String? = nil) {
    let site = link.kind == .site ? link.id : nil
    let device = link.kind == .device ? link.id : nil
    func note(_ ofSite: EventKind, _ ofDevice: EventKind, _ customer: String?, _ data: [String: JSONValue]) {
      events.record(site == nil ? ofDevice : ofSite, device: device, customer: customer, site: site, data: data)
    }
    let how: [String: JSONValue] = ["linkedBy": .text(link.origin.rawValue), "id": .text(link.id)]
    if let old, old != link.customerID { note(.siteUnlinked, .deviceUnlinked, old, how) }
    if let customer = link.customerID, customer != old { note(.siteLinked, .deviceLinked, customer, how) }
    guard link.origin == .ambiguous else { return }
    let words = "several customers have the reference or address of this \(link.kind.rawValue), so it joined none"
    // Who the others are is not for each of them to know.
    note(
      .siteLinkAmbiguous, .deviceLinkAmbiguous, nil,
      ["message": .text(words), "candidates": .array(link.candidates.map { .text($0) })])
    for candidate in link.candidates {
      events.record(
        site == nil ? .deviceLinkAmbiguous : .siteLinkAmbiguous, customer: candidate, data: ["message": .text(words)])
    }
  }

  /// Reads what is kept, links what now fits, and puts it into force.
  func settle() async throws(APIError) {
    try await stored { () async throws(GatewayStoreError) in
      try await book.load()
      guard let file = current?.file else { return }
      let decisions = book.now.decisions(in: book.applied(to: file), at: time.wall())
      if !decisions.isEmpty {
        try await store.save(links: decisions)
        try await book.load()
      }
      for link in decisions { tell(link) }
      try await putIntoForce()
    }
  }

  /// The same at start and after a reload, where nobody waits for an answer.
  func settleRecords() async {
    await turnstile.enter()
    do { try await settle() } catch { events.record(.recordsUnsettled, data: ["message": .text("\(error)")]) }
    await turnstile.leave()
  }

  private func putIntoForce() async throws(GatewayStoreError) {
    guard let running = current else { return }
    var next = running
    next.configuration = book.applied(to: running.file)
    let configuration = next.configuration
    running.pipeline.reassign(configuration.devices.map { ($0.siteID, $0.customerID) })
    directory.replace(configuration)
    grid.replace(next)
    replace(running, with: next)
    // Interlocks of a site hold for whoever stands there.
    let interlocks = Dictionary(configuration.devices.map { ($0.id, $0.interlocks) }) { first, _ in first }
    await dispatcher.restrict(interlocks)
    try await store.setOwners(
      ofSites: configuration.sites.map { ($0.id, $0.customerID) },
      ofDevices: configuration.devices.map { ($0.id, $0.siteID, $0.customerID) })
  }

  // MARK: Refusals

  /// The configuration file always wins, so what it says cannot be changed over the API.
  static func checkOwned(_ source: StoredSource, _ what: String, _ id: String) throws(APIError) {
    guard source == .configuration else { return }
    throw APIError(
      status: 409, code: "CONFIGURED", message: "\(what) \(id) is defined in the configuration file",
      hint: "change it there and reload the gateway")
  }

  static func configured(_ field: String, _ what: String, _ id: String) -> APIError {
    APIError(
      status: 409, code: "CONFIGURED", message: "the configuration file says the \(field) of \(what) \(id)",
      hint: "change it there and reload the gateway",
      errors: [.init(pointer: "/\(field)", code: "CONFIGURED", detail: "the configuration file says it")])
  }

  static func changedMeanwhile(_ what: String, _ id: String) -> APIError {
    APIError(
      status: 412, code: "CHANGED_MEANWHILE", message: "\(what) \(id) was changed since it was read",
      hint: "read it again and repeat the change on what is there now")
  }
}
