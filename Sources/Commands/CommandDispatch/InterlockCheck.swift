import DeviceProfiles
import EnergyModel

/// Whether the interlocks of an installation let a command through. Pure: the same arguments always give the same answer.
struct InterlockCheck {
  let interlocks: Interlocks
  let target: DispatchTarget
  let snapshot: EndpointSnapshot
  /// What the site's grid meter shows, positive importing; `nil` where there is none or it is stale.
  let gridPowerW: Double?
  /// Wall time.
  let now: Timestamp
  /// Whether the command is in force already, so that what the site exchanges contains it.
  var isRunning = false

  /// Throws `INTERLOCK` with the rule and the value that broke it.
  func check(_ verb: String, _ input: [String: ScalarValue]) throws(CommandRefusal) {
    switch (target.kind, verb) {
    case (.battery, "charge"):
      if let limit = interlocks.maxSocPercent, try fresh("socPercent") >= limit {
        throw forbidden("the state of charge has reached maxSocPercent \(text(limit))")
      }
      try checkPower(input, sign: -1, most: interlocks.maxChargePowerW, named: "maxChargePowerW")
    case (.battery, "discharge"):
      if let limit = interlocks.minSocPercent, try fresh("socPercent") <= limit {
        throw forbidden("the state of charge has reached minSocPercent \(text(limit))")
      }
      try checkPower(input, sign: 1, most: interlocks.maxDischargePowerW, named: "maxDischargePowerW")
    case (.battery, "set-reserve"):
      try checkNumber(input, "reservePercent", least: interlocks.minSocPercent, named: "minSocPercent")
    case (.battery, "set-power-limits"):
      try checkNumber(input, "maxChargePowerW", most: interlocks.maxChargePowerW, named: "maxChargePowerW")
      try checkNumber(input, "maxDischargePowerW", most: interlocks.maxDischargePowerW, named: "maxDischargePowerW")
    case (.thermostat, "set-setpoints"): try checkSetpoints(input)
    case (_, "set-current-limit"):
      for name in input.keys.sorted() {
        try checkNumber(input, name, most: interlocks.maxCurrentA, named: "maxCurrentA")
      }
    default: break
    }
  }

  /// The rules about time.
  func checkTimes(
    _ verb: String, _ input: [String: ScalarValue], _ memory: SwitchMemory, now: Duration
  ) throws(CommandRefusal) {
    if let least = interlocks.minIntervalSeconds, let last = memory.lastCommandAt, now - last < .seconds(least) {
      throw forbidden(
        "the last command went out \(seconds(now - last)) ago", hint: "minIntervalSeconds is \(text(least))")
    }
    guard let isOn = SwitchMemory.switching(verb, input), let last = memory.lastSwitch, last.isOn != isOn,
      let least = last.isOn ? interlocks.minOnSeconds : interlocks.minOffSeconds, now - last.at < .seconds(least)
    else { return }
    throw forbidden(
      "it was switched \(last.isOn ? "on" : "off") \(seconds(now - last.at)) ago",
      hint: "\(last.isOn ? "minOnSeconds" : "minOffSeconds") is \(text(least))")
  }

  // MARK: Rules

  /// - Parameter sign: of the battery's power, positive discharging.
  private func checkPower(
    _ input: [String: ScalarValue], sign: Double, most: Double?, named name: String
  ) throws(CommandRefusal) {
    try checkNumber(input, "powerW", most: most, named: name)
    guard let asked = input["powerW"]?.number else { return }
    let power = asked * sign
    if let step = interlocks.maxPowerStepW, !isRunning {
      let present = try fresh("powerW")
      guard (power - present).magnitude <= step else {
        throw forbidden(
          "from \(text(present)) W to \(text(power)) W is more than one step",
          hint: "maxPowerStepW is \(text(step)): go there in steps")
      }
    }
    try checkSite(power)
  }

  /// What the grid would see: the present exchange without the battery's power, and with the one that is asked for.
  private func checkSite(_ power: Double) throws(CommandRefusal) {
    guard interlocks.maxImportPowerW != nil || interlocks.maxExportPowerW != nil else { return }
    guard let gridPowerW else {
      throw forbidden("the grid meter of the site gives no fresh value", hint: "see heddle status")
    }
    let expected = isRunning ? gridPowerW : gridPowerW + (try fresh("powerW")) - power
    if let limit = interlocks.maxImportPowerW, expected > limit, isRunning ? power < 0 : expected > gridPowerW {
      throw forbidden(
        "the site \(isRunning ? "takes" : "would take") \(text(expected)) W from the grid",
        hint: "maxImportPowerW is \(text(limit))")
    }
    if let limit = interlocks.maxExportPowerW, -expected > limit, isRunning ? power > 0 : expected < gridPowerW {
      throw forbidden(
        "the site \(isRunning ? "gives" : "would give") \(text(-expected)) W to the grid",
        hint: "maxExportPowerW is \(text(limit))")
    }
  }

  private func checkSetpoints(_ input: [String: ScalarValue]) throws(CommandRefusal) {
    for name in ["heatSetpointC", "coolSetpointC"] {
      try checkNumber(input, name, least: interlocks.minSetpointC, named: "minSetpointC")
      try checkNumber(input, name, most: interlocks.maxSetpointC, named: "maxSetpointC")
    }
    guard let least = interlocks.minDeadbandC, let heat = setpoint("heatSetpointC", input),
      let cool = setpoint("coolSetpointC", input), cool - heat < least
    else { return }
    throw forbidden(
      "cooling at \(text(cool)) °C is too near to heating at \(text(heat)) °C", hint: "minDeadbandC is \(text(least))")
  }

  /// What is asked for, else what is set.
  private func setpoint(_ name: String, _ input: [String: ScalarValue]) -> Double? {
    input[name]?.number ?? snapshot.value(name, part: target.part)?.value.number
  }

  private func checkNumber(
    _ input: [String: ScalarValue], _ parameter: String, least: Double? = nil, most: Double? = nil, named name: String
  ) throws(CommandRefusal) {
    guard let value = input[parameter]?.number else { return }
    if let least, value < least {
      throw forbidden("'\(parameter)' \(text(value)) is below \(name) \(text(least))", parameter: parameter)
    }
    if let most, value > most {
      throw forbidden("'\(parameter)' \(text(value)) is above \(name) \(text(most))", parameter: parameter)
    }
  }

  /// No rule is decided on an old number.
  private func fresh(_ name: String) throws(CommandRefusal) -> Double {
    let limit = target.profile.staleAfter(part: target.part).milliseconds
    guard let seen = snapshot.value(name, part: target.part), let number = seen.value.number,
      now.millisecondsSince(seen.observedAt).magnitude <= limit.magnitude
    else { throw forbidden("\(name) is not known now, and an interlock needs it", hint: "see heddle status") }
    return number
  }

  // MARK: Words

  private func forbidden(_ why: String, hint: String? = nil, parameter: String? = nil) -> CommandRefusal {
    CommandRefusal(
      .interlock, "an interlock of \(target.deviceID) forbids it: \(why)",
      hint: hint ?? "interlocks stand in the configuration", parameter: parameter)
  }

  private func text(_ value: Double) -> String { ScalarValue.number(value).description }
  private func seconds(_ duration: Duration) -> String { "\(duration.milliseconds / 1000) s" }
}
