import HTTPTypes
import Hummingbird
import LocalAPISchema
import NIOCore

/// The pages of pairing sessions: whoever has the address may use them, so there is nothing else to steal.
extension GatewayRoutes {
  var connectionPageRoutes: [Route] {
    [
      route(.get, "/connect/{token}", .open, .showConnectionPage) { request in
        await paged {
          let pairing = try await service.pairing(request.parameter("token"))
          let filter = request.query.text("q") ?? ""
          let status: HTTPResponse.Status = pairing.connection.status == .expired ? .gone : .ok
          return page(
            ConnectionPage(path: path(request), pairing: pairing, filter: filter).html, status,
            RedirectTarget(pairing.connection.redirectUrl))
        }
      },
      step("product", .chooseConnectionProduct) { request, fields in
        try await service.choose(fields["profile"], request.parameter("token"))
        return path(request)
      },
      step("test", .tryConnection) { request, fields in
        try await service.tryOut(fields, request.parameter("token"))
        return path(request)
      },
      step("confirm", .confirmConnection) { request, _ in
        let connection = try await service.confirm(request.parameter("token"))
        guard connection.status == .completed else { return path(request) }
        return RedirectTarget(connection.redirectUrl)?.address(for: connection) ?? path(request)
      },
      step("cancel", .cancelConnection) { request, _ in
        let connection = try await service.cancel(request.parameter("token"))
        return RedirectTarget(connection.redirectUrl)?.address(for: connection) ?? path(request)
      },
    ]
  }

  /// A form that does something and leads to another page.
  private func step(
    _ name: String, _ operation: Operation,
    _ work: @escaping @Sendable (APIRequest, [String: String]) async throws -> String
  ) -> Route {
    route(.post, "/connect/{token}/\(name)", .open, operation) { request in
      await paged {
        // A form of another site does not know the token; where one does, it is not the visitor who sends it.
        if let site = HTTPField.Name("Sec-Fetch-Site"), request.request.headers[site] == "cross-site" {
          throw APIError(status: 403, code: "CROSS_SITE", message: "this form was sent by another site")
        }
        let target = try await work(request, try await FormBody.fields(request.request))
        var response = page("", .seeOther, nil)
        response.headers[.location] = target
        return response
      }
    }
  }

  private func path(_ request: APIRequest) -> String {
    let token = request.parameter("token").filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
    return "/connect/\(token)"
  }

  /// Errors as people read them.
  private func paged(_ work: () async throws -> Response) async -> Response {
    do {
      return try await work()
    } catch let error as APIError {
      let hint = error.status == 404 ? "Ask for a new link where you got this one." : error.hint ?? ""
      let title = error.status == 404 ? "There is no such page" : "That did not work"
      let body = "<p>\(ConnectionPage.escaped(error.status == 404 ? "" : error.message))</p>"
      return page(
        ConnectionPage.document(title, body + "<p>\(ConnectionPage.escaped(hint))</p>"),
        .init(code: error.status), nil)
    } catch is NIOTooManyBytesError {
      return page(ConnectionPage.document("That was too much", "<p>The form is too long.</p>"), .contentTooLarge, nil)
    } catch {
      return page(ConnectionPage.document("That did not work", "<p>Try it again later.</p>"), .serviceUnavailable, nil)
    }
  }

  private func page(_ html: String, _ status: HTTPResponse.Status, _ target: RedirectTarget?) -> Response {
    var headers: HTTPFields = [
      .contentType: "text/html; charset=utf-8", .cacheControl: "no-store",
      .contentSecurityPolicy: ConnectionPage.policy(leadingTo: target),
    ]
    if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "no-referrer" }
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
  }
}
