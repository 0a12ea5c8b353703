extension OpenAPIDocument {
  static let tagSchemas = #"""
    {
      "DeviceTags": {
        "type": "object",
        "properties": {
          "deviceId": {"type": "string"},
          "tags": {"type": "array", "items": {"type": "string"}},
          "sources": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "tag": {"type": "string"}, "source": {"type": "string", "enum": ["configuration", "api"]}
              },
              "required": ["tag", "source"]
            }
          }
        },
        "required": ["deviceId", "tags", "sources"]
      },
      "DeviceTagDraft": {
        "type": "object",
        "properties": {
          "tags": {
            "type": "array", "maxItems": 50, "uniqueItems": true,
            "items": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[^,/]+$"}
          }
        },
        "required": ["tags"],
        "additionalProperties": false
      },
      "Tag": {
        "type": "object",
        "properties": {"tag": {"type": "string"}, "deviceCount": {"type": "integer"}},
        "required": ["tag", "deviceCount"]
      }
    }
    """#
}
