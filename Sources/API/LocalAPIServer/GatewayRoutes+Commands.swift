import Crypto
import EnergyModel
import Foundation
import HTTPTypes
import Hummingbird
import LocalAPISchema
import TimeSource

extension GatewayRoutes {
  /// The longest wait for `Prefer: wait`, in seconds; a longer wish is cut.
  static let maxWaitSeconds = 60
  /// The longest idempotency key.
  static let maxIdempotencyKeyLength = 255
  /// How often a waiting request looks at its command.
  static let waitStep: Duration = .milliseconds(100)

  var commandRoutes: [Route] {
    [
      route(.post, "/v1/devices/{id}/commands", .scope(.commandsWrite), .sendCommand) { try await submit($0) },
      route(.get, "/v1/devices/{id}/commands", .scope(.devicesRead), .listDeviceCommands) { request in
        let query = request.query
        let device = try await device(request.parameter("id"), for: request.caller)
        return try await listCommands(request, query, deviceId: device.id)
      },
      route(.get, "/v1/commands", .scope(.devicesRead), .listCommands) { request in
        let query = request.query
        return try await listCommands(request, query, deviceId: query.text("deviceId"))
      },
      route(.get, "/v1/commands/{id}", .scope(.devicesRead), .getCommand) { request in
        var command = try await command(request.parameter("id"), for: request.caller)
        if let seconds = Self.waitSeconds(request.request.headers) {
          command = try await settled(command, seconds: seconds)
        }
        return try JSONText.response(command)
      },
      route(.post, "/v1/commands/stop", .scope(.admin), .stopDevices) { try await stop($0) },
      route(.post, "/v1/commands/{id}/cancel", .scope(.commandsWrite), .cancelCommand) { request in
        let command = try await command(request.parameter("id"), for: request.caller)
        return try JSONText.response(try await service.cancelCommand(command.id, actor: request.caller.actor))
      },
    ]
  }

  /// The seed's form: type and verb in the path, the device in the body.
  var typedCommandRoutes: [Route] {
    DeviceKind.allCases.map { kind in
      route(.post, "/v1/commands/\(kind.rawValue)/{verb}", .scope(.commandsWrite), .sendTypedCommand(kind)) {
        try await submit($0, to: kind)
      }
    }
  }

  private func submit(_ request: APIRequest, to kind: DeviceKind) async throws -> Response {
    var object = try await RequestBodyReader.object(request.request)
    try RequestBodyReader.checkFields(of: object, allowed: ["deviceId"] + Self.submissionFields.dropFirst(2))
    guard case .text(let id)? = object.removeValue(forKey: "deviceId") else {
      throw APIError.invalid("/deviceId", "'deviceId' is missing", code: "MISSING_FIELD")
    }
    var body = try RequestBodyReader.decode(CommandSubmission.self, from: object, fields: Self.submissionFields)
    let device = try await device(id, for: request.caller)
    guard device.type == kind else {
      throw APIError.invalid(
        "/deviceId", "\(id) is a \(device.type.rawValue) and no \(kind.rawValue)", code: "UNSUPPORTED_COMMAND")
    }
    let words = TextureCommand(kind: kind, verb: request.parameter("verb"), input: body.input ?? [:])
    body.verb = words.verb
    body.input = words.input
    return try await submit(request, body, to: device)
  }

  private func command(_ id: String, for caller: Caller) async throws -> CommandResource {
    let command = try await service.command(id)
    guard caller.customerId != nil else { return command }
    let device = try? await service.device(command.deviceId)
    guard let device, caller.sees(customer: device.customerId) else { throw APIError.notFound("command", id) }
    return command
  }

  private func listCommands(
    _ request: APIRequest, _ query: QueryReader, deviceId: String?
  ) async throws -> Response {
    let (page, slice) = try query.slice()
    let list = try await service.commands(
      CommandQuery(
        deviceId: deviceId, customerId: request.caller.customerId,
        status: try query.word("status", CommandStatus.self), slice: slice))
    return try JSONText.response(Page(list, page: page, perPage: slice.limit))
  }

  // MARK: Submission

  private func submit(_ request: APIRequest) async throws -> Response {
    let device = try await device(request.parameter("id"), for: request.caller)
    let object = try await RequestBodyReader.object(request.request)
    let body = try RequestBodyReader.decode(CommandSubmission.self, from: object, fields: Self.submissionFields)
    return try await submit(request, body, to: device)
  }

