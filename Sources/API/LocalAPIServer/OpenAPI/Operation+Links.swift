extension Operation {
  static let listLinks = Operation(
    "listLinks", "Links: Modbus buses, broker sessions and HTTP hosts", tag: "links", parameters: .cursorPaging,
    answers: [.page("Link")])

  static let createLink = Operation(
    "createLink", "Make a link and connect", tag: "links", body: .ref("LinkDraft"),
    answers: [.madeRecord(.ref("Link"))])

  static let getLink = Operation("getLink", "One link with its health", tag: "links", answers: [.record(.ref("Link"))])

  static let updateLink = Operation(
    "updateLink", "Change a link of the API; its devices are reached anew", tag: "links", parameters: .ifMatch,
    body: .ref("LinkPatch"), answers: [.record(.ref("Link"))])

  static let deleteLink = Operation(
    "deleteLink", "Delete a link of the API that has no devices", tag: "links", parameters: .ifMatch,
    answers: [.deleted])

  static let testNewLink = Operation(
    "testNewLink", "Read a device once, over a link that need not exist, and keep nothing", tag: "links",
    body: .ref("NewLinkTest"), answers: [.ok(.ref("LinkTest"))])

  static let testLink = Operation(
    "testLink", "Read a device once over a link, on a connection of its own, and keep nothing", tag: "links",
    body: .ref("LinkTestDraft"), answers: [.ok(.ref("LinkTest"))])

  static let createDevice = Operation(
    "createDevice", "Make a device and begin to read it", tag: "devices", body: .ref("DeviceDraft"),
    answers: [.madeRecord(.ref("Device"))])

  static let deleteDevice = Operation(
    "deleteDevice", "Give a device of the API back to itself and forget it; its energy stays under the id",
    tag: "devices", parameters: .ifMatch, answers: [.deleted])
}
