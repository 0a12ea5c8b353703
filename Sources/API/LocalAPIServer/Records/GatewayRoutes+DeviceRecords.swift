import Hummingbird
import LocalAPISchema

extension GatewayRoutes {
  /// Changes what the configuration leaves open.
  func updateDevice(_ request: APIRequest) async throws -> Response {
    let device = try await device(request)
    let isTagged = try EntityTag(device.draft).check(request.request)
    let changes = try RecordReader.device(try await RequestBodyReader.object(request.request))
    try await checkCustomer(changes.customerId?.text)
    try await checkSite(changes.siteId?.text)
    let changed = try await service.updateDevice(device.id, changes, expected: isTagged ? device.draft : nil)
    return try tagged(changed, changed.draft)
  }
}

extension GatewayRoutes {
  /// Throws 422 where there is no such site.
  func checkSite(_ id: String?) async throws {
    guard let id else { return }
    do { _ = try await service.site(id) } catch { throw error.missing("site", id) }
  }
}

// MARK: - Reading

extension GatewayRoutes {
  /// In whose words a device is shown.
  enum DeviceView: String, CaseIterable { case texture }

  func oneDevice(_ request: APIRequest) async throws -> Response {
    let found = try await device(request)
    guard try request.query.word("view", DeviceView.self) == .texture else { return try tagged(found, found.draft) }
    let surroundings = try await TextureSurroundings(of: [found], from: service)
    return try tagged(surroundings.render(found), found.draft)
  }

  func texturePage(_ list: ListSlice<DeviceResource>, page: Int, perPage: Int) async throws -> Response {
    let surroundings = try await TextureSurroundings(of: list.items, from: service)
    let own = Page(list, page: page, perPage: perPage)
    return try JSONText.response(TexturePage(data: list.items.map(surroundings.render), of: own))
  }

  /// The state, asked for anew where that is wanted, and only the fields that are wanted.
  func state(_ request: APIRequest) async throws -> Response {
    let query = request.query
    var found = try await device(request)
    let maxAge = try query.integer("maxAge", in: 0...86_400)
    if try query.flag("refresh") ?? false, (found.state.ageSeconds ?? .infinity) > Double(maxAge ?? 0) {
      try await service.refresh(found.id)
      found = try await device(request)
    }
    guard try query.word("view", DeviceView.self) == nil else {
      let surroundings = try await TextureSurroundings(of: [found], from: service)
      return try JSONText.response(surroundings.render(found).state)
    }
    return try JSONText.response(try chosen(query.text("fields"), of: found))
  }

  private func chosen(_ text: String?, of device: DeviceResource) throws(APIError) -> StateEnvelope {
    guard let text else { return device.state }
    let names = text.split(separator: ",").map(String.init)
    let known = Set(device.capabilities.fields.map(\.name)).union(device.state.fields.keys)
    if let unknown = names.first(where: { !known.contains($0) }) {
      throw .invalid(
        "?fields", "\(device.id) has no field '\(unknown)'", code: "UNKNOWN_FIELD",
        hint: "it has \(known.sorted().joined(separator: ", "))")
    }
    var state = device.state
    state.fields = state.fields.filter { names.contains($0.key) }
    state.fieldMeta = state.fieldMeta.filter { names.contains($0.key) }
    return state
  }
}

/// A page with devices in the words of Texture.
struct TexturePage: Encodable {
  let data: [TextureDevice]
  let page: Int
  let perPage: Int
  let totalItems: Int
  let totalPages: Int
  let nextCursor: String?

  init(data: [TextureDevice], of own: Page<DeviceResource>) {
    self.data = data
    page = own.page
    perPage = own.perPage
    totalItems = own.totalItems
    totalPages = own.totalPages
    nextCursor = own.nextCursor
  }
}
