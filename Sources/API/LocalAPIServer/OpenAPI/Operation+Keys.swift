extension Operation {
  static let listKeys = Operation(
    "listKeys", "API keys without their secrets", tag: "keys", answers: [.ok(.ref("KeyList"))])

  static let createKey = Operation(
    "createKey", "Make an API key; its secret is shown this once", tag: "keys", body: .ref("KeyDraft"),
    answers: [.made(.ref("CreatedKey"))])

  static let revokeKey = Operation(
    "revokeKey", "Revoke an API key", tag: "keys", answers: [.nothing("Revoked")])
}
