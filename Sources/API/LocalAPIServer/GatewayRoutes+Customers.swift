import EnergyModel
import Foundation
import HTTPTypes
import Hummingbird
import LocalAPISchema
import TimeSource

extension GatewayRoutes {
  /// The longest name of a customer or site.
  static let maxNameLength = 200
  private static let customerFields = ["name", "referenceId", "email"]
  private static let siteFields = ["name", "customerId", "timezone", "address"]

  var customerRoutes: [Route] {
    [
      route(.get, "/v1/customers", .scope(.customersRead), .listCustomers) { request in
        let query = request.query
        let (page, slice) = try query.slice()
        let list = try await service.customers(
          CustomerQuery(id: request.caller.customerId, referenceId: query.text("referenceId"), slice: slice))
        return try JSONText.response(Page(list, page: page, perPage: slice.limit))
      },
      route(.post, "/v1/customers", .unrestricted(.customersWrite), .createCustomer) { request in
        let object = try await RequestBodyReader.object(request.request)
        let customer = try await service.createCustomer(try Self.customerDraft(object))
        return try JSONText.response(
          customer, status: .created, headers: [.location: "/v1/customers/\(customer.id)"])
      },
      route(.get, "/v1/customers/{id}", .scope(.customersRead), .getCustomer) { request in
        try JSONText.response(try await customer(request))
      },
      route(.patch, "/v1/customers/{id}", .unrestricted(.customersWrite), .updateCustomer) { request in
        let customer = try await customer(request)
        let changes = try await RequestBodyReader.object(request.request)
        let draft = try Self.customerDraft(try Self.merge(changes, into: customer.draft))
        return try JSONText.response(try await service.updateCustomer(customer.id, draft))
      },
      route(.delete, "/v1/customers/{id}", .unrestricted(.customersWrite), .deleteCustomer) { request in
        try await service.deleteCustomer(request.parameter("id"))
        return Response(status: .noContent)
      },
      route(.get, "/v1/customers/{id}/devices", .scope(.devicesRead), .listCustomerDevices) { request in
        let query = request.query
        return try await listDevices(request, query, customerId: try await customer(request).id)
      },
      route(.get, "/v1/customers/{id}/sites", .scope(.customersRead), .listCustomerSites) { request in
        let query = request.query
        return try await listSites(query, customerId: try await customer(request).id)
      },
      route(.get, "/v1/customers/{id}/usage", .scope(.metricsRead), .getCustomerUsage) { request in
        let customer = try await customer(request)
        return try await usage(request, .customer(customer.id), timezone: try await zone(ofCustomer: customer.id))
      },
    ]
  }

  private func customer(_ request: APIRequest) async throws -> CustomerResource {
    let id = request.parameter("id")
    guard request.caller.sees(customer: id) else { throw APIError.notFound("customer", id) }
    return try await service.customer(id)
  }

  // MARK: Sites

  var siteRoutes: [Route] {
    [
      route(.get, "/v1/sites", .scope(.customersRead), .listSites) { request in
        let query = request.query
        let asked = query.text("customerId")
        if let asked, !request.caller.sees(customer: asked) { throw APIError.notFound("customer", asked) }
        return try await listSites(query, customerId: asked ?? request.caller.customerId)
      },
      route(.post, "/v1/sites", .unrestricted(.customersWrite), .createSite) { request in
        let object = try await RequestBodyReader.object(request.request)
        let site = try await service.createSite(try await siteDraft(object))
        return try JSONText.response(site, status: .created, headers: [.location: "/v1/sites/\(site.id)"])
      },
      route(.get, "/v1/sites/{id}", .scope(.customersRead), .getSite) { request in
        try JSONText.response(try await site(request))
      },
      route(.patch, "/v1/sites/{id}", .unrestricted(.customersWrite), .updateSite) { request in
        let site = try await site(request)
        let changes = try await RequestBodyReader.object(request.request)
        let draft = try await siteDraft(try Self.merge(changes, into: site.draft))
        return try JSONText.response(try await service.updateSite(site.id, draft))
      },
      route(.delete, "/v1/sites/{id}", .unrestricted(.customersWrite), .deleteSite) { request in
        try await service.deleteSite(request.parameter("id"))
        return Response(status: .noContent)
      },
      route(.get, "/v1/sites/{id}/devices", .scope(.devicesRead), .listSiteDevices) { request in
        let query = request.query
        return try await listDevices(request, query, siteId: try await site(request).id)
      },
      route(.get, "/v1/sites/{id}/usage", .scope(.metricsRead), .getSiteUsage) { request in
        let site = try await site(request)
        return try await usage(request, .site(site.id), timezone: site.timezone)
      },
    ]
  }

  private func site(_ request: APIRequest) async throws -> SiteResource {
    let id = request.parameter("id")
    let site = try await service.site(id)
    guard request.caller.sees(customer: site.customerId) else { throw APIError.notFound("site", id) }
    return site
  }

  private func listSites(_ query: QueryReader, customerId: String?) async throws -> Response {
    let (page, slice) = try query.slice()
    let list = try await service.sites(SiteQuery(customerId: customerId, slice: slice))
    return try JSONText.response(Page(list, page: page, perPage: slice.limit))
  }

  // MARK: Bodies

  /// The present values with the changes over them; `null` clears a member.
  private static func merge(_ changes: [String: JSONValue], into draft: some Encodable) throws -> [String: JSONValue] {
    let present = try JSONDecoder().decode([String: JSONValue].self, from: JSONEncoder().encode(draft))
    return present.merging(changes) { $1 }
  }

  private static func customerDraft(_ object: [String: JSONValue]) throws -> CustomerDraft {
    let draft = try RequestBodyReader.decode(CustomerDraft.self, from: object, fields: customerFields)
    try checkName(draft.name)
    return draft
  }

  private func siteDraft(_ object: [String: JSONValue]) async throws -> SiteDraft {
    let object = object.merging(["timezone": .text("UTC")]) { given, _ in given }
    let draft = try RequestBodyReader.decode(SiteDraft.self, from: object, fields: Self.siteFields)
    try Self.checkName(draft.name)
    guard UsageCalendar(timezone: draft.timezone) != nil else {
      throw APIError.invalid(
        "/timezone", "there is no time zone '\(draft.timezone)'", hint: "an IANA name such as Europe/Berlin")
    }
    if let id = draft.customerId, (try? await service.customer(id)) == nil {
      throw APIError.invalid("/customerId", "there is no customer '\(id)'")
    }
    return draft
  }

  static func checkName(_ name: String) throws {
    let length = name.trimmingCharacters(in: .whitespaces).count
    guard (1...maxNameLength).contains(length) else {
      throw APIError.invalid("/name", "a name has 1 to \(maxNameLength) characters", code: "OUT_OF_RANGE")
    }
  }

  // MARK: Usage

  private func usage(
    _ request: APIRequest, _ subject: UsageRequest.Subject, timezone standard: String?
  ) async throws -> Response {
    let query = request.query
    let calendar = try calendar(query.text("timezone") ?? standard ?? "UTC")
    let (interval, step) = try period(query, calendar, range: "today", by: .none)
    let buckets = try calendar.buckets(of: interval, by: step)
    let metrics = try await service.usage(UsageRequest(subject: subject, interval: interval, buckets: buckets))
    var report = UsageReport(
      from: interval.start, to: interval.end, timezone: calendar.identifier, by: step.rawValue, metrics: metrics)
    switch subject {
    case .customer(let id): report.customerId = id
    case .site(let id): report.siteId = id
    }
    return try JSONText.response(report)
  }
}
