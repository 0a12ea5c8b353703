import LocalAPISchema

/// Who asks, and what they may do.
struct Caller: Sendable, Hashable {
  /// A key's id, `local:<user id>` or `local`; for the journal.
  var actor: String
  /// What they may do; `admin` includes all.
  var scopes: Set<APIScope>
  /// The only customer that they may see; `nil` = all.
  var customerId: String?

  /// Somebody on the Unix socket: the file's permissions decided already.
  static func local(userID: UInt32?) -> Caller {
    Caller(actor: userID.map { "local:\($0)" } ?? "local", scopes: [.admin], customerId: nil)
  }

  /// Somebody without a key, at a route that needs none.
  static let anonymous = Caller(actor: "anonymous", scopes: [], customerId: nil)

  func may(_ scope: APIScope) -> Bool { scopes.contains(.admin) || scopes.contains(scope) }

  /// Whether something of this customer is theirs to see.
  func sees(customer: String?) -> Bool { customerId == nil || customerId == customer }
}
