import Foundation
import Testing

/// Webhooks of the real daemon, received and checked by a program that shares no line with it.
@Suite(
  "Webhooks from outside", .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(if: Programs.system("python3") != nil && Programs.system("curl") != nil, "needs python3 and curl"))
struct WebhookTests {
  @Test("Events arrive with signatures that Python's HMAC confirms, also after a crash, a replay and a new secret")
  func events() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    let secrets = try gateway.write("secrets", "")
    let (receiver, port) = try await gateway.script(
      try Programs.required("python3"), "webhook_receiver.py", [secrets])
    try gateway.configure("webhooks: {allow: [127.0.0.1]}\nlinks: []\n")
    try await gateway.start()
    func got(_ text: String) async -> Bool { await eventually(within: 15) { receiver.said.contains(text) } }
    func ids(_ type: String) -> [String] {
      receiver.said.split(separator: "\n").filter { $0.hasPrefix("got \(type) ") }
        .map { String($0.split(separator: " ")[2]) }
    }

    let elsewhere = try await gateway.cli("webhook", "create", "http://localhost:\(port)/")
    #expect(elsewhere.status == 1)
    #expect(elsewhere.errors.contains("webhooks.allow"), "\(elsewhere.errors)")
    let made = try await gateway.json("webhook", "create", "http://127.0.0.1:\(port)/in", "--event", "customer.*")
    let id = try #require(made["id"] as? String)
    let first = try #require(made["secret"] as? String)
    try gateway.write("secrets", first)
    let test = try await gateway.cli("webhook", "test", id)
    #expect(test.status == 0, "\(test.output)\(test.errors)")

    #expect(try await gateway.api("POST", "/v1/customers", #"{"name":"Ada"}"#).status == 201)
    #expect(await got("got customer.created"))
    #expect(try await gateway.api("POST", "/v1/sites", #"{"name":"Hut"}"#).status == 201)
    try await gateway.crash()
    try await gateway.start()
    let customers = try await gateway.api("GET", "/v1/customers").data
    let customer = try #require(customers.first?["id"] as? String)
    #expect(try await gateway.api("PATCH", "/v1/customers/\(customer)", #"{"phone":"1"}"#).status == 200)
    #expect(await got("got customer.updated"))
    #expect(ids("customer.created").count == 1, "\(receiver.said)")
    #expect(!receiver.said.contains("site.created"))

    let rotated = try await gateway.json("webhook", "rotate", id)
    let second = try #require(rotated["secret"] as? String)
    try gateway.write("secrets", "\(first) \(second)")
    #expect(try await gateway.cli("webhook", "replay", id, "--since", "1h").output == "2 events are sent again\n")
    #expect(await eventually(within: 15) { ids("customer.created").count == 2 && ids("customer.updated").count == 2 })
    #expect(Set(ids("customer.created")).count == 1, "the same event has the same id: \(receiver.said)")
    #expect(receiver.said.contains("valid 2 of 2 fresh True"), "\(receiver.said)")
    #expect(!receiver.said.contains("valid 0"), "\(receiver.said)")

    let list = try await gateway.json("webhook", "deliveries", id)
    #expect(list["totalItems"] as? Int == 3)
    let listed = try await gateway.cli("webhook", "list")
    #expect(listed.output.contains(id) && !listed.output.contains(second))
    #expect(!gateway.log.contains(second) && !gateway.log.contains(first))
    #expect(try await gateway.cli("webhook", "delete", id).status == 0)
    #expect(try await gateway.cli("webhook", "list").output.contains("no webhooks"))
  }
}
