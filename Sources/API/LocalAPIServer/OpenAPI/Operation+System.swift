extension Operation {
  static let getHealth = Operation(
    "getHealth", "Whether the process is alive", tag: "system", answers: [.ok(.ref("Health"))])

  static let getReadiness = Operation(
    "getReadiness", "Whether store and adapters work", tag: "system",
    answers: [.ok(.ref("Readiness")), .init(503, "Not yet", .ref("Readiness"))])

  static let getVersion = Operation(
    "getVersion", "The version of program and API", tag: "system", answers: [.ok(.ref("Version"))])

  static let getOpenAPI = Operation(
    "getOpenAPI", "This document", tag: "system", answers: [.ok(.object)])

  static let getMetrics = Operation(
    "getMetrics", "Prometheus metrics", tag: "system", answers: [.init(200, "OK", .text, type: "text/plain")])

  static let getStatus = Operation(
    "getStatus", "Links, devices, store, drops", tag: "system", answers: [.ok(.ref("Status"))])
}
