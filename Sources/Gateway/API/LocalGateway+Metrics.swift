import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TelemetryPipeline
import TimeSource

extension LocalGateway {
  func metricDevices() async throws(APIError) -> [MetricDevice] {
    try live().configuration.devices.sorted { $0.id < $1.id }.map {
      MetricDevice(
        id: $0.id, type: $0.kind, siteId: $0.siteID, customerId: $0.customerID, tags: tags.tags(of: $0))
    }
  }

  func metric(_ request: MetricRequest) async throws(APIError) -> MetricAnswer {
    let reader = MetricReader(
      running: try live(), carbon: carbon.sources, boundaries: request.boundaries, now: time.wall())
    if request.metric == .emissions, reader.carbon.isEmpty { throw Self.noIntensity }
    return try await stored { () async throws(GatewayStoreError) in
      try await reader.answer(request.metric, request.subject)
    }
  }

  private static let noIntensity = APIError(
    status: 409, code: "NO_CARBON_INTENSITY", message: "no carbon intensity is known, so no emissions either",
    hint: "name a file or an HTTP source under carbonIntensity: in the configuration and reload the gateway")
}

/// Works metrics out of what the pipeline knows.
struct MetricReader {
  let running: RunningConfiguration
  let carbon: [CarbonSource]
  let boundaries: [Timestamp]
  let now: Timestamp

  private var pipeline: TelemetryPipeline { running.pipeline }
  private var unknown: [MetricValue] { boundaries.dropFirst().map { _ in MetricValue() } }

  func answer(
    _ metric: MetricName, _ subject: MetricRequest.Subject
  ) async throws(GatewayStoreError) -> MetricAnswer {
    switch metric {
    case .consumption: try await energy(.consumption, subject)
    case .production: try await energy(.production, subject)
    case .generation: try await energy(.generation, subject)
    case .charge: try await energy(.charge, subject)
    case .discharge: try await energy(.discharge, subject)
    case .gridImport: try await energy(.gridImport, subject)
    case .gridExport: try await energy(.gridExport, subject)
    case .gridEnergy: try await difference(.gridImport, .gridExport, subject)
    case .selfConsumption: try await difference(.generation, .gridExport, subject)
    case .storage:
      try await ofDevices(subject, metric) { device throws(GatewayStoreError) in try await storage(device) }
    case .availability:
      try await ofDevices(subject, metric) { device throws(GatewayStoreError) in try await availability(device) }
    case .emissions: try await emissions(subject)
    }
  }

  // MARK: Energy

  private func energy(
    _ metric: EnergyMetric, _ subject: MetricRequest.Subject
  ) async throws(GatewayStoreError) -> MetricAnswer {
    let (scope, id) = subject.window
    guard pipeline.books(metric, of: scope, id: id) else {
      return MetricAnswer(values: scope == .device ? nil : unknown)
    }
    let values = try await pipeline.usage(scope, id: id, metrics: [metric], boundaries: boundaries)[metric] ?? []
    return MetricAnswer(values: values.map(MetricValue.init))
  }

  /// One energy minus another. What a meter does not count at all is 0; what it counts and does not know is unknown.
  private func difference(
    _ plus: EnergyMetric, _ minus: EnergyMetric, _ subject: MetricRequest.Subject
  ) async throws(GatewayStoreError) -> MetricAnswer {
    let (scope, id) = subject.window
    let isMetered = [EnergyMetric.gridImport, .gridExport].contains { pipeline.books($0, of: scope, id: id) }
    guard isMetered, plus == .gridImport || pipeline.books(plus, of: scope, id: id) else {
      return MetricAnswer(values: scope == .device ? nil : unknown)
    }
    let parts = try await pipeline.usage(scope, id: id, metrics: [plus, minus], boundaries: boundaries)
    func values(_ metric: EnergyMetric) -> [EnergyValue]? {
      pipeline.books(metric, of: scope, id: id) ? parts[metric] : nil
    }
    let (first, second) = (values(plus), values(minus))
    return MetricAnswer(
      values: unknown.indices.map { index in
        let both = [first?[index], second?[index]].compactMap(\.self)
        guard !both.isEmpty, both.allSatisfy({ $0.wattHours != nil }) else { return MetricValue() }
        return MetricValue(
          (first?[index].wattHours ?? 0) - (second?[index].wattHours ?? 0), coverage: both.map(\.coverage).min() ?? 0,
          quality: both.map(\.quality).max() ?? .missing, revision: both.reduce(0) { $0 + $1.revision })
      })
  }

  // MARK: Devices

  private func devices(_ subject: MetricRequest.Subject) -> [GatewayConfiguration.Device] {
    running.configuration.devices.filter { device in
      switch subject {
      case .device(let id): device.id == id
      case .site(let id): device.siteID == id
      case .customer(let id): device.customerID == id
      }
    }
  }

  /// A metric that a site and a customer have by their devices alone.
  private func ofDevices(
    _ subject: MetricRequest.Subject, _ metric: MetricName,
    _ read: (GatewayConfiguration.Device) async throws(GatewayStoreError) -> [MetricValue]?
  ) async throws(GatewayStoreError) -> MetricAnswer {
    var parts: [[MetricValue]] = []
    for device in devices(subject) {
      if let values = try await read(device) { parts.append(values) }
    }
    if case .device = subject { return MetricAnswer(values: parts.first) }
    return MetricAnswer(values: parts.isEmpty ? unknown : MetricValue.combined(parts, metric))
  }

