extension OpenAPIDocument {
  static let keySchemas = #"""
    {
      "Scope": {
        "type": "string",
        "enum": [
          "devices:read",
          "devices:write",
          "commands:write",
          "customers:read",
          "customers:write",
          "metrics:read",
          "usage:write",
          "admin"
        ]
      },
      "Key": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "label": {"type": "string"},
          "scopes": {"type": "array", "items": {"$ref": "#/components/schemas/Scope"}},
          "customerId": {"type": "string"},
          "createdAt": {"type": "string", "format": "date-time"},
          "expiresAt": {"type": "string", "format": "date-time", "description": "Refused from then on; absent = never."}
        },
        "required": ["id", "label", "scopes", "createdAt"]
      },
      "KeyList": {
        "type": "object",
        "properties": {"data": {"type": "array", "items": {"$ref": "#/components/schemas/Key"}}},
        "required": ["data"]
      },
      "CreatedKey": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "key": {"type": "string", "description": "Shown this once."},
          "label": {"type": "string"},
          "scopes": {"type": "array", "items": {"$ref": "#/components/schemas/Scope"}},
          "customerId": {"type": "string"},
          "createdAt": {"type": "string", "format": "date-time"},
          "expiresAt": {"type": "string", "format": "date-time", "description": "Refused from then on; absent = never."}
        },
        "required": ["id", "key", "label", "scopes", "createdAt"]
      },
      "KeyDraft": {
        "type": "object",
        "properties": {
          "label": {"type": "string"},
          "scopes": {"type": "array", "items": {"$ref": "#/components/schemas/Scope"}, "minItems": 1},
          "customerId": {"type": "string"},
          "expiresAt": {"type": "string", "format": "date-time"}
        },
        "required": ["scopes"],
        "additionalProperties": false
      }
    }
    """#
}
