import EnergyModel

/// Devices: the fields, words and commands of the model, by kind.
extension ProfileSchema {
  static var devices: SchemaNode {
    var definitions: [(String, SchemaNode)] = [("device", device), ("control", control)]
    for kind in DeviceKind.allCases {
      definitions.append(("\(kind.rawValue)Points", points(kind)))
      definitions.append(("\(kind.rawValue)Commands", commands(kind)))
    }
    return .object(definitions)
  }

  private static var device: SchemaNode {
    object(
      [
        "type": ["enum": words(DeviceKind.allCases.map(\.rawValue))],
        "role": ["enum": words(MeterRole.allCases.map(\.rawValue))],
        "hybrid": ["type": "boolean"], "staleAfter": ref("duration"), "points": ["type": "object"],
        "locals": ["type": "object", "propertyNames": ref("name"), "additionalProperties": ref("point")],
        "controls": ["type": "object", "propertyNames": ref("name"), "additionalProperties": ref("control")],
        "commands": ["type": "object"],
        "default": object(["steps": ref("steps"), "confirm": ref("confirm")], required: ["steps"]),
      ], required: ["type"]
    ).with([
      "allOf": .array(
        DeviceKind.allCases.map(rules) + [
          ["if": isNot(.meter), "then": ["properties": ["role": false]]],
          ["if": isNot(.inverter), "then": ["properties": ["hybrid": ["const": false]]]],
        ])
    ])
  }

  private static func isNot(_ kind: DeviceKind) -> SchemaNode {
    ["not": ["properties": ["type": ["const": .text(kind.rawValue)]]]]
  }

  private static func rules(_ kind: DeviceKind) -> SchemaNode {
    [
      "if": ["properties": ["type": ["const": .text(kind.rawValue)]], "required": ["type"]],
      "then": [
        "properties": ["points": ref("\(kind.rawValue)Points"), "commands": ref("\(kind.rawValue)Commands")]
      ],
    ]
  }

  // MARK: Points

  private static func points(_ kind: DeviceKind) -> SchemaNode {
    let fields = Field.of(kind).filter { !ProfileFileReader.derived.contains($0.name) }
    return ["additionalProperties": false, "properties": .object(fields.map { ($0.name, point($0)) })]
  }

  /// A point of this field: its units, and the words that codes become.
  private static func point(_ field: Field) -> SchemaNode {
    let shape: SchemaNode = ["$ref": "#/$defs/point", "description": .text(field.summary)]
    let units = Unit.conversions.filter { $0.value.unit == field.unit }.map(\.key).sorted()
    var properties: [(String, SchemaNode)] = []
    switch field.type {
    case .number:
      properties.append(("unit", units.isEmpty ? false : ["enum": words(units)]))
      properties.append(("enum", ["additionalProperties": ["type": "number"]]))
      properties.append(("flags", false))
    case .flag, .text, .label:
      for key in ["unit", "valid", "counter"] { properties.append((key, false)) }
      if field.type != .text { properties.append(("flags", false)) }
    }
    if case .label(let labels) = field.type {
      properties.append(("enum", ["additionalProperties": ["enum": words(labels)]]))
      properties.append(("otherwise", ["enum": words(labels)]))
    }
    return shape.with(["properties": .object(properties)])
  }

  private static var control: SchemaNode {
    let keys: SchemaNode = [
      "holding": ref("registers"), "coil": ref("address"), "sunspec": ref("sunspec"), "type": ref("type"),
      "length": ["type": "integer", "minimum": 1], "order": ref("order"), "unitId": ref("unitNumber"),
      "scale": ref("scale"), "offset": ["type": "number"], "scaleFactor": ref("text"),
      "unit": ["enum": words(Unit.conversions.keys.sorted())], "negate": ["type": "boolean"], "enum": ref("codes"),
      "bits": ref("bits"), "signed": ["type": "boolean"], "byte": ["enum": ["high", "low"]], "range": ref("range"),
      "write": ["enum": [6, 16, 22]], "poll": ref("poll"),
    ]
    return object(keys).with([
      "oneOf": exactlyOne(of: ["holding", "coil", "sunspec"]),
      "anyOf": [
        ["required": ["range"]], ["required": ["enum"]], ["required": ["coil"]], ["required": ["bits"]],
        ["required": ["type"], "properties": ["type": ["const": "string"]]],
      ],
      "if": ["required": ["holding"]], "then": ["required": ["type"]],
      "dependentSchemas": ["coil": ["properties": ["type": false, "write": false, "range": false]]],
    ])
  }
}
