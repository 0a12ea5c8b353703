import EnergyModel
import LocalAPISchema

/// Who asks, and what they may do.
struct Caller: Sendable, Hashable {
  /// A key's id, `local:<user id>` or `local`; for the journal.
  var actor: String
  /// What they may do; `admin` includes all.
  var scopes: Set<APIScope>
  /// The only customer that they may see; `nil` = all.
  var customerId: String?

  /// Whether they stand at the gateway: they came through the Unix socket.
  var isLocal = false

  /// Somebody on the Unix socket: the file's permissions decided already.
  static func local(userID: UInt32?) -> Caller {
    Caller(actor: userID.map { "local:\($0)" } ?? "local", scopes: [.admin], customerId: nil, isLocal: true)
  }

  /// Somebody without a key, at a route that needs none.
  static let anonymous = Caller(actor: "anonymous", scopes: [], customerId: nil)

  func may(_ scope: APIScope) -> Bool { scopes.contains(.admin) || scopes.contains(scope) }

  /// Why they may not send commands with a priority; `nil` = they may.
  func refusal(of priority: CommandPriority) -> String? {
    switch priority {
    case .user, .schedule, .optimizer: nil
    case .gridProgram: may(.admin) ? nil : "priority grid-program needs the scope admin"
    case .manual: isLocal && may(.admin) ? nil : "priority manual is for people at the gateway, on its local socket"
    case .safety: "priority safety is the gateway's own"
    }
  }

  /// Whether something of this customer is theirs to see.
  func sees(customer: String?) -> Bool { customerId == nil || customerId == customer }

  /// Throws 403 where a part of an answer needs a scope that this caller lacks.
  func need(_ scope: APIScope) throws(APIError) {
    guard !may(scope) else { return }
    throw APIError(
      status: 403, code: "SCOPE_MISSING", message: "this key lacks the scope \(scope.rawValue)",
      hint: "heddle key create --scope \(scope.rawValue) makes one that has it")
  }
}
