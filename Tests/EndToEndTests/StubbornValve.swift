/// The profile of the radiator valve that `stubborn_valve.py` plays.
enum StubbornValve {
  static let profile = """
    schema: heddle.profile/1
    id: stubborn-valve
    name: Stubborn valve
    manufacturer: Heddle
    products: [Stubborn]
    maturity: documentation
    source: {document: "the script that plays it"}
    transport: {mqtt: {silentAfter: 10 s}}
    devices:
      thermostat:
        type: thermostat
        staleAfter: 20 s
        points:
          ambientTemperatureC: {topic: valve, path: /temperature, valid: -30..60}
          heatSetpointC: {topic: valve, path: /setpoint, valid: 0..40}
        commands:
          set-setpoints:
            input: {heatSetpointC: {min: 5, max: 30}}
            steps: [{publish: {topic: valve/set, payload: {setpoint: "=input.heatSetpointC"}}}]
            confirm: {expect: "heatSetpointC == input.heatSetpointC", within: 5 s}
            revert:
              steps: [{publish: {topic: valve/set, payload: {setpoint: "=before.heatSetpointC"}}}]
              confirm: {expect: "heatSetpointC == before.heatSetpointC", within: 5 s}

    """
}
