import DeviceProfiles
import EnergyModel
import Foundation
import LocalAPISchema
import LocalAPIServer
import Testing

@testable import Gateway

@Suite("Forms of pairing sessions")
struct PairingFormTests {
  @Test("What is filled in becomes what a configuration file says")
  func values() throws {
    let bench = try ConfigurationTests.Bench()
    let meter = PairingForm(profile: try #require(bench.reader.profiles.profile("test-meter")))
    #expect(meter.fields.map(\.name) == ["link.kind", "link.address", "parameter.unit", "role", "name"])
    #expect(meter.fields.first { $0.name == "parameter.unit" }?.value == "1")
    #expect(meter.link(["link.address": "h:1"]) == ["modbus": .object(["tcp": .text("h:1")])])
    #expect(meter.parameters(["parameter.unit": "3", "parameter.other": "x"]) == ["unit": .number(3)])
    #expect(meter.parameters(["parameter.unit": "nan"]) == ["unit": .text("nan")])
    #expect(meter.field(of: "/parameters/unit") == "parameter.unit")
    #expect(meter.field(of: "/link/modbus/tcp") == "link.address" && meter.field(of: "") == "")
    let plug = PairingForm(profile: try #require(bench.reader.profiles.profile("test-plug")))
    let link = plug.link(["link.address": "h", "link.user": "", "link.password": "s"])
    #expect(link == ["mqtt": .object(["broker": .text("h"), "password": .text("s")])])
    #expect(plug.fields.first { $0.name == "link.password" }?.kind == .secret)
  }

  @Test("A session lives for its time, and forgets what was filled in when it ends")
  func life() throws {
    let now = Timestamp(milliseconds: 1_777_629_600_000)
    var session = ConnectionSession(
      id: "con_1", token: "secret-token", draft: ConnectionDraft(redirectUrl: "https://h"), at: now)
    session.details.values = ["link.address": "h"]
    #expect(session.resource.expiresAt == now.advanced(byMilliseconds: ConnectionSession.lifeMilliseconds))
    #expect(session.resource.referenceId == "heddle-generated:con_1")
    let again = try ConnectionSession(session.kept)
    #expect(again.details.values == ["link.address": "h"] && again.resource == session.resource)
    #expect(!"\(session.kept)".contains("secret-token"))
    session.end(.expired, at: now)
    #expect(session.resource.status == .expired && session.details.values.isEmpty)
  }
}
