extension Operation {
  /// The operations of the compatible form are ours under another name.
  static func named(_ id: String, _ summary: String, _ isAlias: Bool) -> (id: String, summary: String) {
    isAlias ? ("\(id)Compatible", "\(summary) (the same under another name)") : (id, summary)
  }

  static func sendBatch(_ isAlias: Bool) -> Operation {
    let (id, summary) = named("sendBatch", "One command for many devices, one after the other", isAlias)
    return Operation(
      id, summary, tag: "commands",
      parameters: [.header("Idempotency-Key", .json(#"{"type": "string", "maxLength": 255}"#))],
      body: .ref("BatchSubmission"),
      answers: [
        .init(200, "A dry run", .ref("Batch")),
        .init(202, "Accepted", .ref("Batch"), headers: ["Location", "Idempotent-Replayed"]),
      ])
  }

  static func listBatches(_ isAlias: Bool) -> Operation {
    let (id, summary) = named("listBatches", "Batches, newest first, at most 100", isAlias)
    return Operation(id, summary, tag: "commands", parameters: .paging, answers: [.page("Batch")])
  }

  static func getBatch(_ isAlias: Bool) -> Operation {
    let (id, summary) = named("getBatch", "A batch with what became of each device", isAlias)
    return Operation(id, summary, tag: "commands", answers: [.ok(.ref("Batch"))])
  }

  static func cancelBatch(_ isAlias: Bool) -> Operation {
    let (id, summary) = named(
      "cancelBatch", "Send nothing more of a batch and withdraw its commands; running leases end with their revert",
      isAlias)
    return Operation(id, summary, tag: "commands", answers: [.ok(.ref("Batch"))])
  }
}
