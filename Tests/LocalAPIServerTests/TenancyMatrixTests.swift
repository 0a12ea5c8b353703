import EnergyModel
import Foundation
import HTTPTypes
import LocalAPISchema
import LocalAPITestSupport
import Testing
import TestSupport
import TimeSource

@testable import LocalAPIServer

/// Every route × ids of two customers × every scope: what belongs to another customer makes no difference.
@Suite("What another customer has") struct TenancyMatrixTests {
  private static let routes = GatewayRoutes(
    service: InMemoryGateway(), hub: StreamHub(), time: .system, random: .system, version: "1", listeners: Listeners()
  ).all

  /// Answers that have no end, or tell of the server itself.
  private static let exceptions: Set<String> = ["GET /v1/stream", "GET /openapi.json"]

  /// Ids that can stand in a path, by what they are: the own one, the other customer's, and one of nobody.
  private static func ids(_ path: String) -> [String] {
    if path.contains("/customers/") { return ["demo", "other", "nobody"] }
    if path.contains("/sites/") { return ["home", "hut", "nowhere"] }
    if path.contains("/devices/") { return ["battery-1", "thermostat-1", "nothing"] }
    return ["cmd_1", "cmd_2", "alt_1", "alt_2", "none"]
  }

  /// A gateway with the own customer's things, with or without those of another one.
  private func gateway(withOther: Bool) async -> InMemoryGateway {
    let gateway = InMemoryGateway()
    await gateway.add(InMemoryGateway.event(1))
    if withOther {
      await gateway.add(InMemoryGateway.event(2, device: "thermostat-1", customer: "other"))
      await gateway.fillOther()
    } else {
      await gateway.removeOther()
    }
    return gateway
  }

  /// An answer without what differs from request to request.
  private func essence(_ reply: RunningGateway.Reply, keys: [String]) -> String {
    var json = reply.json
    if case .object(var members) = json {
      members["requestId"] = nil
      json = .object(members)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let body = (try? encoder.encode(json)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    let text = "\(reply.status) \(body) \(reply.headers["etag"] ?? "") \(reply.headers["location"] ?? "")"
    return keys.reduce(text) { $0.replacing($1.dropFirst("hdl_".count).prefix(8), with: "KEY") }
  }

  @Test("No answer to a key of one customer changes with what another one has, in status, body, count or paging")
  func matrix() async throws {
    // A clock that stands still: both are asked at the same time.
    let time = TestClock().source
    try await RunningGateway.with(gateway(withOther: false), time: time) { alone in
      try await RunningGateway.with(gateway(withOther: true), time: time) { shared in
        var requests = 0
        var ownKeys: [String] = []
        var besideKeys: [String] = []
        for scope in APIScope.allCases {
          let own = try await alone.key(scope.rawValue, customer: "demo")
          let beside = try await shared.key(scope.rawValue, customer: "demo")
          ownKeys.append(own)
          besideKeys.append(beside)
          for route in Self.routes where !Self.exceptions.contains("\(route.method.rawValue) \(route.path)") {
            for target in targets(of: route) {
              let first = try await alone.send(route.method.rawValue, target, key: own, body: body(of: route))
              let second = try await shared.send(route.method.rawValue, target, key: beside, body: body(of: route))
              requests += 1
              let words = "\(scope.rawValue): \(route.method.rawValue) \(target)"
              let answer = essence(second, keys: besideKeys)
              #expect(essence(first, keys: ownKeys) == answer, "\(words)")
              for trace in ["hut", "Hall", "o@example.org", "Other home"] where !target.contains(trace) {
                #expect(!answer.contains(trace), "\(words) has \(trace)")
              }
            }
          }
        }
        #expect(requests > 7 * Self.routes.count)
        // Nothing was written to the other one either.
        let other = try await shared.get("/v1/customers/other")
        #expect(other["name"] == .text("Other home"))
        #expect(try await shared.get("/v1/devices/thermostat-1")["customerId"] == .text("other"))
        #expect(try await shared.get("/v1/sites/hut").status == 200)
        #expect(await shared.gateway.calls.allSatisfy { $0.deviceId != "thermostat-1" })
        await shared.stop()
        await alone.stop()
      }
    }
  }

  private func body(of route: Route) -> String? {
    guard route.operation.body != nil else { return nil }
    return route.path.hasSuffix("/commands") ? #"{"command":"auto"}"# : #"{"name":"Taken"}"#
  }

  /// The route's path with ids of both, plain and with a small page and the filters that name others.
  private func targets(of route: Route) -> [String] {
    let paths =
      route.parameterNames.isEmpty
      ? [route.path]
      : Self.ids(route.path).map { id in
        route.path.split(separator: "/").map { $0.hasPrefix("{") ? "/" + id : "/" + $0 }.joined()
      }
    guard route.method == .get else { return paths }
    let names = route.operation.queryNames
    let queries = [
      names.contains("perPage") ? "perPage=1" : nil, names.contains("customerId") ? "customerId=other" : nil,
      names.contains("siteId") ? "siteId=hut" : nil, names.contains("q") ? "q=other" : nil,
      names.contains("deviceId") ? "deviceId=thermostat-1" : nil,
    ].compactMap(\.self)
    return paths + paths.flatMap { path in queries.map { "\(path)?\($0)" } }
  }
}
