import EnergyModel
import HTTPTypes
import Hummingbird
import LocalAPISchema
import TimeSource

extension GatewayRoutes {
  var scheduleRoutes: [Route] { deviceScheduleRoutes + tagScheduleRoutes }

  private var deviceScheduleRoutes: [Route] {
    // One body under both names: the reader tells the compatible form by its member `schedule`.
    let names = [("schedules", false), ("schedule", true)]
    let creation = names.map { name, isAlias in
      route(.post, "/v1/devices/{id}/\(name)", .scope(.commandsWrite), .createDeviceSchedule(isAlias)) { request in
        let device = try await device(request.parameter("id"), for: request.caller)
        let site = device.siteId == nil ? nil : try? await service.site(device.siteId ?? "")
        let reader = ScheduleReader(device: device, siteZone: site?.timezone)
        return try await createSchedule(
          .device(device.id), reader, "/v1/devices/\(device.id)/schedules", request)
      }
    }
    let single = names.flatMap { name, isAlias in
      [
        route(.get, "/v1/devices/{id}/\(name)/{sid}", .scope(.devicesRead), .getDeviceSchedule(isAlias)) { request in
          return try JSONText.response(try await deviceSchedule(request))
        },
        route(.delete, "/v1/devices/{id}/\(name)/{sid}", .scope(.commandsWrite), .deleteDeviceSchedule(isAlias)) {
          request in
          try await service.deleteSchedule(try await deviceSchedule(request).id)
          return Response(status: .noContent)
        },
      ]
    }
    return creation + single + [
      route(.get, "/v1/devices/{id}/schedules", .scope(.devicesRead), .listDeviceSchedules) { request in
        let device = try await device(request.parameter("id"), for: request.caller)
        return try await listSchedules(request, deviceId: device.id, tag: nil)
      },
      route(.delete, "/v1/devices/{id}/schedules", .scope(.commandsWrite), .deleteDeviceSchedules) { request in
        let device = try await device(request.parameter("id"), for: request.caller)
        let all = try await service.schedules(
          ScheduleQuery(deviceId: device.id, slice: SliceRequest(offset: 0, limit: ScheduleDraft.maxSchedules)))
        for schedule in all.items { try await service.deleteSchedule(schedule.id) }
        return Response(status: .noContent)
      },
    ]
  }

  private var tagScheduleRoutes: [Route] {
    [
      route(.get, "/v1/schedules", .scope(.devicesRead), .listSchedules) { request in
        try await listSchedules(request, deviceId: request.query.text("deviceId"), tag: request.query.text("tag"))
      },
      route(.get, "/v1/schedules/{id}", .scope(.devicesRead), .getSchedule) { request in
        return try JSONText.response(try await schedule(request.parameter("id"), for: request.caller))
      },
      route(.delete, "/v1/schedules/{id}", .scope(.commandsWrite), .deleteSchedule) { request in
        try await service.deleteSchedule(try await schedule(request.parameter("id"), for: request.caller).id)
        return Response(status: .noContent)
      },
      route(.post, "/v1/schedules/tags/{tag}", .scope(.commandsWrite), .createTagSchedule) { request in
        let tag = request.parameter("tag")
        return try await createSchedule(
          .tag(tag, customerId: request.caller.customerId), ScheduleReader(device: nil, siteZone: nil),
          "/v1/schedules/tags/\(tag)", request)
      },
      route(.get, "/v1/schedules/tags/{tag}", .scope(.devicesRead), .listTagSchedules) { request in
        try await listSchedules(request, deviceId: nil, tag: request.parameter("tag"))
      },
      route(.get, "/v1/schedules/tags/{tag}/{sid}", .scope(.devicesRead), .getTagSchedule) { request in
        return try JSONText.response(try await tagSchedule(request))
      },
      route(.delete, "/v1/schedules/tags/{tag}/{sid}", .scope(.commandsWrite), .deleteTagSchedule) { request in
        try await service.deleteSchedule(try await tagSchedule(request).id)
        return Response(status: .noContent)
      },
    ]
  }

  private func createSchedule(
    _ target: ScheduleCall.Target, _ reader: ScheduleReader, _ place: String, _ request: APIRequest
  ) async throws -> Response {
    let object = try await RequestBodyReader.object(request.request)
    let (plan, timezone) = try reader.plan(of: object, now: time.wall())
    let schedule = try await service.createSchedule(
      ScheduleCall(target: target, plan: plan, timezone: timezone, actor: request.caller.actor))
    return try JSONText.response(schedule, status: .created, headers: [.location: "\(place)/\(schedule.id)"])
  }

  private func listSchedules(
    _ request: APIRequest, deviceId: String?, tag: String?
  ) async throws -> Response {
    let (page, slice) = try request.query.slice()
    let list = try await service.schedules(
      ScheduleQuery(
        deviceId: deviceId, tag: tag, customerId: request.caller.customerId,
        includesEnded: try request.query.flag("ended") ?? false, slice: slice))
    return try JSONText.response(Page(list, page: page, perPage: slice.limit))
  }

  /// A schedule of the caller's; somebody else's does not exist.
  private func schedule(_ id: String, for caller: Caller) async throws -> ScheduleResource {
    let schedule = try await service.schedule(id)
    guard caller.customerId != nil else { return schedule }
    let owner: String?
    if let deviceId = schedule.deviceId {
      owner = (try? await service.device(deviceId))?.customerId
    } else {
      owner = try await service.scheduleRestriction(id)
    }
    guard let owner, caller.sees(customer: owner) else { throw APIError.notFound("schedule", id) }
    return schedule
  }

  private func deviceSchedule(_ request: APIRequest) async throws -> ScheduleResource {
    let device = try await device(request.parameter("id"), for: request.caller)
    let schedule = try await service.schedule(request.parameter("sid"))
    guard schedule.deviceId == device.id else { throw APIError.notFound("schedule", schedule.id) }
    return schedule
  }

  private func tagSchedule(_ request: APIRequest) async throws -> ScheduleResource {
    let schedule = try await schedule(request.parameter("sid"), for: request.caller)
    guard schedule.tag == request.parameter("tag") else { throw APIError.notFound("schedule", schedule.id) }
    return schedule
  }
}
