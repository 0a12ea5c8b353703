extension OpenAPIDocument {
  static let connectionSchemas = #"""
    {
      "Connection": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "status": {"type": "string", "enum": ["open", "completed", "expired", "cancelled"]},
          "url": {"type": "string", "description": "the page; only in the answer that makes it"},
          "referenceId": {"type": "string"},
          "redirectUrl": {"type": "string"},
          "clientName": {"type": "string"},
          "tags": {"type": "array", "items": {"type": "string"}},
          "customerId": {"type": "string"},
          "manufacturerFilters": {"$ref": "#/components/schemas/ManufacturerFilters"},
          "profile": {"type": "string"},
          "linkId": {"type": "string"},
          "deviceIds": {"type": "array", "items": {"type": "string"}},
          "createdAt": {"type": "string", "format": "date-time"},
          "expiresAt": {"type": "string", "format": "date-time"},
          "endedAt": {"type": "string", "format": "date-time"}
        },
        "required": ["id", "status", "referenceId", "redirectUrl", "tags", "deviceIds", "createdAt", "expiresAt"]
      },
      "ManufacturerFilters": {
        "type": "object",
        "properties": {
          "manufacturers": {"type": "array", "items": {"type": "string"}},
          "deviceTypes": {"type": "array", "items": {"$ref": "#/components/schemas/DeviceType"}}
        },
        "additionalProperties": false
      },
      "ConnectionDraft": {
        "type": "object",
        "properties": {
          "referenceId": {"type": ["string", "null"], "minLength": 1, "maxLength": 200},
          "redirectUrl": {"type": "string", "pattern": "^https?://[A-Za-z0-9.-]+(/[A-Za-z0-9/]*)?$"},
          "clientName": {"type": ["string", "null"], "minLength": 1, "maxLength": 200},
          "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 50},
          "customerId": {"type": ["string", "null"]},
          "customerInfo": {
            "type": ["object", "null"], "description": "firstName, lastName, email, phone and location; as in a customer"
          },
          "manufacturerFilters": {"$ref": "#/components/schemas/ManufacturerFilters"}
        },
        "required": ["redirectUrl"],
        "additionalProperties": false
      }
    }
    """#
}
