extension Operation {
  static let listSites = Operation(
    "listSites", "Sites", tag: "sites", parameters: [.query("customerId", .text)] + .siteFilters,
    answers: [.page("Site")])

  static let createSite = Operation(
    "createSite", "Make a site", tag: "sites", body: .ref("SiteDraft"), answers: [.madeRecord(.ref("Site"))])

  static let getSite = Operation(
    "getSite", "One site", tag: "sites",
    parameters: [
      .query(
        "include", .text, "devices, balance, or both with a comma; they need devices:read and metrics:read.")
    ], answers: [.record(.ref("Site"))])

  static let updateSite = Operation(
    "updateSite", "Change a site; null clears a member, and a cleared customer stays cleared", tag: "sites",
    parameters: .ifMatch, body: .ref("SitePatch"), answers: [.record(.ref("Site"))])

  static let deleteSite = Operation(
    "deleteSite", "Delete a site; its energy stays under the id", tag: "sites", parameters: .ifMatch,
    answers: [.deleted])

  static let listSiteDevices = Operation(
    "listSiteDevices", "Devices of a site", tag: "sites",
    parameters: [.query("tag", .text)] + .deviceFilters, answers: [.devices])
}

extension [Operation.Parameter] {
  /// Of lists of sites.
  static let siteFilters: Self =
    [.query("referenceId", .text), .query("externalId", .text), .query("external_id", .text)] + cursorPaging
}
