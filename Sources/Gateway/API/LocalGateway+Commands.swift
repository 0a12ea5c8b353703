import CommandDispatch
import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TimeSource

extension LocalGateway {
  func submit(_ request: CommandCall) async throws(APIError) -> SubmittedCommand {
    do {
      let submission = try await dispatcher.submit(Self.dispatchRequest(request))
      return SubmittedCommand(command: CommandResource(submission.record), isReplay: submission.isReplay)
    } catch {
      throw Self.error(of: error)
    }
  }

  func preview(_ request: CommandCall) async throws(APIError) -> CommandPreview {
    do {
      let operations = try await dispatcher.dryRun(Self.dispatchRequest(request))
      return CommandPreview(
        deviceId: request.deviceId, command: request.name.description, input: request.input,
        durationSeconds: request.durationSeconds, operations: operations)
    } catch {
      throw Self.error(of: error)
    }
  }

  func commands(_ query: CommandQuery) async throws(APIError) -> ListSlice<CommandResource> {
    let own = current?.configuration.devices.filter { query.customerId == nil || $0.customerID == query.customerId }
    let ids = Set(own?.map(\.id) ?? [])
    let records = try await stored { () async throws(GatewayStoreError) in
      try await store.commands(
        deviceID: query.deviceId, statuses: query.status.map { [$0] }, limit: GatewayStore.commandsPerCall)
    }
    let visible = records.filter { query.customerId == nil || ids.contains($0.deviceID) }
    return query.slice.slice(of: visible.map { CommandResource($0) })
  }

  func command(_ id: String) async throws(APIError) -> CommandResource {
    let record = try await stored { () async throws(GatewayStoreError) in try await store.command(id: id) }
    guard let record else { throw .notFound("command", id) }
    return CommandResource(record)
  }

  func cancelCommand(_ id: String, actor: String) async throws(APIError) -> CommandResource {
    let before = try await command(id)
    // The command's own rows say who sent it; this one says who withdrew it.
    _ = try await stored { () async throws(GatewayStoreError) in
      try await store.append(
        AuditRecord(
          at: time.wall(), actor: actor, action: "command.cancel-requested", subject: before.deviceId, commandID: id))
    }
    guard await dispatcher.cancel(id) else {
      throw APIError(
        status: 409, code: "NOT_ALIVE", message: "command \(id) is \(before.status.rawValue) already",
        hint: "nothing is left to cancel")
    }
    return try await command(id)
  }

  func stop(_ deviceIds: [String]?, customerId: String?, actor: String) async throws(APIError) -> StopReport {
    let own = try live().configuration.devices.filter { customerId == nil || $0.customerID == customerId }.map(\.id)
    let outcomes = await dispatcher.halt(deviceIds ?? own, actor: actor)
    return StopReport(
      results: outcomes.map { outcome in
        StopReport.Result(
          deviceId: outcome.deviceID, command: outcome.record.map { CommandResource($0) },
          error: outcome.refusal.map {
            .init(code: $0.code, message: $0.description, retryable: true)
          })
      })
  }

  private static func dispatchRequest(_ call: CommandCall) -> CommandRequest {
    CommandRequest(
      deviceID: call.deviceId, name: call.name, input: call.input, durationSeconds: call.durationSeconds,
      ttlSeconds: call.ttlSeconds ?? CommandRequest.defaultTTLSeconds, actor: call.actor, priority: call.priority,
      notBefore: call.notBefore, idempotencyKey: call.idempotencyKey, digest: call.digest,
      onConflict: call.onConflict)
  }

  private static func error(of refusal: CommandRefusal) -> APIError {
    let pointer = refusal.parameter.map {
      ["durationSeconds", "idempotencyKey", "notBefore", "ttlSeconds"].contains($0) ? "/\($0)" : "/input/\($0)"
    }
    return APIError(
      status: APIError.status(for: refusal.code), code: refusal.code.rawValue, message: refusal.message,
      hint: refusal.hint, details: refusal.commandID.map { ["commandId": .text($0)] } ?? [:],
      errors: pointer.map { [.init(pointer: $0, code: refusal.code.rawValue, detail: refusal.message)] } ?? [])
  }
}
