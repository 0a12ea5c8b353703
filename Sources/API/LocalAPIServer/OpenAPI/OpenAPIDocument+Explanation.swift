extension OpenAPIDocument {
  static let explanationSchemas = #"""
    {
      "DeviceExplanation": {
        "type": "object",
        "properties": {
          "deviceId": {"type": "string"},
          "profile": {"type": "string"},
          "file": {"type": "string", "description": "Path of the profile on the gateway."},
          "part": {"type": "string"},
          "variant": {"type": "string"},
          "points": {"type": "array", "items": {"$ref": "#/components/schemas/ExplainedPoint"}},
          "problems": {"type": "array", "items": {"type": "string"}}
        },
        "required": ["deviceId", "profile", "file", "part", "points", "problems"]
      },
      "ExplainedPoint": {
        "type": "object",
        "properties": {
          "name": {"type": "string"},
          "isLocal": {"type": "boolean", "description": "Only formulas see it."},
          "source": {"type": "string", "example": "holding 37765 i32"},
          "raw": {"type": "string", "description": "As the device said it last; absent where nothing came yet."},
          "steps": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "what": {"type": "string", "example": "× 0.1"},
                "value": {"type": ["number", "string", "boolean", "null"]}
              },
              "required": ["what", "value"]
            }
          },
          "value": {"type": ["number", "string", "boolean", "null"]},
          "unit": {"type": "string"},
          "quality": {"type": "string", "description": "Empty where there is nothing to judge."},
          "verdict": {"type": "string", "description": "ok, or why there is no value."},
          "line": {"type": "integer", "description": "Of the profile."},
          "observedAt": {"type": "string", "format": "date-time"},
          "ageSeconds": {"type": "number"}
        },
        "required": ["name", "isLocal", "source", "steps", "value", "unit", "quality", "verdict", "line"]
      }
    }
    """#
}
