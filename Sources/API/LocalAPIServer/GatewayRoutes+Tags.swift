import Foundation
import Hummingbird
import LocalAPISchema

extension GatewayRoutes {
  var tagRoutes: [Route] {
    [
      route(.get, "/v1/devices/{id}/tags", .scope(.devicesRead), .getDeviceTags) { request in
        let device = try await device(request.parameter("id"), for: request.caller)
        return try JSONText.response(try await service.tags(of: device.id))
      },
      route(.put, "/v1/devices/{id}/tags", .scope(.devicesWrite), .setDeviceTags) { request in
        let device = try await device(request.parameter("id"), for: request.caller)
        let tags = try Self.tags(try await RequestBodyReader.object(request.request))
        return try JSONText.response(try await service.setTags(tags, of: device.id))
      },
      route(.get, "/v1/tags", .scope(.devicesRead), .listTags) { request in
        let (page, slice) = try request.query.slice()
        let tags = try await service.tagSummaries(customerId: request.caller.customerId)
        return try JSONText.response(Page(slice.slice(of: tags), page: page, perPage: slice.limit))
      },
      route(.get, "/v1/tags/{tag}/devices", .scope(.devicesRead), .listTagDevices) { request in
        let tag = request.parameter("tag")
        let known = try await service.tagSummaries(customerId: request.caller.customerId)
        guard known.contains(where: { $0.tag == tag }) else { throw APIError.notFound("tag", tag) }
        return try await listDevices(request, request.query, tag: tag)
      },
    ]
  }

  private static func tags(_ object: [String: JSONValue]) throws(APIError) -> [String] {
    var problems = BodyProblems()
    let tags = tags(BodyObject(object, allowed: ["tags"], &problems), &problems)
    try problems.check()
    return tags
  }

  /// The member `tags`, which must be there.
  static func tags(_ body: BodyObject, _ problems: inout BodyProblems) -> [String] {
    let list = body.list("tags", isRequired: true, &problems) ?? []
    if list.count > DeviceTagDraft.maxTags {
      problems.add("/tags", "a device has at most \(DeviceTagDraft.maxTags) tags", code: "OUT_OF_RANGE")
    }
    var tags: [String] = []
    for (index, value) in list.prefix(DeviceTagDraft.maxTags).enumerated() {
      guard case .text(let tag) = value else {
        problems.add("/tags/\(index)", "it must be a text", code: "INVALID_TYPE")
        continue
      }
      checkTag(tag, at: "/tags/\(index)", &problems)
      if tags.contains(tag) { problems.add("/tags/\(index)", "'\(tag)' is there twice") } else { tags.append(tag) }
    }
    return tags
  }

  /// A tag is a word that can be written in a path, a table and a command line.
  private static func checkTag(_ tag: String, at pointer: String, _ problems: inout BodyProblems) {
    guard (1...DeviceTagDraft.maxTagLength).contains(tag.count) else {
      return problems.add(
        pointer, "a tag has 1 to \(DeviceTagDraft.maxTagLength) characters", code: "OUT_OF_RANGE")
    }
    let isPlain = tag.unicodeScalars.allSatisfy {
      !CharacterSet.controlCharacters.contains($0) && !CharacterSet.newlines.contains($0) && $0 != "/" && $0 != ","
    }
    guard isPlain, tag == tag.trimmingCharacters(in: .whitespaces) else {
      return problems.add(
        pointer, "'\(tag)' cannot be a tag",
        hint: "a tag has no comma, slash, line break, or blank at its ends")
    }
  }
}
