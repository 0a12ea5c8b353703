import EnergyModel
import Foundation
import GatewayStore
import LocalAPISchema
import LocatedYAML
import Testing

@testable import Gateway

@Suite("Links and devices beside the file")
struct AdditionTests {
  private func record(_ kind: AdditionRecord.Kind, _ id: String, _ entry: String) -> AdditionRecord {
    AdditionRecord(kind: kind, id: id, entry: entry, createdAt: .init(milliseconds: 0))
  }

  private let file = """
    links: [{id: bus, modbus: {tcp: "10.0.0.1:502"}}]
    devices: [{id: a, profile: test-meter, link: bus}]
    """

  @Test("Laying them over a file twice is the same as once, and the file wins")
  func idempotent() throws {
    let bench = try ConfigurationTests.Bench()
    let file = try #require(bench.read(file).configuration)
    let additions = Additions([
      record(.link, "bus", #"{"id":"bus","modbus":{"tcp":"10.9.9.9:502"}}"#),
      record(.link, "more", #"{"id":"more","modbus":{"tcp":"10.0.0.2:502"}}"#),
      record(.device, "b", #"{"id":"b","profile":"test-meter","link":"more","parameters":{"unit":2}}"#),
      record(.device, "c", #"{"id":"c","profile":"test-meter","link":"bus"}"#),
      record(.device, "d", #"{"id":"d","profile":"gone","link":"bus"}"#),
    ])
    let (once, problems) = additions.applied(to: file, reader: bench.reader)
    #expect(once.links.map(\.id) == ["bus", "more"] && once.devices.map(\.id) == ["a", "b"])
    #expect(once.links[0].address == "tcp 10.0.0.1:502")
    #expect(problems.map(\.id) == ["bus", "c", "d"])
    #expect(problems[0].message.contains("heddle.yaml:1") && problems[1].message.contains("same device as a"))
    let (twice, again) = additions.applied(to: once, reader: bench.reader)
    #expect(twice.devices.map(\.endpointName) == once.devices.map(\.endpointName) && twice.links == once.links)
    #expect(again == problems)
    let (without, _) = Additions().applied(to: twice, reader: bench.reader)
    #expect(without.devices.map(\.id) == ["a"] && without.links.map(\.id) == ["bus"])
  }

  @Test("Text of any kind keeps its meaning and its place")
  func places() throws {
    let odd = "a\u{2028}b\u{85}\u{1F600}\"\\\n\t/~\u{7F}"
    let fragment = ConfigurationFragment(
      .object(["id": .text(odd), "list": .array([.number(1), .object([odd: .flag(true)])])]), subject: "the thing")
    let root = try #require(fragment.root)
    #expect(root["id"]?.scalarText == odd)
    let inner = try #require(root["list"]?.elements.last?[odd])
    #expect(inner.flag == true)
    inner.report(15, "too much")
    let error = #expect(throws: APIError.self) { try fragment.check() }
    let name = odd.replacing("~", with: "~0").replacing("/", with: "~1")
    #expect(error?.errors.map(\.pointer) == ["/list/1/\(name)"] && error?.code == "OUT_OF_RANGE")
  }

  @Test("A secret leaves the entry under a name, and nothing that looks like a name is one")
  func secrets() throws {
    let broker: [String: JSONValue] = ["password": .text("${credential:of-the-file}"), "user": .text("u")]
    var entry = JSONValue.object(["mqtt": .object(broker)])
    var secrets: [String: Secret] = [:]
    try AdditionSecrets.take(["mqtt", "password"], outOf: &entry, owner: "link.x", into: &secrets)
    #expect(entry["mqtt"]?["password"] == .text("${credential:link.x.password}"))
    #expect(secrets["link.x.password"]?.value == "${credential:of-the-file}")
    var wrong = JSONValue.object(["mqtt": .object(["password": .array([])])])
    let error = #expect(throws: APIError.self) {
      try AdditionSecrets.take(["mqtt", "password"], outOf: &wrong, owner: "link.x", into: &secrets)
    }
    #expect(error?.errors.first?.pointer == "/mqtt/password")
  }

  @Test("What is shown of a link says the same link again")
  func settings() throws {
    let bench = try ConfigurationTests.Bench()
    for text in [
      "modbus: {rtuOverTcp: 'h:8080'}", "modbus: {serial: /dev/null, baud: 19200, parity: even, stopBits: 2}",
      "mqtt: {broker: '[::1]:1884', version: '5', user: u, clientId: c, keepAlive: 45 s, tls: true}",
      "http: {url: 'https://h', fingerprint: \(String(repeating: "ab", count: 32))}",
    ] {
      let link = try #require(bench.read("links: [{id: x, \(text)}]").configuration?.links.first)
      var entry = JSONValue.object(link.settings)
      entry["id"] = .text("x")
      #expect(try LocalGateway.link(entry, reader: bench.reader) == link, "\(text)")
    }
  }
}
