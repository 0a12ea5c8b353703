import DeviceProfiles
import EnergyModel
import LocalAPISchema

// From what was heard to what is told.
extension Discovery {
  /// What the configuration says of a link that was not asked.
  func tell(_ link: KnownLink, _ transport: String, _ place: String) {
    var told: Set<String> = []
    for device in link.devices {
      let key = "\(device.profile) \(device.unit ?? -1)"
      guard told.insert(key).inserted else { continue }
      let same = link.devices.filter { $0.profile == device.profile && $0.unit == device.unit }
      board.add(
        DiscoveryFind(
          transport: transport, place: place, unit: device.unit, certainty: .configured, profile: device.profile,
          product: device.product, evidence: "link \(link.id) has it", deviceIds: same.map(\.id)))
    }
    if link.devices.isEmpty {
      board.add(
        DiscoveryFind(
          transport: transport, place: place, certainty: .configured, evidence: "link \(link.id) leads there"))
    }
  }

  /// A unit of a bus.
  func find(_ found: BusFind, _ place: String, _ link: KnownLink?, _ new: SnippetBuilder.Link) -> DiscoveryFind {
    let profile = found.profile.flatMap { catalogue.byID[$0] }
    let same = link?.devices.filter { $0.unit == Int(found.unit) } ?? []
    var find = DiscoveryFind(
      transport: "modbus", place: place, unit: Int(found.unit),
      certainty: profile == nil ? .unknown : found.isCertain ? .identified : .likely, profile: profile?.id,
      product: profile?.name, evidence: found.evidence, manufacturer: found.manufacturer, model: found.model,
      serialNumber: found.serialNumber, alternatives: found.alternatives, deviceIds: same.map(\.id))
    guard let profile, same.isEmpty else { return find }
    let parameters = profile.unitParameter.map { [$0: ScalarValue.number(Double(found.unit))] } ?? [:]
    find.add =
      SnippetBuilder(
        profile: profile, parts: found.models.map { profile.parts(withModels: $0) } ?? profile.parts,
        parameters: parameters, missing: ProfileFilling.missing(profile, parameters),
        link: link.map { .existing($0.id) } ?? new
      ).snippet
    return find
  }

  /// A device that publishes or serves documents.
  func find(
    _ match: DocumentMatch, _ others: [String], transport: String, place: String, _ link: KnownLink?,
    _ new: SnippetBuilder.Link
  ) -> DiscoveryFind {
    let same = link?.devices.filter { device in
      device.profile == match.profile.id && match.parameters.allSatisfy { device.parameters[$0.key] == $0.value }
    }
    let first = match.sources.min() ?? ""
    let more = match.sources.count > 1 ? " and \(match.sources.count - 1) more" : ""
    var find = DiscoveryFind(
      transport: transport, place: place,
      certainty: match.profile.identify == nil ? .likely : .identified, profile: match.profile.id,
      product: match.profile.name,
      evidence: BusExamination.bounded("\(match.good) of \(match.wanted) values from \(first)") + more,
      manufacturer: match.texts["manufacturer"].map(BusExamination.bounded) ?? match.profile.manufacturer,
      model: match.texts["model"].map(BusExamination.bounded),
      serialNumber: match.texts["serialNumber"].map(BusExamination.bounded), alternatives: others,
      deviceIds: same?.map(\.id) ?? [])
    guard find.deviceIds.isEmpty else { return find }
    find.add =
      SnippetBuilder(
        profile: match.profile, parts: match.profile.parts, parameters: match.parameters, missing: match.missing,
        link: link.map { .existing($0.id) } ?? new
      ).snippet
    return find
  }
}
