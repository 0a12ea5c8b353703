import EnergyModel
import Foundation
import HTTPTypes
import LocalAPISchema
import LocalAPITestSupport
import Testing
import TimeSource

@testable import LocalAPIServer

@Suite struct OpenAPITests {
  private var routes: [Route] {
    GatewayRoutes(
      service: InMemoryGateway(), hub: StreamHub(), time: .system, random: .system, version: "1",
      listeners: Listeners()
    ).all
  }

  private func document() throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(OpenAPIDocument(routes: routes).text.utf8)) as? [String: Any])
  }

  @Test("Every route is an operation of the document with an id of its own, and nothing else is")
  func operations() throws {
    let paths = try #require(try document()["paths"] as? [String: [String: [String: Any]]])
    let documented = Set(paths.flatMap { path, operations in operations.keys.map { "\($0.uppercased()) \(path)" } })
    let real = Set(routes.map { "\($0.method.rawValue) \($0.path)" })
    #expect(documented.symmetricDifference(real).sorted() == [])
    #expect(routes.count == real.count, "no route is there twice")
    #expect(Set(routes.map(\.operation.id)).count == routes.count)
  }

  @Test("Open routes ask for no key")
  func openRoutes() throws {
    let paths = try #require(try document()["paths"] as? [String: [String: [String: Any]]])
    for route in routes {
      let operation = try #require(paths[route.path]?[route.method.rawValue.lowercased()])
      #expect((operation["security"] != nil) == (route.access == .open), "\(route.operation.id)")
    }
  }

  @Test("Every operation that needs a key tells of the rate limit")
  func rateLimit() throws {
    let paths = try #require(try document()["paths"] as? [String: [String: [String: Any]]])
    for route in routes {
      let operation = try #require(paths[route.path]?[route.method.rawValue.lowercased()])
      let answers = try #require(operation["responses"] as? [String: Any])
      if route.access != .open { #expect(answers["429"] != nil, "\(route.operation.id)") }
    }
  }

  @Test("The document knows every type of device")
  func deviceTypes() throws {
    let components = try #require(try document()["components"] as? [String: Any])
    let schemas = try #require(components["schemas"] as? [String: [String: Any]])
    #expect(schemas["DeviceType"]?["enum"] as? [String] == DeviceKind.allCases.map(\.rawValue))
  }

  @Test("All references of the document lead somewhere")
  func references() throws {
    let document = try document()
    var missing: [String] = []
    func visit(_ value: Any) {
      if let object = value as? [String: Any] {
        if let reference = object["$ref"] as? String {
          var target: Any? = document
          for name in reference.dropFirst(2).split(separator: "/") {
            target = (target as? [String: Any])?[String(name)]
          }
          if target == nil { missing.append(reference) }
        }
        object.values.forEach(visit)
      } else if let array = value as? [Any] {
        array.forEach(visit)
      }
    }
    visit(document)
    #expect(missing == [])
  }
}
