import ModbusWire

/// How a product is reached.
extension ProfileSchema {
  static var transports: SchemaNode {
    [
      "transport": object(["modbus": ref("modbus"), "mqtt": ref("mqtt"), "http": ref("http")])
        .with(["minProperties": 1, "maxProperties": 1]),
      "modbus": modbus,
      "mqtt": mqtt,
      "http": http,
      "requestPath": ["type": "string"],
      "request": request([:]),
      "polledRequest": request(["poll": ref("poll")]),
      "expectations": ["type": "object", "additionalProperties": ref("scalar"), "propertyNames": ref("path")],
      "template": ["type": ["string", "number", "boolean"]],
    ]
  }

  private static var modbus: SchemaNode {
    let ranges: SchemaNode = [
      "type": "array",
      "items": [
        "type": "string",
        "pattern":
          "^(unit ([0-9]+|\\$[A-Za-z][A-Za-z0-9]*) )?(holding|input|coil|discrete) [0-9xA-Fa-f]+(\\.\\.[0-9xA-Fa-f]+)?$",
      ],
    ]
    let framing: SchemaNode = ["enum": words(ModbusFraming.allCases.map(\.rawValue))]
    return object(
      [
        "unit": ref("unitNumber"),
        "maxRegisters": ["type": "integer", "minimum": 1, "maximum": .number(ReadPlanner.maxRegisters)],
        "maxGap": ["type": "integer", "minimum": 0, "maximum": .number(ReadPlanner.maxRegisters)],
        "delayAfterConnect": ref("duration"), "minGap": ref("duration"), "timeout": ref("duration"),
        "minTimeout": ref("duration"), "order": ref("order"),
        "sunspecBases": ["anyOf": [ref("address"), ["type": "array", "items": ref("address")]]],
        "blocks": ranges, "forbidden": ranges, "writeAnswer": ["enum": ["strict", "tolerant"]],
        "framing": ["anyOf": [framing, ["type": "array", "items": framing, "minItems": 1, "uniqueItems": true]]],
      ], required: ["unit"])
  }

  private static var mqtt: SchemaNode {
    let availability = object(
      ["topic": ref("text"), "path": ref("path"), "online": ref("texts"), "offline": ref("texts")],
      required: ["topic", "online", "offline"])
    let requests = object(
      ["topic": ref("template"), "payload": ref("payload"), "every": ref("duration")],
      required: ["topic", "payload", "every"])
    return [
      "anyOf": [
        ["type": "null"],
        object([
          "availability": ["anyOf": [availability, ["type": "array", "items": availability]]],
          "silentAfter": ref("duration"),
          "requests": ["type": "array", "items": requests], "format": ref("format"), "retained": ref("retained"),
          "captures": ["type": "object", "propertyNames": ref("name"), "additionalProperties": ref("template")],
        ]),
      ]
    ]
  }

  private static var http: SchemaNode {
    let kept: SchemaNode = [
      "anyOf": [
        ref("path"),
        object(["path": ref("path"), "header": ref("text"), "cookie": ref("text")])
          .with(["minProperties": 1, "maxProperties": 1]),
      ]
    ]
    let loginStep = request(["keep": ["type": "object", "additionalProperties": kept]])
    let end: SchemaNode = ["anyOf": [["type": "integer", "minimum": 400, "maximum": 599], ref("expectations")]]
    return object([
      "auth": ["enum": words(HTTPSettings.Authentication.allCases.map(\.rawValue))],
      "user": ref("parameterName"), "password": ref("parameterName"),
      "headers": ["type": "object", "additionalProperties": ref("template")],
      "timeout": ref("duration"), "minGap": ref("duration"),
      "requests": [
        "type": "object", "propertyNames": ["pattern": "^[A-Za-z][A-Za-z0-9_-]*$"],
        "additionalProperties": ref("polledRequest"),
      ],
      "login": object(
        [
          "steps": ["type": "array", "minItems": 1, "items": loginStep], "refresh": loginStep,
          "cookies": ["type": "boolean"], "renewOn": ["anyOf": [end, ["type": "array", "items": end]]],
          "lifetime": ["anyOf": [ref("duration"), ref("path")]], "lasting": ref("texts"), "logout": ref("request"),
        ], required: ["steps"]),
      "quota": object(
        ["requests": ["type": "integer", "minimum": 1], "per": ref("duration")], required: ["requests", "per"]),
    ]).with([
      "if": ["properties": ["auth": ["enum": ["basic", "digest"]]], "required": ["auth"]],
      "then": ["required": ["password"]],
    ])
  }

  private static func request(_ more: SchemaNode) -> SchemaNode {
    var methods: [(String, SchemaNode)] = []
    for method in ProfileFileReader.methods { methods.append((method, ref("requestPath"))) }
    let keys = SchemaNode.object(methods).with([
      "json": ref("payload"), "form": ["type": "object", "additionalProperties": ref("template")],
      "expect": ref("expectations"), "reason": ref("path"), "page": ["type": "boolean"],
      "format": ["enum": ["json", "keyvalue", "xml", "dsmr"]],
    ])
    return object(keys.with(more)).with([
      "oneOf": exactlyOne(of: ProfileFileReader.methods), "not": ["required": ["json", "form"]],
    ])
  }
}
