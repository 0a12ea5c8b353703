import EnergyModel
import Foundation
import HTTPTypes
import Hummingbird
import LocalAPISchema

/// One operation of the API. The table of all of them makes the router, the 405 answers and the check of the OpenAPI
/// document.
struct Route: Sendable {
  /// Who may call it.
  enum Access: Sendable, Hashable {
    /// Everybody.
    case open
    /// Keys with this scope.
    case scope(APIScope)
    /// Keys with this scope that are not restricted to one customer.
    case unrestricted(APIScope)
  }

  let method: HTTPRequest.Method
  /// With parameters as `{id}`, as in the OpenAPI document.
  let path: String
  let access: Access
  /// What the OpenAPI document says about it.
  let operation: Operation
  let handler: @Sendable (APIRequest) async throws -> Response

  /// The names in braces.
  var parameterNames: [String] {
    path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
  }

  /// Whether a request's path is this one.
  func matches(path other: String) -> Bool {
    let own = path.split(separator: "/")
    let given = other.split(separator: "/")
    return own.count == given.count && zip(own, given).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
  }
}

/// A request with its caller, as handlers get it.
struct APIRequest: Sendable {
  let request: Request
  let context: APIRequestContext
  let caller: Caller
  /// The parameters of the query; there are no others than the operation names.
  let query: QueryReader

  /// A parameter of the path; routes only ask for those that they have.
  func parameter(_ name: String) -> String {
    let text = context.parameters.get(name) ?? ""
    return text.removingPercentEncoding ?? text
  }
}

extension Route {
  /// The handler behind authentication and scopes.
  func guarded(
    by authenticator: Authenticator, _ limiter: RateLimiter?
  ) -> @Sendable (Request, APIRequestContext) async throws -> Response {
    { request, context in
      let caller = try await self.caller(request, context, authenticator, limiter)
      // A probe of the health may carry what it likes.
      let query = try QueryReader(request, allowed: operation.queryNames, isStrict: access != .open)
      return try await Author.$present.withValue(authenticator.author(caller)) {
        try await self.handler(APIRequest(request: request, context: context, caller: caller, query: query))
      }
    }
  }

  private func caller(
    _ request: Request, _ context: APIRequestContext, _ authenticator: Authenticator, _ limiter: RateLimiter?
  ) async throws -> Caller {
    let needed: APIScope
    switch access {
    case .open: return .anonymous
    case .scope(let scope), .unrestricted(let scope): needed = scope
    }
    if context.isLocalSocket { return .local(userID: await context.peerUserID()) }
    let caller = try await authenticator.caller(
      headers: request.headers, address: context.remoteAddress, acceptsCookie: path.hasPrefix("/api/v1/"))
    try limiter?.admit(caller.actor, context.answer)
    try caller.need(needed)
    if case .unrestricted = access, caller.customerId != nil {
      throw APIError(
        status: 403, code: "KEY_RESTRICTED", message: "this key is for one customer only",
        hint: "use a key that is not restricted")
    }
    return caller
  }
}
