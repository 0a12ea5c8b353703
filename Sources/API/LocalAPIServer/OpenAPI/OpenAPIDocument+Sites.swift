extension OpenAPIDocument {
  static let siteSchemas = #"""
    {
      "Site": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "name": {"type": "string"},
          "referenceId": {"type": "string"},
          "customerId": {"type": "string"},
          "linkedBy": {"$ref": "#/components/schemas/LinkOrigin"},
          "timezone": {"type": "string"},
          "address": {"$ref": "#/components/schemas/Address"},
          "latitude": {"type": "number"},
          "longitude": {"type": "number"},
          "source": {"type": "string", "enum": ["configuration", "api"]},
          "createdAt": {"type": "string", "format": "date-time"},
          "updatedAt": {"type": "string", "format": "date-time"},
          "devices": {"type": "array", "items": {"$ref": "#/components/schemas/Device"}},
          "balance": {"$ref": "#/components/schemas/Usage"}
        },
        "required": ["id", "name", "timezone", "source"]
      },
      "SiteDraft": {"allOf": [{"$ref": "#/components/schemas/SitePatch"}], "required": ["name"]},
      "SitePatch": {
        "type": "object",
        "properties": {
          "name": {"type": "string", "minLength": 1, "maxLength": 200},
          "referenceId": {"type": ["string", "null"]},
          "externalId": {"type": ["string", "null"]},
          "external_id": {"type": ["string", "null"]},
          "customerId": {"type": ["string", "null"]},
          "customer_id": {"type": ["string", "null"]},
          "timezone": {"type": "string", "pattern": "^[A-Za-z0-9_+/-]+$", "description": "IANA name"},
          "address": {"$ref": "#/components/schemas/AddressDraft"},
          "latitude": {"type": ["number", "null"], "minimum": -90, "maximum": 90},
          "longitude": {"type": ["number", "null"], "minimum": -180, "maximum": 180},
          "location": {"type": "object", "description": "address and coordinates {latitude, longitude}, another spelling"}
        },
        "additionalProperties": false
      }
    }
    """#
}
