import EnergyModel
import LocalAPISchema

/// A device as Texture clients know it.
struct TextureDevice: Encodable {
  struct Location: Encodable {
    struct Address: Encodable {
      let streetOne: String?
      let streetTwo: String?
      let city: String?
      let state: String?
      let postalCode: String?
      let country: String?
    }
    struct Coordinates: Encodable {
      let latitude: Double
      let longitude: Double
    }

    let address: Address?
    let coordinates: Coordinates?

    init?(_ site: SiteResource?) {
      guard let site, site.address != nil || site.latitude != nil else { return nil }
      address = site.address.map {
        Address(
          streetOne: $0.line1, streetTwo: $0.line2, city: $0.city, state: $0.state, postalCode: $0.postalCode,
          country: $0.country)
      }
      coordinates = site.latitude.flatMap { latitude in
        site.longitude.map { Coordinates(latitude: latitude, longitude: $0) }
      }
    }
  }

  struct Command: Encodable {
    let slug: String
    let description: String
    let schema: InputSchema
  }

  let id: String
  let type: DeviceKind
  let manufacturerDeviceId: String
  let serialNumber: String?
  let manufacturer: String?
  let model: String?
  let name: String
  let referenceId: String?
  let customerId: String?
  let siteId: String?
  let tags: [String]
  let location: Location?
  let availableCommands: [Command]
  let state: [String: JSONValue]
  let createdAt: Timestamp?
  let updatedAt: Timestamp?

  init(_ device: DeviceResource, site: SiteResource?, gridPowerW: Double?) {
    id = device.id
    type = device.type
    manufacturerDeviceId = device.serialNumber ?? device.id
    serialNumber = device.serialNumber
    manufacturer = device.manufacturer
    model = device.model
    name = device.name
    referenceId = device.referenceId
    customerId = device.customerId
    siteId = device.siteId
    tags = device.tags
    location = Location(site)
    availableCommands = device.availableCommands.map {
      Command(slug: $0.slug, description: $0.description, schema: $0.input)
    }
    state = Self.state(of: device, gridPowerW: gridPowerW)
    createdAt = device.createdAt
    updatedAt = device.updatedAt
  }

  /// The state with its own id and time; `null` for fields that are not known.
  static func state(of device: DeviceResource, gridPowerW: Double?) -> [String: JSONValue] {
    var state = TextureState.of(device.type).render(device.state.fields, gridPowerW: gridPowerW)
    state["id"] = .text("\(device.id)-\(device.state.seq)")
    state["createdAt"] = device.state.observedAt.map { .text($0.rfc3339) } ?? .null
    return state
  }
}

/// Where devices are and what their grid meters show: looked up once for a list.
struct TextureSurroundings {
  private var sites: [String: SiteResource] = [:]
  private var meters: [String: [DeviceResource]] = [:]

  /// - Parameter devices: those that are to be rendered.
  init(of devices: [DeviceResource], from service: any GatewayService) async throws(APIError) {
    for id in Set(devices.compactMap(\.siteId)) {
      sites[id] = try? await service.site(id)
      let slice = SliceRequest(offset: 0, limit: SliceRequest.maxPerPage)
      let found = try await service.devices(DeviceQuery(type: .meter, siteId: id, slice: slice))
      meters[id] = found.items.filter { $0.role == .grid && !$0.state.isStale }
    }
  }

  func render(_ device: DeviceResource) -> TextureDevice {
    let site = device.siteId.flatMap { sites[$0] }
    // A meter of somebody else at the same site is nobody's business.
    let meter = device.siteId.flatMap { meters[$0] }?.first { $0.customerId == device.customerId }
    var gridPowerW: Double?
    if case .number(let watts)? = meter?.state.fields["powerW"] { gridPowerW = watts }
    return TextureDevice(
      device, site: site?.customerId == device.customerId ? site : nil, gridPowerW: gridPowerW)
  }
}
