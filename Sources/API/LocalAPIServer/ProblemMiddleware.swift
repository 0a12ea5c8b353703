import HTTPTypes
import Hummingbird
import LocalAPISchema
import Logging
import NIOCore

/// The outermost layer: gives every request its id, refuses foreign host names, and turns every error into a problem.
struct ProblemMiddleware: RouterMiddleware {
  typealias Context = APIRequestContext

  let hosts: HostAllowList
  let random: RandomBytes
  let routes: [Route]

  func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    var context = context
    context.requestID = "req_" + random.identifier(length: 16)
    var response: Response
    do {
      try checkHost(request, context)
      response = try await next(request, context)
    } catch {
      response = problem(for: apiError(error, request, context), request, context)
    }
    context.answer.write(to: &response.headers)
    response.headers[.xRequestID] = context.requestID
    response.headers[.xContentTypeOptions] = "nosniff"
    return response
  }

  private func checkHost(_ request: Request, _ context: Context) throws {
    guard !context.isLocalSocket, !hosts.allows(request.head.authority) else { return }
    let host = request.head.authority ?? ""
    throw APIError(
      status: 421, code: "HOST_NOT_ALLOWED", message: "this gateway does not answer to the name '\(host)'",
      hint: "use an address, or add the name to the API's host names in the configuration")
  }

  private func apiError(_ error: any Error, _ request: Request, _ context: Context) -> APIError {
    if let error = error as? APIError { return error }
    if let error = error as? HTTPError {
      if error.status == .notFound { return unknownPath(request) }
      return APIError(
        status: Int(error.status.code), code: "INVALID_REQUEST", message: error.body ?? error.status.reasonPhrase)
    }
    if error is NIOTooManyBytesError { return RequestBodyReader.tooLarge }
    context.logger.error("request failed", metadata: ["request": "\(context.requestID)", "error": "\(error)"])
    return APIError(
      status: 500, code: "INTERNAL", message: "the gateway could not answer this",
      hint: "its log has the reason under request=\(context.requestID)")
  }

  /// 405 where the path exists with another method, else 404.
  private func unknownPath(_ request: Request) -> APIError {
    let methods = routes.filter { $0.matches(path: request.uri.path) }.map(\.method.rawValue)
    guard methods.isEmpty else {
      return APIError(
        status: 405, code: "METHOD_NOT_ALLOWED",
        message: "\(request.method.rawValue) is not possible at \(request.uri.path)",
        hint: "possible are \(methods.joined(separator: ", "))",
        details: ["allow": .array(methods.map { .text($0) })])
    }
    return APIError(
      status: 404, code: "NO_SUCH_ROUTE", message: "there is nothing at \(request.uri.path)",
      hint: "/openapi.json lists all paths")
  }

  private func problem(for error: APIError, _ request: Request, _ context: Context) -> Response {
    let document = ProblemDocument(error, instance: request.uri.path, requestId: context.requestID)
    var headers = HTTPFields()
    headers[.contentType] = "application/problem+json"
    if error.status == 401 { headers[.wwwAuthenticate] = "Bearer realm=\"heddle\"" }
    if let seconds = error.retryAfterSeconds { headers[.retryAfter] = String(seconds) }
    if case .array(let methods)? = error.details["allow"] {
      headers[.allow] = methods.compactMap { if case .text(let name) = $0 { name } else { nil } }
        .joined(separator: ", ")
    }
    let body = (try? JSONText.encode(document)) ?? ByteBuffer()
    return Response(
      status: .init(code: error.status), headers: headers, body: ResponseBody(byteBuffer: body))
  }
}

extension ProblemDocument {
  /// The body for an error.
  init(_ error: APIError, instance: String, requestId: String) {
    let words = error.code.lowercased().replacing("_", with: " ")
    self.init(
      type: "urn:heddle:problem:" + error.code.lowercased().replacing("_", with: "-"),
      title: words.prefix(1).uppercased() + words.dropFirst(), status: error.status, detail: error.description,
      instance: instance, message: error.message, error: error.code, hint: error.hint, details: error.details,
      errors: error.errors, requestId: requestId)
  }
}
