import EnergyModel

/// Where values come from and what becomes of them.
extension ProfileSchema {
  static var sources: SchemaNode {
    [
      "registers": [
        "anyOf": [
          ref("address"),
          [
            "type": "array", "items": ref("address"), "minItems": 2, "description": "Words that lie apart, high first.",
          ],
        ]
      ],
      "type": [
        "enum": [
          "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "i8", "u8", "bcd16", "bcd32", "bits", "string",
        ]
      ],
      "bits": ["anyOf": [["type": "integer", "minimum": 0, "maximum": 63], ref("range")]],
      "invalid": ["anyOf": [ref("scalar"), ["type": "array", "items": ref("scalar")]]],
      "codes": ["type": "object", "additionalProperties": ref("scalar")],
      "flagNames": ["type": "object", "additionalProperties": ref("text")],
      "scale": ["type": "number", "not": ["const": 0]],
      "combine": ["enum": words(Combine.allCases.map(\.rawValue))],
      "repeat": object(
        [
          "count": ["type": ["integer", "string"]], "step": ["type": "integer", "minimum": 1],
          "max": ["type": "integer", "minimum": 1],
        ], required: ["count", "step"]),
      "counter": [
        "anyOf": [
          ["type": "boolean"], ["const": "daily"], object(["wraps": ["type": "number"]], required: ["wraps"]),
        ]
      ],
      "sunspec": object(
        [
          "model": [
            "anyOf": [
              ["type": "integer", "minimum": 1], ["type": "array", "items": ["type": "integer", "minimum": 1]],
            ]
          ],
          "point": ["type": "string"], "instance": ["type": "integer", "minimum": 1],
          "offset": ["type": "integer", "minimum": 2],
        ], required: ["model"]
      ).with(["oneOf": exactlyOne(of: ["point", "offset"])]),
      "point": point,
      "source": point,
      "identify": object(
        identity, required: ["matches"]
      ).with(["oneOf": exactlyOne(of: ["holding", "input", "coil", "discrete", "sunspec", "topic", "request"])])
        .with(["allOf": sourceRules]),
    ]
  }

  private static var place: SchemaNode {
    [
      "holding": ref("registers"), "input": ref("registers"), "coil": ref("address"), "discrete": ref("address"),
      "sunspec": ref("sunspec"), "topic": ref("text"), "request": ref("text"), "value": ref("expression"),
      "constant": ["type": ["string", "number", "boolean"]],
      "path": ref("path"), "type": ref("type"), "length": ["type": "integer", "minimum": 1, "maximum": 125],
      "order": ref("order"), "unitId": ref("unitNumber"), "byte": ["enum": ["high", "low"]],
      "signed": ["type": "boolean"], "repeat": ref("repeat"), "combine": ref("combine"), "format": ref("format"),
      "suffix": ref("texts"), "retained": ref("retained"),
    ]
  }

  static var conversion: SchemaNode {
    [
      "invalid": ref("invalid"), "bits": ref("bits"), "scale": ref("scale"), "offset": ["type": "number"],
      "scaleFactor": ref("text"), "unit": ["enum": words(Unit.conversions.keys.sorted())],
      "negate": ["type": "boolean"], "enum": ref("codes"), "otherwise": ref("scalar"), "flags": ref("flagNames"),
    ]
  }

  private static var point: SchemaNode {
    object(
      place.with(conversion).with([
        "valid": ref("range"), "counter": ref("counter"), "poll": ref("poll"), "optional": ["type": "boolean"],
      ])
    )
    .with(["oneOf": exactlyOne(of: ProfileFileReader.sourceKeys)])
    .with(["allOf": sourceRules])
    .with([
      "dependentRequired": ["otherwise": ["enum"], "length": ["type"]],
      "dependentSchemas": ["flags": ["properties": ["enum": false]]],
    ])
  }

  private static var identity: SchemaNode {
    guard case .object(let members) = place else { return place }
    return SchemaNode.object(members.filter { $0.0 != "value" && $0.0 != "constant" })
      .with(["matches": ref("texts")])
  }

  /// What goes with which source.
  private static var sourceRules: SchemaNode {
    [
      [
        "if": ["anyOf": exactlyOne(of: ["holding", "input"])], "then": ["required": ["type"]],
        "else": ["if": ["not": ["required": ["sunspec"]]], "then": ["properties": ["type": false]]],
      ],
      [
        "if": ["required": ["type"], "properties": ["type": ["const": "string"]]],
        "then": ["required": ["length"]], "else": ["properties": ["length": false]],
      ],
      [
        "if": ["not": ["anyOf": exactlyOne(of: ["topic", "request"])]], "then": ["properties": ["path": false]],
      ],
    ]
  }
}
