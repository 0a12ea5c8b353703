extension Operation {
  static let listSites = Operation(
    "listSites", "Sites", tag: "sites", parameters: [.query("customerId", .text)] + .paging, answers: [.page("Site")])

  static let createSite = Operation(
    "createSite", "Make a site", tag: "sites", body: .ref("SiteDraft"), answers: [.made(.ref("Site"))])

  static let getSite = Operation(
    "getSite", "One site", tag: "sites", answers: [.ok(.ref("Site"))])

  static let updateSite = Operation(
    "updateSite", "Change a site; null clears a member", tag: "sites", body: .ref("SitePatch"),
    answers: [.ok(.ref("Site"))])

  static let deleteSite = Operation(
    "deleteSite", "Delete a site", tag: "sites", answers: [.deleted])

  static let listSiteDevices = Operation(
    "listSiteDevices", "Devices of a site", tag: "sites",
    parameters: [
      .query("type", .ref("DeviceType")), .query("tag", .text), .query("status", .ref("ConnectivityState")),
    ] + .paging,
    answers: [.page("Device")])
}
