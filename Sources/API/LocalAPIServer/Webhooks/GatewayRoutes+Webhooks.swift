import EnergyModel
import HTTPTypes
import Hummingbird
import LocalAPISchema

/// Webhooks are for keys that may do everything: who has one hears of everything.
extension GatewayRoutes {
  var webhookRoutes: [Route] { webhookRecordRoutes + deliveryRoutes }

  private var webhookRecordRoutes: [Route] {
    [
      route(.get, "/v1/webhooks", .unrestricted(.admin), .listWebhooks) { request in
        let (page, slice) = try request.query.slice()
        return try JSONText.response(
          Page(slice.slice(of: try await service.webhooks()), page: page, perPage: slice.limit))
      },
      route(.post, "/v1/webhooks", .unrestricted(.admin), .createWebhook) { request in
        let draft = try WebhookReader.draft(try await RequestBodyReader.object(request.request))
        try await checkCustomer(draft.customerId)
        let made = try await service.createWebhook(draft, actor: request.caller.actor)
        return try tagged(made, made.draft, status: .created, location: "/v1/webhooks/\(made.id)")
      },
      route(.get, "/v1/webhooks/{id}", .unrestricted(.admin), .getWebhook) { request in
        let found = try await webhook(request)
        return try tagged(found, found.draft)
      },
      route(.patch, "/v1/webhooks/{id}", .unrestricted(.admin), .updateWebhook) { request in
        let old = try await webhook(request)
        try EntityTag(old.draft).check(request.request)
        let draft = try WebhookReader.draft(try await RequestBodyReader.object(request.request), over: old.draft)
        try await checkCustomer(draft.customerId)
        let new = try await service.updateWebhook(old.id, from: old.draft, to: draft, actor: request.caller.actor)
        return try tagged(new, new.draft)
      },
      route(.delete, "/v1/webhooks/{id}", .unrestricted(.admin), .deleteWebhook) { request in
        let old = try await webhook(request)
        try EntityTag(old.draft).check(request.request)
        try await service.deleteWebhook(old.id, actor: request.caller.actor)
        return Response(status: .noContent)
      },
      route(.post, "/v1/webhooks/{id}/rotate", .unrestricted(.admin), .rotateWebhook) { request in
        let found = try await webhook(request)
        return try JSONText.response(
          try await service.rotateSecret(ofWebhook: found.id, actor: request.caller.actor))
      },
      route(.post, "/v1/webhooks/{id}/test", .unrestricted(.admin), .testWebhook) { request in
        try JSONText.response(try await service.testWebhook(try await webhook(request).id))
      },
    ]
  }

  private var deliveryRoutes: [Route] {
    [
      route(.get, "/v1/webhooks/{id}/deliveries", .unrestricted(.admin), .listDeliveries) { request in
        let (page, slice) = try request.query.slice()
        let state = try request.query.word("state", WebhookDelivery.State.self)
        let found = try await webhook(request)
        let list = try await service.deliveries(ofWebhook: found.id, state: state, slice)
        return try JSONText.response(Page(list, page: page, perPage: slice.limit))
      },
      route(.post, "/v1/webhooks/{id}/deliveries/{did}/retry", .unrestricted(.admin), .retryDelivery) { request in
        let found = try await webhook(request)
        let delivery = try await service.retryDelivery(request.parameter("did"), ofWebhook: found.id)
        return try JSONText.response(delivery, status: .accepted)
      },
      route(.post, "/v1/webhooks/{id}/replay", .unrestricted(.admin), .replayWebhook) { request in
        let found = try await webhook(request)
        let object = try await RequestBodyReader.object(request.request)
        let body = try RequestBodyReader.decode(WebhookReplay.self, from: object, fields: ["since"])
        let count = try await service.replay(found.id, since: body.since)
        return try JSONText.response(ReplayedEvents(events: count), status: .accepted)
      },
    ]
  }

  private func webhook(_ request: APIRequest) async throws -> WebhookResource {
    let id = request.parameter("id")
    guard let found = try await service.webhooks().first(where: { $0.id == id }) else {
      throw APIError.notFound("webhook", id)
    }
    return found
  }
}
