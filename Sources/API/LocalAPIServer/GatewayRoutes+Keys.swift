import HTTPTypes
import Hummingbird
import LocalAPISchema
import TimeSource

extension GatewayRoutes {
  /// The longest label of a key.
  static let maxLabelLength = 200
  /// Keys that can exist at the same time.
  static let maxKeys = 1000

  var keyRoutes: [Route] {
    [
      route(.get, "/v1/keys", .unrestricted(.admin), .listKeys) { request in
        let keys = try await service.storedKeys()
        return try JSONText.response(APIKeyList(data: keys.map(\.resource)))
      },
      route(.post, "/v1/keys", .unrestricted(.admin), .createKey) { try await createKey($0) },
      route(.delete, "/v1/keys/{id}", .unrestricted(.admin), .revokeKey) { request in
        let id = request.parameter("id")
        guard try await service.removeKey(id, actor: request.caller.actor) else { throw APIError.notFound("key", id) }
        return Response(status: .noContent)
      },
    ]
  }

  private func createKey(_ request: APIRequest) async throws -> Response {
    let object = try await RequestBodyReader.object(request.request)
    let draft = try RequestBodyReader.decode(
      APIKeyDraft.self, from: try Self.checkScopes(object), fields: ["label", "scopes", "customerId", "expiresAt"])
    guard !draft.scopes.isEmpty else {
      throw APIError.invalid("/scopes", "a key needs at least one scope", hint: Self.scopeNames)
    }
    let label = draft.label ?? ""
    guard label.count <= Self.maxLabelLength else {
      throw APIError.invalid("/label", "a label has at most \(Self.maxLabelLength) characters", code: "OUT_OF_RANGE")
    }
    if let end = draft.expiresAt, end <= time.wall() {
      throw APIError.invalid("/expiresAt", "a key must expire in the future", code: "OUT_OF_RANGE")
    }
    if let id = draft.customerId, (try? await service.customer(id)) == nil {
      throw APIError.invalid("/customerId", "there is no customer '\(id)'")
    }
    guard try await service.storedKeys().count < Self.maxKeys else {
      throw APIError(
        status: 409, code: "TOO_MANY_KEYS", message: "there are \(Self.maxKeys) keys already",
        hint: "revoke some: heddle key revoke ID")
    }
    let key = APIKey(random: random)
    let stored = StoredKey(
      id: key.id, digest: key.digest, label: label, scopes: draft.scopes, customerId: draft.customerId,
      createdAt: time.wall(), expiresAt: draft.expiresAt)
    try await service.storeKey(stored, actor: request.caller.actor)
    return try JSONText.response(
      CreatedAPIKey(
        id: key.id, key: key.text, label: label, scopes: draft.scopes, customerId: draft.customerId,
        createdAt: stored.createdAt, expiresAt: draft.expiresAt),
      status: .created, headers: [.location: "/v1/keys/\(key.id)"])
  }

  private static var scopeNames: String { APIScope.allCases.map(\.rawValue).joined(separator: ", ") }

  /// Names a wrong scope before the decoder does it in its own words.
  private static func checkScopes(_ object: [String: JSONValue]) throws -> [String: JSONValue] {
    guard case .array(let scopes)? = object["scopes"] else { return object }
    for (index, scope) in scopes.enumerated() {
      if case .text(let name) = scope, APIScope(rawValue: name) == nil {
        throw APIError.invalid("/scopes/\(index)", "there is no scope '\(name)'", hint: scopeNames)
      }
    }
    return object
  }
}

extension StoredKey {
  /// The key without its digest.
  var resource: APIKeyResource {
    APIKeyResource(
      id: id, label: label, scopes: scopes, customerId: customerId, createdAt: createdAt, expiresAt: expiresAt)
  }
}
