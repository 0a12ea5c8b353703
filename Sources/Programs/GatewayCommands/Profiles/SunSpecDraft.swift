import DeviceProfiles
import EnergyModel
import ProfileExplanation

/// What the standard models of SunSpec are in the unified model.
enum SunSpecDraft {
  private struct Entry {
    var name: String
    var models: [UInt16]
    var point: String
    /// Further keys of the point.
    var extra = ""
  }

  private struct Group {
    var kind: DeviceKind
    /// The device is there when one of these models is.
    var models: [UInt16]
    var entries: [Entry]
  }

  private static let inverterModels: [UInt16] = [101, 102, 103, 111, 112, 113]
  private static let meterModels: [UInt16] = [201, 202, 203, 204, 211, 212, 213, 214]

  private static let common = [
    ("manufacturer", "Mn"), ("model", "Md"), ("firmwareVersion", "Vr"), ("serialNumber", "SN"),
  ]

  private static let groups: [Group] = [
    Group(kind: .inverter, models: inverterModels, entries: inverter),
    Group(kind: .inverter, models: [701], entries: generator),
    Group(kind: .battery, models: [802, 124, 713], entries: battery),
    Group(kind: .meter, models: meterModels, entries: meter),
  ]

  private static let states =
    "enum: {1: off, 2: sleeping, 3: starting, 4: running, 5: throttled, 6: shuttingDown, 7: fault, 8: standby}"
  private static let total = "counter: true, poll: slow"

  private static let inverter: [Entry] = {
    var entries = [
      Entry(name: "acPowerW", models: inverterModels, point: "W", extra: "poll: fast"),
      Entry(name: "apparentPowerVA", models: inverterModels, point: "VA"),
      Entry(name: "reactivePowerVar", models: inverterModels, point: "VAr"),
      Entry(name: "frequencyHz", models: inverterModels, point: "Hz"),
      Entry(name: "dcPowerW", models: inverterModels, point: "DCW"),
      Entry(name: "temperatureC", models: inverterModels, point: "TmpCab"),
      Entry(name: "energyGeneratedTotalWh", models: inverterModels, point: "WH", extra: total),
      Entry(name: "status", models: inverterModels, point: "St", extra: states),
      Entry(name: "ratedPowerW", models: [120], point: "WRtg", extra: "poll: slow"),
      Entry(name: "powerLimitPercent", models: [123], point: "WMaxLimPct", extra: "valid: 0..100"),
    ]
    for (phase, letter) in zip(1...3, ["A", "B", "C"]) {
      entries.append(Entry(name: "phases.l\(phase).voltageV", models: inverterModels, point: "PhVph\(letter)"))
      entries.append(Entry(name: "phases.l\(phase).currentA", models: inverterModels, point: "Aph\(letter)"))
    }
    for number in 1...4 {
      let input = "dcInputs.\(number)"
      entries.append(Entry(name: "\(input).voltageV", models: [160], point: "module.\(number).DCV"))
      entries.append(Entry(name: "\(input).currentA", models: [160], point: "module.\(number).DCA"))
      entries.append(Entry(name: "\(input).powerW", models: [160], point: "module.\(number).DCW"))
      entries.append(Entry(name: "\(input).energyTotalWh", models: [160], point: "module.\(number).DCWH", extra: total))
    }
    return entries
  }()

  private static let generator: [Entry] = {
    var entries = [
      Entry(name: "acPowerW", models: [701], point: "W", extra: "poll: fast"),
      Entry(name: "apparentPowerVA", models: [701], point: "VA"),
      Entry(name: "reactivePowerVar", models: [701], point: "Var"),
      Entry(name: "frequencyHz", models: [701], point: "Hz"),
      Entry(name: "temperatureC", models: [701], point: "TmpCab"),
      Entry(name: "energyGeneratedTotalWh", models: [701], point: "TotWhInj", extra: total),
      Entry(name: "energyAbsorbedTotalWh", models: [701], point: "TotWhAbs", extra: total),
      Entry(name: "ratedPowerW", models: [702], point: "WMaxRtg", extra: "poll: slow"),
      Entry(name: "dcPowerW", models: [714], point: "DCW"),
    ]
    for phase in 1...3 {
      entries.append(Entry(name: "phases.l\(phase).voltageV", models: [701], point: "VL\(phase)"))
      entries.append(Entry(name: "phases.l\(phase).currentA", models: [701], point: "AL\(phase)"))
      entries.append(Entry(name: "phases.l\(phase).powerW", models: [701], point: "WL\(phase)"))
    }
    return entries
  }()

