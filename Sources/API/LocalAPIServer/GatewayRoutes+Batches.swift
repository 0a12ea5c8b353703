import Crypto
import EnergyModel
import Foundation
import HTTPTypes
import Hummingbird
import LocalAPISchema

extension GatewayRoutes {
  /// Each operation under two names: ours, and the one of the compatible form.
  var batchRoutes: [Route] {
    [("/v1/commands/batch", false), ("/v1/batch-commands", true)].flatMap { path, isAlias in
      [
        route(.post, path, .scope(.commandsWrite), .sendBatch(isAlias)) { try await sendBatch($0) },
        route(.get, path, .scope(.devicesRead), .listBatches(isAlias)) { request in
          let (page, slice) = try request.query.slice()
          let list = try await service.batches(customerId: request.caller.customerId, slice)
          return try JSONText.response(Page(list, page: page, perPage: slice.limit))
        },
        route(.get, "\(path)/{id}", .scope(.devicesRead), .getBatch(isAlias)) { request in
          let batch = try await service.batch(request.parameter("id"), customerId: request.caller.customerId)
          return try JSONText.response(batch)
        },
        route(.post, "\(path)/{id}/cancel", .scope(.commandsWrite), .cancelBatch(isAlias)) { request in
          let (id, customer) = (request.parameter("id"), request.caller.customerId)
          return try JSONText.response(
            try await service.cancelBatch(id, customerId: customer, actor: request.caller.actor))
        },
      ]
    }
  }

  private func sendBatch(_ request: APIRequest) async throws -> Response {
    let object = try await RequestBodyReader.object(request.request)
    let (call, isDryRun) = try Self.batchCall(object, request)
    if isDryRun { return try JSONText.response(try await service.previewBatch(call)) }
    let submitted = try await service.sendBatch(call)
    var headers: HTTPFields = [.location: "/v1/commands/batch/\(submitted.batch.id ?? "")"]
    if submitted.isReplay { headers[.idempotentReplayed] = "true" }
    return try JSONText.response(submitted.batch, status: .accepted, headers: headers)
  }

  private static func batchCall(
    _ object: [String: JSONValue], _ request: APIRequest
  ) throws -> (BatchCall, isDryRun: Bool) {
    var problems = BodyProblems()
    let body = BodyObject(
      object,
      allowed: [
        "tag", "siteId", "customerId", "deviceIds", "command", "input", "durationSeconds", "ttlSeconds", "onConflict",
        "priority", "notBefore", "staggerSeconds", "jitterSeconds", "dryRun", "idempotencyKey",
      ], &problems)
    let target = batchTarget(body, &problems)
    let order = commandOrder(body, &problems)
    let stagger =
      body.number("staggerSeconds", in: 0...BatchSubmission.maxStaggerSeconds, &problems)
      ?? BatchSubmission.defaultStaggerSeconds
    let jitter =
      body.number("jitterSeconds", in: 0...BatchSubmission.maxStaggerSeconds, &problems) ?? stagger / 2
    let ttl = body.number("ttlSeconds", in: 1...maxBatchTTLSeconds, &problems)
    let policy = body.word("onConflict", ConflictPolicy.self, &problems) ?? .reject
    let priority = body.word("priority", CommandPriority.self, &problems) ?? .user
    let notBefore = body.time("notBefore", &problems)
    let isDryRun = body.flag("dryRun", &problems) ?? false
    let key = body.text("idempotencyKey", &problems)
    try problems.check()
    try check(priority, of: request.caller)
    guard let target, let order else { throw APIError.invalid("", "the body says too little") }
    let idempotencyKey = try idempotencyKey(key, request.request.headers)
    return (
      BatchCall(
        target: target, name: order.name, input: order.input, durationSeconds: order.durationSeconds, ttlSeconds: ttl,
        onConflict: policy, priority: priority, notBefore: notBefore, staggerSeconds: stagger, jitterSeconds: jitter,
        actor: request.caller.actor, restrictedTo: request.caller.customerId, idempotencyKey: idempotencyKey,
        digest: try digest(of: object)),
      isDryRun
    )
  }

