public import EnergyModel
import GRDB

/// Whose a site or device is where the configuration does not say it.
public struct CustomerLinkRecord: Sendable, Hashable {
  /// What belongs to a customer.
  public enum Kind: String, CaseIterable, Sendable { case site, device }

  /// Who decided.
  public enum Origin: String, CaseIterable, Sendable {
    /// Somebody, also that it belongs to nobody.
    case manual
    /// The same reference or address.
    case automatic
    /// Nobody could: several customers fit.
    case ambiguous
  }

  /// What it is.
  public var kind: Kind
  /// Id of the site or device.
  public var id: String
  /// Whose it is; `nil` = nobody's.
  public var customerID: String?
  /// Who decided.
  public var origin: Origin
  /// The customers that fit, where several do.
  public var candidates: [String]
  /// Since when.
  public var at: Timestamp

  /// All members, those that can be absent with a default.
  public init(
    kind: Kind, id: String, customerID: String?, origin: Origin, candidates: [String] = [], at: Timestamp
  ) {
    self.kind = kind
    self.id = id
    self.customerID = customerID
    self.origin = origin
    self.candidates = candidates
    self.at = at
  }
}

/// What the API changed of a device that the configuration leaves open.
public struct DeviceChangeRecord: Sendable, Hashable {
  /// The device.
  public var deviceID: String
  /// The name for people.
  public var name: String?
  /// The id in the operator's own system.
  public var referenceID: String?
  /// Where it stands.
  public var siteID: String?
  /// When it last changed.
  public var at: Timestamp

  /// All members, those that can be absent with a default.
  public init(
    deviceID: String, name: String? = nil, referenceID: String? = nil, siteID: String? = nil, at: Timestamp
  ) {
    self.deviceID = deviceID
    self.name = name
    self.referenceID = referenceID
    self.siteID = siteID
    self.at = at
  }
}

extension GatewayStore {
  /// All links of sites and devices to customers.
  public func customerLinks() async throws(GatewayStoreError) -> [CustomerLinkRecord] {
    try await perform("read links to customers") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM customer_links ORDER BY kind, thing_id").map { row in
        CustomerLinkRecord(
          kind: try row.word(CustomerLinkRecord.Kind.self, "kind"), id: try row.decode(forColumn: "thing_id"),
          customerID: try row.decode(forColumn: "customer_id"),
          origin: try row.word(CustomerLinkRecord.Origin.self, "origin"),
          candidates: try JSONText.decode([String].self, try row.decode(forColumn: "candidates")),
          at: try row.time("at"))
      }
    }
  }

  /// What the API changed of devices.
  public func deviceChanges() async throws(GatewayStoreError) -> [DeviceChangeRecord] {
    try await perform("read changes of devices") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM device_changes ORDER BY device_id").map { row in
        DeviceChangeRecord(
          deviceID: try row.decode(forColumn: "device_id"), name: try row.decode(forColumn: "name"),
          referenceID: try row.decode(forColumn: "reference_id"), siteID: try row.decode(forColumn: "site_id"),
          at: try row.time("at"))
      }
    }
  }

  /// Keeps links and a change of a device, in one transaction; durable when it returns.
  public func save(
    links: [CustomerLinkRecord], change: DeviceChangeRecord? = nil
  ) async throws(GatewayStoreError) {
    var records = links.map { AuditedRecord($0.kind == .site ? .site : .device, $0.id) }
    if let id = change?.deviceID, !records.contains(AuditedRecord(.device, id)) {
      records.append(AuditedRecord(.device, id))
    }
    try await write("save links to customers", of: records) { db in
      for link in links {
        try db.execute(
          sql: """
            INSERT OR REPLACE INTO customer_links(kind, thing_id, customer_id, origin, candidates, at)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            link.kind.rawValue, link.id, link.customerID, link.origin.rawValue,
            try JSONText.encode(link.candidates), link.at.milliseconds,
          ])
      }
      if let change {
        try db.execute(
          sql: """
            INSERT OR REPLACE INTO device_changes(device_id, name, reference_id, site_id, at) VALUES (?, ?, ?, ?, ?)
            """,
          arguments: [change.deviceID, change.name, change.referenceID, change.siteID, change.at.milliseconds])
      }
    }
  }

  /// Writes whose sites and devices are into their records, for readers of the tables.
  public func setOwners(
    ofSites sites: [(id: String, customerID: String?)],
    ofDevices devices: [(id: String, siteID: String?, customerID: String?)]
  ) async throws(GatewayStoreError) {
    try await write("save the customers of sites and devices") { db in
      for site in sites {
        try db.execute(
          sql: "UPDATE sites SET customer_id = ?1 WHERE id = ?2 AND customer_id IS NOT ?1",
          arguments: [site.customerID, site.id])
      }
      for device in devices {
        try db.execute(
          sql: """
            UPDATE devices SET site_id = ?1, customer_id = ?2
            WHERE id = ?3 AND (site_id IS NOT ?1 OR customer_id IS NOT ?2)
            """, arguments: [device.siteID, device.customerID, device.id])
      }
    }
  }
}
