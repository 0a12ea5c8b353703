import EnergyModel

/// What a profile to start from says about one kind of device: a few points and a command, with invented places.
struct StarterDevice {
  struct Point {
    var field: String
    /// What an author has to think about here; empty where there is nothing.
    var comment = ""
    /// How the registers become a value: `type: u16, scale: 0.1`.
    var register: String
    /// The registers in the test.
    var registers: [String]
    /// The key in JSON.
    var key: String
    /// The value in JSON, in the test.
    var json: String
    /// What is the same on every transport: `unit: kWh, counter: true`.
    var common = ""
    var isFast = false
    /// What must come out in the test.
    var expected: String
  }

  struct Command {
    var verb: String
    var summary: String
    /// `powerW: {min: 100, max: 5000}`.
    var input: String
    var controls: [Control]
    var confirm: String
    /// The input in the test.
    var example: String
    /// How to give control back; `nil` where the command is a lasting setting.
    var normal: Normal?
  }

  /// One value of the command, in the order of writing.
  struct Control {
    var name: String
    /// How it stands in its register: `type: u16, range: 0..1`.
    var register: String
    var key: String
    var value: String
    /// In the test: the registers, and the value in JSON.
    var written: (registers: String, json: String)
    var normal: (value: String, registers: String, json: String)?
  }

  struct Normal {
    var confirm: String
  }

  var kind: DeviceKind
  /// Further lines of the device.
  var settings: [String] = []
  var points: [Point]
  var command: Command?

  static func of(_ kind: DeviceKind) -> StarterDevice {
    switch kind {
    case .battery: battery
    case .thermostat: thermostat
    case .inverter: inverter
    case .meter: meter
    case .charger: charger
    }
  }

  static let battery = StarterDevice(
    kind: .battery,
    points: [
      Point(
        field: "socPercent", register: "type: u16, scale: 0.1, invalid: 0xFFFF", registers: ["873"], key: "soc",
        json: "87.3", common: "valid: 0..100", isFast: true, expected: "87.3"),
      Point(
        field: "powerW", comment: "Positive when discharging; this device says it the other way round.",
        register: "type: i32, invalid: 0x7FFFFFFF", registers: ["0", "2000"], key: "power", json: "2000",
        common: "negate: true", isFast: true, expected: "-2000"),
      Point(
        field: "energyChargedTotalWh", register: "type: u32, scale: 0.1", registers: ["0", "12345"], key: "charged",
        json: "1234.5", common: "unit: kWh, counter: true", expected: "1234500"),
    ],
    command: Command(
      verb: "charge", summary: "Charge at a power", input: "powerW: {min: 100, max: 5000}",
      controls: [
        Control(
          name: "chargeW", register: "type: u32, range: 0..5000", key: "power", value: "input.powerW",
          written: ("FC16 holding {address} = [0, 1500]", "1500"),
          normal: ("0", "FC16 holding {address} = [0, 0]", "0")),
        Control(
          name: "forced", register: "type: u16, range: 0..1, write: 6", key: "forced", value: "1",
          written: ("FC6 holding {address} = [1]", "1"), normal: ("0", "FC6 holding {address} = [0]", "0")),
      ],
      confirm: "powerW < -0.8 * input.powerW", example: "powerW: 1500", normal: Normal(confirm: "powerW >= -50")))

  static let thermostat = StarterDevice(
    kind: .thermostat,
    points: [
      Point(
        field: "ambientTemperatureC", register: "type: i16, scale: 0.1, invalid: 0x7FFF", registers: ["195"],
        key: "temperature", json: "19.5", common: "valid: -40..80", expected: "19.5"),
      Point(
        field: "heatSetpointC", register: "type: i16, scale: 0.1, invalid: 0x7FFF", registers: ["210"],
        key: "setpoint", json: "21", common: "valid: 0..50", expected: "21"),
      Point(
        field: "hvacMode", comment: "The device's code and the word of the model.", register: "type: u16",
        registers: ["1"], key: "mode", json: "1", common: "enum: {0: off, 1: heat}", expected: "heat"),
    ],
    command: Command(
      verb: "set-setpoints", summary: "Set the temperature to heat to", input: "heatSetpointC: {min: 5, max: 30}",
      controls: [
        Control(
          name: "setpoint", register: "type: i16, scale: 0.1, range: 5..30", key: "setpoint",
          value: "input.heatSetpointC", written: ("FC6 holding {address} = [225]", "22.5"))
      ],
      confirm: "abs(heatSetpointC - input.heatSetpointC) < 0.1", example: "heatSetpointC: 22.5"))

