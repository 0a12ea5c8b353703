import EnergyModel
import Foundation
import HTTPTypes
import Hummingbird
import LocalAPISchema
import TimeSource

extension GatewayRoutes {
  var customerRoutes: [Route] {
    [
      route(.get, "/v1/customers", .scope(.customersRead), .listCustomers) { request in
        let query = request.query
        let (page, slice) = try query.cursorSlice()
        let list = try await service.customers(
          CustomerQuery(
            id: request.caller.customerId, referenceId: query.text(anyOf: "referenceId", "externalId", "external_id"),
            email: query.text("email"), text: query.text("q"), slice: slice))
        return try JSONText.response(Page(list, page: page, perPage: slice.limit))
      },
      route(.post, "/v1/customers", .unrestricted(.customersWrite), .createCustomer) { request in
        let object = try await RequestBodyReader.object(request.request)
        let customer = try await service.createCustomer(try RecordReader.customer(object))
        return try tagged(customer, customer.draft, status: .created, location: "/v1/customers/\(customer.id)")
      },
      route(.get, "/v1/customers/{id}", .scope(.customersRead), .getCustomer) { try await oneCustomer($0) },
      route(.patch, "/v1/customers/{id}", .unrestricted(.customersWrite), .updateCustomer) { request in
        let draft = try await customer(request).draft
        try EntityTag(draft).check(request.request)
        let changes = try await RequestBodyReader.object(request.request)
        let changed = try await service.updateCustomer(
          request.parameter("id"), from: draft, to: try RecordReader.customer(changes, over: draft))
        return try tagged(changed, changed.draft)
      },
      route(.delete, "/v1/customers/{id}", .unrestricted(.customersWrite), .deleteCustomer) { request in
        let mode = try request.query.word("mode", DeletionMode.self) ?? .anonymize
        try EntityTag(try await customer(request).draft).check(request.request)
        return try JSONText.response(try await service.deleteCustomer(request.parameter("id"), mode: mode))
      },
      route(.get, "/v1/customers/{id}/devices", .scope(.devicesRead), .listCustomerDevices) { request in
        let query = request.query
        return try await listDevices(request, query, customerId: try await customer(request).id)
      },
      route(.get, "/v1/customers/{id}/sites", .scope(.customersRead), .listCustomerSites) { request in
        let query = request.query
        return try await listSites(query, customerId: try await customer(request).id)
      },
      route(.get, "/v1/customers/{id}/activity", .scope(.customersRead), .getCustomerActivity) { request in
        try await activity(request, of: try await customer(request).id)
      },
      route(.get, "/v1/customers/{id}/usage", .scope(.metricsRead), .getCustomerUsage) { request in
        let customer = try await customer(request)
        return try await usage(request, .customer(customer.id), timezone: try await zone(ofCustomer: customer.id))
      },
    ]
  }

  /// What comes with a customer where it is asked for.
  enum CustomerPart: String, CaseIterable { case sites, devices }

  private func oneCustomer(_ request: APIRequest) async throws -> Response {
    var found = try await customer(request)
    let parts = try request.query.words("include", CustomerPart.self)
    if parts.contains(.sites) { found.sites = try await allSites(of: found.id) }
    if parts.contains(.devices) { found.devices = try await allDevices(request, customerId: found.id) }
    return try tagged(found, found.draft)
  }

  /// A customer that the caller may see; another one does not exist.
  func customer(_ request: APIRequest) async throws -> CustomerResource {
    let id = request.parameter("id")
    guard request.caller.sees(customer: id) else { throw APIError.notFound("customer", id) }
    return try await service.customer(id)
  }

  /// A record with its tag.
  func tagged(
    _ record: some Encodable, _ draft: some Encodable, status: HTTPResponse.Status = .ok, location: String? = nil
  ) throws -> Response {
    var headers: HTTPFields = [.eTag: try EntityTag(draft).text]
    headers[.location] = location
    return try JSONText.response(record, status: status, headers: headers)
  }

  private func allSites(of customerId: String) async throws -> [SiteResource] {
    try await service.sites(
      SiteQuery(customerId: customerId, slice: SliceRequest(offset: 0, limit: SliceRequest.maxPerPage))
    ).items
  }

  /// For a part of another resource: the key needs the right to see devices as well.
  private func allDevices(
    _ request: APIRequest, customerId: String? = nil, siteId: String? = nil
  ) async throws -> [DeviceResource] {
    try request.caller.need(.devicesRead)
    return try await service.devices(
      DeviceQuery(
        customerId: customerId ?? request.caller.customerId, siteId: siteId,
        slice: SliceRequest(offset: 0, limit: SliceRequest.maxPerPage))
    ).items
  }

