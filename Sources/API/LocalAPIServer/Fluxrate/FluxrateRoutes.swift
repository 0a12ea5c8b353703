import HTTPTypes
import Hummingbird
import LocalAPISchema

/// Customers in the spelling of Fluxrate clients, under `/api/v1`: the same service and the same checks, other words.
///
/// Requests are read by the tables of `FieldSpellings`, answers are written by `FluxrateCustomer` and `FluxratePage`.
extension GatewayRoutes {
  var fluxrateRoutes: [Route] {
    [
      route(.get, "/api/v1/customers", .scope(.customersRead), .listFluxrateCustomers) { request in
        let query = request.query
        let paging = try FluxratePaging(query)
        let list = try await service.customers(
          CustomerQuery(
            id: request.caller.customerId, referenceId: query.text("external_id"), email: query.text("email"),
            text: query.text("q"), slice: paging.slice))
        return try JSONText.response(
          FluxratePage(list.items.map { FluxrateCustomer($0) }, paging, total: list.totalItems))
      },
      route(.post, "/api/v1/customers", .unrestricted(.customersWrite), .createFluxrateCustomer) { request in
        let object = try await RequestBodyReader.object(request.request)
        let draft = try RecordReader.customer(object, requiring: ["name", "email"])
        let customer = try await service.createCustomer(draft)
        return try tagged(
          FluxrateCustomer(customer), customer.draft, status: .created, location: "/api/v1/customers/\(customer.id)")
      },
      route(.get, "/api/v1/customers/{id}", .scope(.customersRead), .getFluxrateCustomer) { request in
        let customer = try await customer(request)
        return try tagged(FluxrateCustomer(customer), customer.draft)
      },
      emptyList("subscriptions", .listFluxrateSubscriptions),
      emptyList("invoices", .listFluxrateInvoices),
    ]
  }

  /// What this gateway does not keep: an empty list for a customer that exists.
  private func emptyList(_ name: String, _ operation: Operation) -> Route {
    route(.get, "/api/v1/customers/{id}/\(name)", .scope(.customersRead), operation) { request in
      _ = try await customer(request)
      return try JSONText.response(FluxratePage<String>([], try FluxratePaging(request.query), total: 0))
    }
  }
}

/// `page` and `page_size`.
struct FluxratePaging {
  let page: Int
  let slice: SliceRequest

  static let defaultSize = 20

  init(_ query: QueryReader) throws(APIError) {
    page = try query.integer("page", in: 1...1_000_000) ?? 1
    let size = try query.integer("page_size", in: 1...SliceRequest.maxPerPage) ?? Self.defaultSize
    slice = SliceRequest(offset: (page - 1) * size, limit: size)
  }
}

/// A list with its numbers beside it.
struct FluxratePage<Item: Encodable>: Encodable {
  struct Meta: Encodable {
    let page: Int
    let pageSize: Int
    let total: Int
    let totalPages: Int

    enum CodingKeys: String, CodingKey {
      case page, total
      case pageSize = "page_size"
      case totalPages = "total_pages"
    }
  }

  let data: [Item]
  let meta: Meta

  init(_ items: [Item], _ paging: FluxratePaging, total: Int) {
    data = items
    let size = paging.slice.limit
    meta = Meta(page: paging.page, pageSize: size, total: total, totalPages: (total + size - 1) / size)
  }
}
