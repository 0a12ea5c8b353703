import EnergyModel
import HTTPTypes
import Hummingbird
import LocalAPISchema
import TimeSource

/// The handlers of all routes, over the service.
struct GatewayRoutes: Sendable {
  let service: any GatewayService
  let hub: StreamHub
  let time: TimeSource
  let random: RandomBytes
  let version: String
  let listeners: Listeners
  var limiter: RateLimiter?

  /// Every operation of the API.
  var all: [Route] {
    systemRoutes + deviceRoutes + commandRoutes + typedCommandRoutes + customerRoutes + siteRoutes + fluxrateRoutes
      + eventRoutes
      + alertRoutes + keyRoutes + tagRoutes + batchRoutes + scheduleRoutes + auditRoutes
      + metricRoutes + historyRoutes + explanationRoutes + usageMeterRoutes + seedUsageRoutes + linkRoutes
      + discoveryRoutes + connectionRoutes + webhookRoutes
  }

  func route(
    _ method: HTTPRequest.Method, _ path: String, _ access: Route.Access, _ operation: Operation,
    _ handler: @escaping @Sendable (APIRequest) async throws -> Response
  ) -> Route {
    Route(method: method, path: path, access: access, operation: operation, handler: handler)
  }

  // MARK: The system

  private var systemRoutes: [Route] {
    [
      route(.get, "/health", .open, .getHealth) { _ in try JSONText.response(["status": "ok"]) },
      route(.get, "/ready", .open, .getReadiness) { _ in
        let readiness = await service.readiness()
        return try JSONText.response(readiness, status: readiness.isReady ? .ok : .serviceUnavailable)
      },
      route(.get, "/v1/version", .open, .getVersion) { _ in
        try JSONText.response(VersionInfo(version: version, api: "v1"))
      },
      route(.get, "/openapi.json", .open, .getOpenAPI) { _ in
        Response(
          status: .ok, headers: [.contentType: "application/json"],
          body: ResponseBody(byteBuffer: ByteBuffer(string: OpenAPIDocument(routes: all).text)))
      },
      route(.get, "/metrics", .unrestricted(.metricsRead), .getMetrics) { _ in
        let text = PrometheusText.render(
          try await status(), streamClients: hub.clientCount, limited: limiter?.refused ?? [:])
        return Response(
          status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
          body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
      },
      route(.get, "/v1/status", .unrestricted(.devicesRead), .getStatus) { request in
        try JSONText.response(try await status())
      },
    ]
  }

  private func status() async throws -> GatewayStatus {
    var status = try await service.status()
    status.api = listeners.addresses
    return status
  }

  // MARK: Devices

  private var deviceRoutes: [Route] {
    [
      route(.get, "/v1/devices", .scope(.devicesRead), .listDevices) { request in
        try await listDevices(request, request.query)
      },
      route(.get, "/v1/devices/{id}", .scope(.devicesRead), .getDevice) { try await oneDevice($0) },
      route(.patch, "/v1/devices/{id}", .unrestricted(.devicesWrite), .updateDevice) { try await updateDevice($0) },
      route(.get, "/v1/devices/{id}/state", .scope(.devicesRead), .getDeviceState) { try await state($0) },
      route(.get, "/v1/devices/{id}/capabilities", .scope(.devicesRead), .getDeviceCapabilities) { request in
        try JSONText.response(try await device(request).capabilities)
      },
    ]
  }

  /// A device of the caller's; somebody else's does not exist.
  func device(_ id: String, for caller: Caller) async throws -> DeviceResource {
    let device = try await service.device(id)
    guard caller.sees(customer: device.customerId) else { throw APIError.notFound("device", id) }
    return device
  }

  func device(_ request: APIRequest) async throws -> DeviceResource {
    try await device(request.parameter("id"), for: request.caller)
  }

  func listDevices(
    _ request: APIRequest, _ query: QueryReader, customerId: String? = nil, siteId: String? = nil,
    tag: String? = nil
  ) async throws -> Response {
    let (page, slice) = try query.cursorSlice()
    // A site has one customer, so its list does not take another one.
    let asked = customerId ?? (siteId == nil ? query.text("customerId") : nil)
    // A restricted key that names another customer gets what that customer has for it: nothing.
    if let asked, !request.caller.sees(customer: asked) {
      return try JSONText.response(
        Page(ListSlice<DeviceResource>(totalItems: 0), page: page, perPage: slice.limit))
    }
    let list = try await service.devices(
      DeviceQuery(
        type: try query.word("type", DeviceKind.self), customerId: asked ?? request.caller.customerId,
        siteId: siteId ?? query.text("siteId"), tag: tag ?? query.text("tag"),
        referenceId: query.text(anyOf: "referenceId", "externalId", "external_id"),
        manufacturer: query.text("manufacturer"), isStale: try query.flag("isStale"),
        status: try query.word("status", Connectivity.State.self), slice: slice))
    guard try query.word("view", DeviceView.self) == .texture else {
      return try JSONText.response(Page(list, page: page, perPage: slice.limit))
    }
    return try await texturePage(list, page: page, perPage: slice.limit)
  }

  // MARK: Events

  private var eventRoutes: [Route] {
    [
      route(.get, "/v1/events", .scope(.devicesRead), .listEvents) { request in
        let query = request.query
        let events = try await service.events(
          EventQuery(
            after: try query.integer("after", in: 0...Int.max).map(Int64.init),
            customerId: request.caller.customerId, deviceId: query.text("deviceId"),
            limit: try query.integer("limit", in: 1...1000) ?? 100))
        return try JSONText.response(EventList(data: events, nextAfter: events.last?.sequence))
      },
      route(.get, "/v1/stream", .scope(.devicesRead), .streamEvents) { try await stream($0) },
    ]
  }

  private func stream(_ request: APIRequest) async throws -> Response {
    let query = request.query
    var topics = Set(EventStream.Topic.allCases)
    if let text = query.text("topics") {
      topics = []
      for word in text.split(separator: ",") {
        guard let topic = EventStream.Topic(rawValue: String(word)) else {
          throw APIError.invalid("?topics", "there is no topic '\(word)'", hint: "events, states")
        }
        topics.insert(topic)
      }
    }
    var after = try query.integer("after", in: 0...Int.max).map(Int64.init)
    if let header = request.request.headers[.lastEventID] {
      guard let sequence = Int64(header), sequence >= 0 else {
        throw APIError.invalid("Last-Event-ID", "'\(header)' is not the id of an event")
      }
      after = sequence
    }
    return try await EventStream(
      service: service, hub: hub, time: time, topics: topics, deviceId: query.text("deviceId"),
      customerId: request.caller.customerId, after: after
    ).response()
  }
}