  static let inverter = StarterDevice(
    kind: .inverter,
    points: [
      Point(
        field: "acPowerW", comment: "Positive into the site.", register: "type: i32, invalid: 0x7FFFFFFF",
        registers: ["0", "3000"], key: "power", json: "3000", isFast: true, expected: "3000"),
      Point(
        field: "energyGeneratedTotalWh", register: "type: u32, scale: 0.1", registers: ["0", "12345"],
        key: "generated", json: "1234.5", common: "unit: kWh, counter: true", expected: "1234500"),
      Point(
        field: "status", comment: "The device's code and the word of the model.", register: "type: u16",
        registers: ["2"], key: "state", json: "2", common: "enum: {0: off, 1: standby, 2: running, 3: fault}",
        expected: "running"),
      Point(
        field: "powerLimitPercent", register: "type: u16, invalid: 0xFFFF", registers: ["100"], key: "limit",
        json: "100", common: "valid: 0..100", expected: "100"),
    ],
    command: Command(
      verb: "set-power-limit", summary: "Limit the AC power", input: "percent: {min: 0, max: 100}",
      controls: [
        Control(
          name: "limitPercent", register: "type: u16, range: 0..100", key: "limit", value: "input.percent",
          written: ("FC6 holding {address} = [60]", "60"), normal: ("100", "FC6 holding {address} = [100]", "100"))
      ],
      confirm: "abs(powerLimitPercent - input.percent) < 1", example: "percent: 60",
      normal: Normal(confirm: "powerLimitPercent > 99")))

  static let meter = StarterDevice(
    kind: .meter, settings: ["role: grid                  # grid, load, pv or sub; an installation can override it"],
    points: [
      Point(
        field: "powerW", comment: "Positive when importing.", register: "type: i32, invalid: 0x7FFFFFFF",
        registers: ["0xFFFF", "0xFB50"], key: "power", json: "-1200", isFast: true, expected: "-1200"),
      Point(
        field: "energyImportedTotalWh", register: "type: u32, scale: 0.1", registers: ["0", "12345"], key: "imported",
        json: "1234.5", common: "unit: kWh, counter: true", expected: "1234500"),
      Point(
        field: "energyExportedTotalWh", register: "type: u32, scale: 0.1", registers: ["0", "678"], key: "exported",
        json: "67.8", common: "unit: kWh, counter: true", expected: "67800"),
      Point(
        field: "voltageV", register: "type: u16, scale: 0.1, invalid: 0xFFFF", registers: ["2315"], key: "voltage",
        json: "231.5", common: "valid: 0..500", expected: "231.5"),
    ])

  static let charger = StarterDevice(
    kind: .charger,
    points: [
      Point(
        field: "powerW", comment: "Positive into the car.", register: "type: i32, invalid: 0x7FFFFFFF",
        registers: ["0", "7400"], key: "power", json: "7400", isFast: true, expected: "7400"),
      Point(
        field: "energyTotalWh", register: "type: u32, scale: 0.1", registers: ["0", "12345"], key: "energy",
        json: "1234.5", common: "unit: kWh, counter: true", expected: "1234500"),
      Point(
        field: "state", comment: "The device's code and the word of the model.", register: "type: u16",
        registers: ["2"], key: "state", json: "2",
        common: "enum: {0: notPluggedIn, 1: readyWaiting, 2: charging, 3: fault}", isFast: true, expected: "charging"),
      Point(
        field: "maxCurrentA", register: "type: u16, scale: 0.1, invalid: 0xFFFF", registers: ["160"], key: "limit",
        json: "16", common: "valid: 0..80", expected: "16"),
    ],
    command: Command(
      verb: "set-current-limit", summary: "Limit the current per phase", input: "maxCurrentA: {min: 6, max: 32}",
      controls: [
        Control(
          name: "limitA", register: "type: u16, scale: 0.1, range: 0..63", key: "limit", value: "input.maxCurrentA",
          written: ("FC6 holding {address} = [100]", "10"),
          normal: ("16", "FC6 holding {address} = [160]", "16"))
      ],
      confirm: "abs(maxCurrentA - input.maxCurrentA) < 0.1", example: "maxCurrentA: 10",
      normal: Normal(confirm: "maxCurrentA > 15")))
}