  private static let battery: [Entry] = [
    Entry(name: "socPercent", models: [802, 713], point: "SoC", extra: "valid: 0..100, poll: fast"),
    Entry(name: "socPercent", models: [124], point: "ChaState", extra: "valid: 0..100, poll: fast"),
    Entry(name: "sohPercent", models: [802, 713], point: "SoH", extra: "valid: 0..100, poll: slow"),
    Entry(name: "powerW", models: [802], point: "W", extra: "poll: fast"),
    Entry(name: "voltageV", models: [802], point: "V"),
    Entry(name: "currentA", models: [802], point: "A"),
    Entry(name: "cycleCount", models: [802], point: "NCyc", extra: total),
    Entry(name: "energyStoredWh", models: [713], point: "WHAvail"),
    Entry(name: "energyCapacityWh", models: [802, 713], point: "WHRtg", extra: "poll: slow"),
    Entry(name: "maxChargePowerW", models: [124], point: "WChaMax"),
    Entry(name: "reservePercent", models: [124], point: "MinRsvPct", extra: "valid: 0..100"),
    Entry(
      name: "chargingState", models: [124, 802], point: "ChaSt",
      extra: "enum: {1: standby, 2: empty, 3: discharging, 4: charging, 5: full, 6: holding}"),
  ]

  private static let meter: [Entry] = {
    var entries = [
      Entry(name: "powerW", models: meterModels, point: "W", extra: "poll: fast"),
      Entry(name: "frequencyHz", models: meterModels, point: "Hz"),
      Entry(name: "voltageV", models: meterModels, point: "PhV"),
      Entry(name: "currentA", models: meterModels, point: "A"),
      Entry(name: "apparentPowerVA", models: meterModels, point: "VA"),
      Entry(name: "reactivePowerVar", models: meterModels, point: "VAR"),
      Entry(name: "energyImportedTotalWh", models: meterModels, point: "TotWhImp", extra: total),
      Entry(name: "energyExportedTotalWh", models: meterModels, point: "TotWhExp", extra: total),
    ]
    for (phase, letter) in zip(1...3, ["A", "B", "C"]) {
      entries.append(Entry(name: "phases.l\(phase).voltageV", models: meterModels, point: "PhVph\(letter)"))
      entries.append(Entry(name: "phases.l\(phase).currentA", models: meterModels, point: "Aph\(letter)"))
      entries.append(Entry(name: "phases.l\(phase).powerW", models: meterModels, point: "Wph\(letter)"))
    }
    return entries
  }()

  // MARK: From a chain of models

  static func draft(_ image: RegisterImage, id: String, unit: Int) throws(CommandFailure) -> ProfileDraft {
    let (base, models) = SunSpecChain.models(in: image)
    guard let base else {
      throw CommandFailure(
        message: "there is no SunSpec marker in the capture", hint: "use --from capture for other devices")
    }
    let present = models.map(\.id)
    var devices: [ProfileDraft.Device] = []
    for group in groups {
      guard let main = group.models.first(where: { present.contains($0) }),
        group.kind != .inverter || !devices.contains(where: { $0.kind == .inverter })
      else { continue }
      for instance in 1...max(1, present.count { $0 == main }) {
        let number = devices.count { $0.kind == group.kind } + 1
        let points = points(group, present, instance, hasCommon: devices.isEmpty)
        devices.append(
          ProfileDraft.Device(
            part: group.kind.rawValue + (number == 1 ? "" : "\(number)"), kind: group.kind,
            settings: group.kind == .meter ? ["role: grid   # grid, load, pv or sub"] : [], points: points))
      }
    }
    guard !devices.isEmpty else {
      throw CommandFailure(
        message: "none of the models \(present.map(String.init).joined(separator: ", ")) is a device of the model")
    }
    var capture = DeviceCapture()
    capture.registers = image
    let known = Set(groups.flatMap(\.entries).flatMap(\.models) + [1])
    let others = present.filter { !known.contains($0) }.map(String.init).joined(separator: ", ")
    return ProfileDraft(
      id: id, name: "SunSpec device", manufacturer: "unknown",
      document: "SunSpec model definitions; a capture of the device",
      caveats: ["Models that no point uses: \(others.isEmpty ? "none" : others)."],
      transport: [
        "parameters:",
        "  unit: {type: integer, range: 0..247, default: \(unit), help: \"unit identifier of the device\"}",
        "", "transport:", "  modbus:", "    unit: $unit", "    maxRegisters: 64", "    timeout: 3 s",
        "    sunspecBases: [\(base)]",
      ], devices: devices, capture: capture, said: { ProfileDraft.registers(image, $0) })
  }

  private static func points(
    _ group: Group, _ present: [UInt16], _ instance: Int, hasCommon: Bool
  ) -> [ProfileDraft.Point] {
    var points: [ProfileDraft.Point] = []
    if hasCommon, present.contains(1) {
      points += common.map { name, point in
        ProfileDraft.Point(name: name, source: "sunspec: {model: 1, point: \(point)}, poll: once")
      }
    }
    for entry in group.entries where !points.contains(where: { $0.name == entry.name }) {
      let models = entry.models.filter { present.contains($0) && SunSpecModels.point(entry.point, model: $0) != nil }
      guard !models.isEmpty, instance == 1 || group.models.contains(where: { models.contains($0) }) else { continue }
      let list = models.count == 1 ? "\(models[0])" : "[\(models.map(String.init).joined(separator: ", "))]"
      let number = instance == 1 ? "" : ", instance: \(instance)"
      let extra = entry.extra.isEmpty ? "" : ", \(entry.extra)"
      points.append(
        ProfileDraft.Point(
          name: entry.name, source: "sunspec: {model: \(list), point: \(entry.point)\(number)}\(extra)"))
    }
    return points
  }
}