  private func activity(_ request: APIRequest, of customerId: String) async throws -> Response {
    let query = request.query
    let limit = try query.integer("perPage", in: 1...SliceRequest.maxPerPage) ?? SliceRequest.defaultPerPage
    let before = try query.text("cursor").map { text throws(APIError) in
      guard let sequence = Int64(try PageCursor(text).key) else {
        throw .invalid("?cursor", "this is not a cursor of this list", code: "INVALID_CURSOR")
      }
      return sequence
    }
    // One more than wanted tells whether there is more.
    let events = try await service.activity(of: customerId, before: before, limit: limit + 1)
    let page = Array(events.prefix(limit))
    let next = events.count > limit ? page.last.map { PageCursor(key: String($0.sequence)).text } : nil
    return try JSONText.response(ActivityPage(data: page, nextCursor: next))
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
        let draft = try RecordReader.site(try await RequestBodyReader.object(request.request))
        try await checkCustomer(draft.customerId)
        let site = try await service.createSite(draft)
        return try tagged(site, site.draft, status: .created, location: "/v1/sites/\(site.id)")
      },
      route(.get, "/v1/sites/{id}", .scope(.customersRead), .getSite) { try await oneSite($0) },
      route(.patch, "/v1/sites/{id}", .unrestricted(.customersWrite), .updateSite) { request in
        let draft = try await site(request).draft
        try EntityTag(draft).check(request.request)
        let changed = try RecordReader.site(try await RequestBodyReader.object(request.request), over: draft)
        if changed.customerId != draft.customerId { try await checkCustomer(changed.customerId) }
        let site = try await service.updateSite(request.parameter("id"), from: draft, to: changed)
        return try tagged(site, site.draft)
      },
      route(.delete, "/v1/sites/{id}", .unrestricted(.customersWrite), .deleteSite) { request in
        try EntityTag(try await site(request).draft).check(request.request)
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

  /// What comes with a site where it is asked for.
  enum SitePart: String, CaseIterable { case devices, balance }

  private func oneSite(_ request: APIRequest) async throws -> Response {
    var found = try await site(request)
    let parts = try request.query.words("include", SitePart.self)
    if parts.contains(.devices) { found.devices = try await allDevices(request, siteId: found.id) }
    if parts.contains(.balance) { found.balance = try await balance(request, of: found) }
    return try tagged(found, found.draft)
  }

  /// A site that the caller may see; another one does not exist.
  func site(_ request: APIRequest) async throws -> SiteResource {
    let id = request.parameter("id")
    let site = try await service.site(id)
    guard request.caller.sees(customer: site.customerId) else { throw APIError.notFound("site", id) }
    return site
  }

  private func listSites(_ query: QueryReader, customerId: String?) async throws -> Response {
    let (page, slice) = try query.cursorSlice()
    let list = try await service.sites(
      SiteQuery(
        customerId: customerId, referenceId: query.text(anyOf: "referenceId", "externalId", "external_id"),
        slice: slice))
    return try JSONText.response(Page(list, page: page, perPage: slice.limit))
  }

  /// 422 for a customer that does not exist.
  func checkCustomer(_ id: String?) async throws {
    guard let id else { return }
    do { _ = try await service.customer(id) } catch { throw error.missing("customer", id) }
  }

  /// Today's energy of a site in its zone; consumption is `null` with coverage 0 without a grid meter.
  private func balance(_ request: APIRequest, of site: SiteResource) async throws -> UsageReport {
    try request.caller.need(.metricsRead)
    let calendar = try calendar(site.timezone)
    let interval = try calendar.interval(range: "today", now: time.wall())
    let metrics = try await service.usage(UsageRequest(subject: .site(site.id), interval: interval, buckets: []))
    return UsageReport(
      siteId: site.id, from: interval.start, to: interval.end, timezone: site.timezone,
      by: UsageCalendar.Step.none.rawValue, metrics: metrics)
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

extension APIError {
  /// What is wrong with a body that names something that does not exist: a 404 of the other is a 422 of this one.
  func missing(_ what: String, _ id: String) -> APIError {
    guard status == 404 else { return self }
    return .invalid("/\(what)Id", "there is no \(what) '\(id)'", code: "NO_SUCH_\(what.uppercased())")
  }
}