  private static let submissionFields = [
    "command", "verb", "input", "durationSeconds", "until", "ttlSeconds", "notBefore", "priority", "dryRun",
    "idempotencyKey", "onConflict",
  ]

  private func submit(
    _ request: APIRequest, _ body: CommandSubmission, to device: DeviceResource
  ) async throws -> Response {
    let call = try call(body, device: device, request)
    let submitted: SubmittedCommand
    do {
      if body.dryRun == true { return try JSONText.response(try await service.preview(call)) }
      submitted = try await service.submit(call)
    } catch let error as APIError {
      throw body.until == nil ? error : error.moved(from: "/durationSeconds", to: "/until")
    }
    var command = submitted.command
    var headers = HTTPFields()
    headers[.location] = "/v1/commands/\(command.id)"
    if submitted.isReplay { headers[.idempotentReplayed] = "true" }
    guard let seconds = Self.waitSeconds(request.request.headers) else {
      return try JSONText.response(command, status: .accepted, headers: headers)
    }
    headers[.preferenceApplied] = "wait=\(seconds)"
    command = try await settled(command, seconds: seconds)
    if let failure = APIError(deviceFailureOf: command) { throw failure }
    return try JSONText.response(command, status: command.isSettled ? .ok : .accepted, headers: headers)
  }

  private func call(
    _ body: CommandSubmission, device: DeviceResource, _ request: APIRequest
  ) throws -> CommandCall {
    let policy = body.onConflict ?? .reject
    for (pointer, value) in [("/durationSeconds", body.durationSeconds), ("/ttlSeconds", body.ttlSeconds)] {
      guard let value, !(value.isFinite && value > 0) else { continue }
      throw APIError.invalid(pointer, "\(pointer.dropFirst()) must be above 0", code: "OUT_OF_RANGE")
    }
    let priority = body.priority ?? .user
    try Self.check(priority, of: request.caller)
    let call = CommandCall(
      deviceId: device.id, name: try Self.name(body, device), input: body.input ?? [:],
      durationSeconds: try Self.duration(body, now: time.wall()), ttlSeconds: body.ttlSeconds,
      actor: request.caller.actor,
      priority: priority, notBefore: body.notBefore,
      idempotencyKey: try Self.idempotencyKey(body.idempotencyKey, request.request.headers), digest: "",
      onConflict: policy)
    return try Self.digested(call, until: body.until)
  }

  /// Seconds that a command is to hold, from the time when it may be sent. Not checked here: a repetition is answered as
  /// before, also when its time is over.
  private static func duration(_ body: CommandSubmission, now: Timestamp) throws(APIError) -> Double? {
    guard let until = body.until else { return body.durationSeconds }
    guard body.durationSeconds == nil else {
      throw .invalid("/until", "'until' and 'durationSeconds' say the same thing", hint: "give one of them")
    }
    return Double(until.millisecondsSince(max(now, body.notBefore ?? now))) / 1000
  }

  static func check(_ priority: CommandPriority, of caller: Caller) throws(APIError) {
    guard let refusal = caller.refusal(of: priority) else { return }
    throw APIError(
      status: 403, code: "PRIORITY_FORBIDDEN", message: refusal, hint: "leave it out, or send user",
      errors: [.init(pointer: "/priority", code: "PRIORITY_FORBIDDEN", detail: refusal)])
  }

  private static func name(_ body: CommandSubmission, _ device: DeviceResource) throws -> CommandName {
    guard let text = body.command ?? body.verb, !text.isEmpty else {
      throw APIError.invalid("/command", "'command' is missing", code: "MISSING_FIELD", hint: "\"battery:charge\"")
    }
    if text == CommandName.refresh.verb { return .refresh }
    guard text.contains(":") else { return CommandName(kind: device.type, verb: text) }
    guard let name = CommandName(text), name.kind == device.type || name == .refresh else {
      throw APIError.invalid(
        "/command", "\(device.id) is a \(device.type.rawValue) and cannot do '\(text)'", code: "UNSUPPORTED_COMMAND",
        hint: device.capabilities.commands.isEmpty
          ? "it takes no commands" : "it can do \(device.capabilities.commands.joined(separator: ", "))")
    }
    return name
  }