  /// The longest time to live of a command in a batch, in seconds.
  static let maxBatchTTLSeconds: Double = 86_400

  private static func batchTarget(_ body: BodyObject, _ problems: inout BodyProblems) -> BatchCall.Target? {
    let names = ["tag", "siteId", "customerId", "deviceIds"]
    let given = names.filter(body.has)
    guard given.count == 1 else {
      problems.add(
        given.first.map(body.place) ?? "/tag",
        given.isEmpty
          ? "nothing says which devices are meant" : "\(given.joined(separator: " and ")) exclude each other",
        code: given.isEmpty ? "MISSING_FIELD" : "INVALID_VALUE", hint: "give one of \(names.joined(separator: ", "))")
      return nil
    }
    if body.has("deviceIds") { return deviceIds(body, &problems).map { .devices($0) } }
    if let tag = body.text("tag", &problems) { return .tag(tag) }
    if let site = body.text("siteId", &problems) { return .site(site) }
    return body.text("customerId", &problems).map { .customer($0) }
  }

  private static func deviceIds(_ body: BodyObject, _ problems: inout BodyProblems) -> [String]? {
    guard let list = body.list("deviceIds", &problems) else { return nil }
    guard (1...BatchSubmission.maxDevices).contains(list.count) else {
      problems.add(
        "/deviceIds", "a batch has 1 to \(BatchSubmission.maxDevices) devices, not \(list.count)", code: "OUT_OF_RANGE",
        hint: "split it")
      return nil
    }
    var ids: [String] = []
    for (index, value) in list.enumerated() {
      guard case .text(let id) = value else {
        problems.add("/deviceIds/\(index)", "it must be a text", code: "INVALID_TYPE")
        continue
      }
      if ids.contains(id) { problems.add("/deviceIds/\(index)", "'\(id)' is there twice") } else { ids.append(id) }
    }
    return ids
  }

  // MARK: What batches and schedules share

  /// `"command": "battery:charge", "input": {…}`, or `"command": {"slug": "battery:charge", "input": {…}}`; the kind
  /// must be there, because nobody knows it from the target.
  static func commandOrder(
    _ body: BodyObject, _ problems: inout BodyProblems
  ) -> (name: CommandName, input: [String: ScalarValue], durationSeconds: Double?)? {
    var source = body
    var place = body.place("command")
    var text: String?
    if case .object? = body.members["command"] {
      guard let inner = body.object("command", allowed: ["slug", "input", "durationSeconds"], &problems) else {
        return nil
      }
      for name in ["input", "durationSeconds"] where body.has(name) {
        problems.add(body.place(name), "it belongs into 'command', where that is an object")
      }
      source = inner
      place = inner.place("slug")
      text = inner.text("slug", isRequired: true, &problems)
    } else {
      text = body.text("command", isRequired: true, &problems)
    }
    let input = source.scalars("input", &problems)
    let duration = source.number("durationSeconds", in: 1...maxBatchTTLSeconds, &problems)
    guard let text, let name = commandName(text, at: place, &problems) else { return nil }
    return (name, input, duration)
  }

  private static func commandName(
    _ text: String, at place: String, _ problems: inout BodyProblems
  ) -> CommandName? {
    guard let name = CommandName(text) else {
      problems.add(
        place, "'\(text)' is not type:verb", code: "UNSUPPORTED_COMMAND",
        hint: "such as battery:charge; the types are \(DeviceKind.allCases.map(\.rawValue).joined(separator: ", "))")
      return nil
    }
    let verbs = name.kind.map(CommandName.verbs) ?? [CommandName.refresh.verb]
    guard verbs.contains(name.verb) else {
      problems.add(
        place, "no \(name.kind?.rawValue ?? "device") can do '\(name.verb)'", code: "UNSUPPORTED_COMMAND",
        hint: "possible are \(verbs.joined(separator: ", "))")
      return nil
    }
    return name
  }

  private static func digest(of object: [String: JSONValue]) throws -> String {
    var meaning = object
    meaning["idempotencyKey"] = nil
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return hexadecimal(SHA256.hash(data: try encoder.encode(meaning)))
  }
}
