extension OpenAPIDocument {
  static let textureSchemas = #"""
    {
      "TextureState": {
        "type": "object",
        "description": "id, createdAt, and the fields of this type of device; null = not known.",
        "properties": {"id": {"type": "string"}, "createdAt": {"type": ["string", "null"], "format": "date-time"}},
        "required": ["id", "createdAt"]
      },
      "TextureDevice": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "type": {"$ref": "#/components/schemas/DeviceType"},
          "manufacturerDeviceId": {"type": "string"},
          "serialNumber": {"type": "string"},
          "manufacturer": {"type": "string"},
          "model": {"type": "string"},
          "name": {"type": "string"},
          "referenceId": {"type": "string"},
          "customerId": {"type": "string"},
          "siteId": {"type": "string"},
          "tags": {"type": "array", "items": {"type": "string"}},
          "location": {
            "type": "object",
            "properties": {
              "address": {
                "type": "object",
                "properties": {
                  "streetOne": {"type": "string"},
                  "streetTwo": {"type": "string"},
                  "city": {"type": "string"},
                  "state": {"type": "string"},
                  "postalCode": {"type": "string"},
                  "country": {"type": "string"}
                }
              },
              "coordinates": {
                "type": "object",
                "properties": {"latitude": {"type": "number"}, "longitude": {"type": "number"}},
                "required": ["latitude", "longitude"]
              }
            }
          },
          "availableCommands": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "slug": {"type": "string"}, "description": {"type": "string"}, "schema": {"type": "object"}
              },
              "required": ["slug", "description", "schema"]
            }
          },
          "state": {"$ref": "#/components/schemas/TextureState"},
          "createdAt": {"type": "string", "format": "date-time"},
          "updatedAt": {"type": "string", "format": "date-time"}
        },
        "required": ["id", "type", "manufacturerDeviceId", "name", "tags", "availableCommands", "state"]
      }
    }
    """#
}