  /// The energy in a battery: as it says itself, else its state of charge of its capacity.
  private func storage(_ device: GatewayConfiguration.Device) async throws(GatewayStoreError) -> [MetricValue]? {
    guard device.kind == .battery, let index = pipeline.layout.index(of: device.id) else { return nil }
    let fields = pipeline.layout.devices[index].fields
    func bound(_ name: String) -> Field? { fields.first { $0.name == name } }
    let capacity = pipeline.latest(index).first { $0.field.name == "energyCapacityWh" }?.value.number
    let isDirect = bound("energyStoredWh") != nil
    guard let field = bound("energyStoredWh") ?? (capacity == nil ? nil : bound("socPercent")) else {
      return nil
    }
    let factor = isDirect ? 1 : (capacity ?? 0) / 100
    let history = try await pipeline.history(deviceID: device.id, field: field, boundaries: boundaries)
    let presence = try await pipeline.presence(deviceID: device.id, fields: [field], boundaries: boundaries)
    return unknown.indices.map { bucket in
      guard let sum = history[bucket], let last = sum.last else { return MetricValue() }
      return MetricValue(
        last * factor, coverage: share(presence, bucket),
        quality: isDirect ? sum.quality : max(sum.quality, .estimated),
        revision: sum.revision)
    }
  }

  /// How long a device was heard, as a share of the time since it was heard first.
  private func availability(_ device: GatewayConfiguration.Device) async throws(GatewayStoreError) -> [MetricValue]? {
    let presence = try await pipeline.presence(deviceID: device.id, boundaries: boundaries)
    return unknown.indices.map { bucket in
      guard let first = presence.first, first < boundaries[bucket + 1], boundaries[bucket] < now else {
        return MetricValue()
      }
      return MetricValue(share(presence, bucket), coverage: 1, quality: .good)
    }
  }

  private func share(_ presence: GatewayStore.Presence, _ bucket: Int) -> Double {
    let elapsed = min(boundaries[bucket + 1], now).millisecondsSince(boundaries[bucket])
    guard elapsed > 0, presence.milliseconds.indices.contains(bucket) else { return 0 }
    return min(1, Double(presence.milliseconds[bucket]) / Double(elapsed))
  }

  // MARK: Emissions

  /// What the grid meters of a site or customer took, each times the carbon intensity where it stands.
  private func emissions(_ subject: MetricRequest.Subject) async throws(GatewayStoreError) -> MetricAnswer {
    var parts: [[MetricValue]] = []
    var sources: Set<IntensitySource> = []
    for device in devices(subject) where pipeline.books(.gridImport, of: .device, id: device.id) {
      guard let source = carbon.source(forSite: device.siteID) else {
        parts.append(unknown)
        continue
      }
      sources.insert(described(source))
      parts.append(try await emissions(device.id, source.series))
    }
    if case .device = subject, parts.isEmpty { return MetricAnswer(values: nil) }
    return MetricAnswer(values: parts.isEmpty ? unknown : MetricValue.combined(parts, .emissions), sources: sources)
  }

  private func described(_ source: CarbonSource) -> IntensitySource {
    let start = boundaries.first ?? now
    let end = min(max(start, boundaries.last ?? now), max(start, now))
    return IntensitySource(
      name: source.name, kind: source.request == nil ? .file : .http,
      coverage: (source.series.coverage(from: start, to: end) * 1e8).rounded() / 1e8, until: source.series.end,
      problem: source.problem)
  }

  private func emissions(
    _ meter: String, _ series: CarbonSeries
  ) async throws(GatewayStoreError) -> [MetricValue] {
    guard let start = boundaries.first, let end = boundaries.last else { return [] }
    let cuts = Set(boundaries + series.changes(from: start, to: end)).sorted()
    var energies: [EnergyValue] = []
    while energies.count + 1 < cuts.count {
      let piece = Array(cuts[energies.count...].prefix(GatewayStore.rangesPerCall + 1))
      energies +=
        try await pipeline.usage(
          .device, id: meter, metrics: [.gridImport], boundaries: piece)[.gridImport] ?? []
    }
    var sums = boundaries.dropFirst().map { _ in EmissionSum() }
    var bucket = 0
    for (index, energy) in energies.enumerated() {
      while bucket + 1 < sums.count, cuts[index] >= boundaries[bucket + 1] { bucket += 1 }
      let elapsed = Double(max(0, min(cuts[index + 1], now).millisecondsSince(cuts[index])))
      sums[bucket].add(energy, gramsPerKWh: series.intensity(at: cuts[index]), elapsed: elapsed)
    }
    return sums.map(\.value)
  }
}

/// The emissions of one bucket on their way.
private struct EmissionSum {
  private var grams: Double?
  private var covered = 0.0
  private var elapsed = 0.0
  private var quality = Quality.good
  private var revision = 0

  mutating func add(_ energy: EnergyValue, gramsPerKWh: Double?, elapsed length: Double) {
    elapsed += length
    guard let wattHours = energy.wattHours, let gramsPerKWh else { return }
    grams = (grams ?? 0) + wattHours / 1000 * gramsPerKWh
    covered += energy.coverage * length
    quality = max(quality, energy.quality)
    revision += energy.revision
  }

  var value: MetricValue {
    guard let grams else { return MetricValue() }
    return MetricValue(grams, coverage: elapsed > 0 ? covered / elapsed : 0, quality: quality, revision: revision)
  }
}

extension MetricRequest.Subject {
  /// Where its windows are.
  fileprivate var window: (scope: WindowScope, id: String) {
    switch self {
    case .device(let id): (.device, id)
    case .site(let id): (.site, id)
    case .customer(let id): (.customer, id)
    }
  }
}

extension MetricValue {
  fileprivate init(_ energy: EnergyValue) {
    self.init(
      energy.wattHours, coverage: energy.coverage, quality: energy.quality, revision: energy.revision)
  }
}