  static func idempotencyKey(_ own: String?, _ headers: HTTPFields) throws -> String? {
    let header = headers[.idempotencyKey]
    if let header, let own, header != own {
      throw APIError.invalid("/idempotencyKey", "'idempotencyKey' differs from the header Idempotency-Key")
    }
    guard let key = header ?? own else { return nil }
    guard !key.isEmpty, key.utf8.count <= maxIdempotencyKeyLength else {
      throw APIError.invalid(
        "/idempotencyKey", "an idempotency key has 1 to \(maxIdempotencyKeyLength) characters", code: "OUT_OF_RANGE")
    }
    return key
  }

  private struct Meaning: Encodable {
    let device: String
    let command: String
    let input: [String: ScalarValue]
    let duration: Double?
    let ttl: Double?
    let policy: String
    /// Absent where it says nothing, so that keys of earlier releases stay valid.
    let priority: String?
    let notBefore: Timestamp?
    let until: Timestamp?
  }

  /// The duration to a time gets shorter; a repetition is one nevertheless.
  private static func digested(_ call: CommandCall, until: Timestamp?) throws -> CommandCall {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let meaning = try encoder.encode(
      Meaning(
        device: call.deviceId, command: call.name.description, input: call.input,
        duration: until == nil ? call.durationSeconds : nil, ttl: call.ttlSeconds, policy: call.onConflict.rawValue,
        priority: call.priority == .user ? nil : call.priority.rawValue, notBefore: call.notBefore, until: until))
    var call = call
    call.digest = hexadecimal(SHA256.hash(data: meaning))
    return call
  }

  static func hexadecimal(_ digest: SHA256.Digest) -> String {
    digest.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }

  // MARK: Stop

  private func stop(_ request: APIRequest) async throws -> Response {
    let object = try await RequestBodyReader.object(request.request)
    let body = try RequestBodyReader.decode(StopRequest.self, from: object, fields: ["deviceIds"])
    for id in body.deviceIds ?? [] { _ = try await device(id, for: request.caller) }
    var report = try await service.stop(
      body.deviceIds, customerId: request.caller.customerId, actor: request.caller.actor)
    let deadline = time.monotonic() + .seconds(Self.waitSeconds(request.request.headers) ?? 0)
    while !report.results.allSatisfy(\.isSettled), time.monotonic() < deadline, !listeners.isStopping {
      try await time.sleep(for: Self.waitStep)
      for (index, result) in report.results.enumerated() where !result.isSettled {
        guard let id = result.command?.id else { continue }
        report.results[index] = .init(
          deviceId: result.deviceId, command: try await service.command(id), error: result.error)
      }
      report = StopReport(results: report.results)
    }
    return try JSONText.response(report)
  }

  // MARK: Waiting

  /// `Prefer: wait=10`; anything else in the header is ignored, as its standard (RFC 7240) wants it.
  static func waitSeconds(_ headers: HTTPFields) -> Int? {
    guard let header = headers[.prefer] else { return nil }
    for preference in header.split(separator: ",") {
      let parts = preference.filter { $0 != " " }.split(separator: "=")
      guard parts.count == 2, parts[0].lowercased() == "wait", let seconds = Int(parts[1]), seconds > 0 else {
        continue
      }
      return min(seconds, maxWaitSeconds)
    }
    return nil
  }

  /// The command when it is confirmed or ended, when it waits for its time, when the time is over, or when the server
  /// stops.
  private func settled(_ command: CommandResource, seconds: Int) async throws -> CommandResource {
    let deadline = time.monotonic() + .seconds(seconds)
    var command = command
    while !command.isSettled, command.status != .scheduled, time.monotonic() < deadline, !listeners.isStopping {
      try await time.sleep(for: Self.waitStep)
      command = try await service.command(command.id)
    }
    return command
  }
}

extension APIError {
  /// The same for a request that says it with another member.
  fileprivate func moved(from old: String, to new: String) -> APIError {
    var error = self
    for index in error.errors.indices where error.errors[index].pointer == old { error.errors[index].pointer = new }
    return error
  }
}

extension APIError {
  /// What a device said instead of doing a command that somebody waited for, or that it said nothing: 502 and 504, 409
  /// where it could not be asked. `nil` where the command came to no end, or to another one.
  fileprivate init?(deviceFailureOf command: CommandResource) {
    guard let error = command.error, command.status == .failed || command.status == .unconfirmed else { return nil }
    let status = Self.status(for: error.code)
    guard status >= 500 || error.code == .deviceOffline else { return nil }
    self.init(
      status: status, code: error.code.rawValue, message: error.message,
      hint: "GET /v1/commands/\(command.id) has what was sent and what the device showed",
      details: ["commandId": .text(command.id), "status": .text(command.status.rawValue)])
  }
}
