extension OpenAPIDocument {
  static let customerSchemas = #"""
    {
      "Customer": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "name": {"type": "string"},
          "referenceId": {"type": "string"},
          "email": {"type": "string"},
          "source": {"type": "string", "enum": ["configuration", "api"]},
          "createdAt": {"type": "string", "format": "date-time"},
          "updatedAt": {"type": "string", "format": "date-time"}
        },
        "required": ["id", "name", "source"]
      },
      "CustomerDraft": {
        "type": "object",
        "properties": {
          "name": {"type": "string", "minLength": 1, "maxLength": 200},
          "referenceId": {"type": ["string", "null"]},
          "email": {"type": ["string", "null"]}
        },
        "required": ["name"],
        "additionalProperties": false
      },
      "CustomerPatch": {
        "type": "object",
        "properties": {
          "name": {"type": "string", "minLength": 1, "maxLength": 200},
          "referenceId": {"type": ["string", "null"]},
          "email": {"type": ["string", "null"]}
        },
        "additionalProperties": false
      },
      "Site": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "name": {"type": "string"},
          "customerId": {"type": "string"},
          "timezone": {"type": "string"},
          "address": {"type": "string"},
          "source": {"type": "string", "enum": ["configuration", "api"]},
          "createdAt": {"type": "string", "format": "date-time"},
          "updatedAt": {"type": "string", "format": "date-time"}
        },
        "required": ["id", "name", "timezone", "source"]
      },
      "SiteDraft": {
        "type": "object",
        "properties": {
          "name": {"type": "string", "minLength": 1, "maxLength": 200},
          "customerId": {"type": ["string", "null"]},
          "timezone": {"type": "string", "pattern": "^[A-Za-z0-9_+/-]+$", "description": "IANA name"},
          "address": {"type": ["string", "null"]}
        },
        "required": ["name"],
        "additionalProperties": false
      },
      "SitePatch": {
        "type": "object",
        "properties": {
          "name": {"type": "string", "minLength": 1, "maxLength": 200},
          "customerId": {"type": ["string", "null"]},
          "timezone": {"type": "string", "pattern": "^[A-Za-z0-9_+/-]+$", "description": "IANA name"},
          "address": {"type": ["string", "null"]}
        },
        "additionalProperties": false
      },
      "Usage": {
        "type": "object",
        "properties": {
          "customerId": {"type": "string"},
          "siteId": {"type": "string"},
          "from": {"type": "string", "format": "date-time"},
          "to": {"type": "string", "format": "date-time"},
          "timezone": {"type": "string"},
          "by": {"type": "string", "enum": ["15m", "hour", "day", "week", "month", "year", "none"]},
          "metrics": {
            "type": "object",
            "additionalProperties": {
              "type": "object",
              "properties": {
                "total": {
                  "type": ["number", "null"],
                  "description": "null where it cannot be known, such as consumption without a grid meter."
                },
                "unit": {"type": "string"},
                "coverage": {"type": "number", "minimum": 0, "maximum": 1},
                "method": {"type": "string", "enum": ["balance", "metered", "partial"]},
                "series": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": {
                      "start": {"type": "string", "format": "date-time"},
                      "end": {"type": "string", "format": "date-time"},
                      "value": {"type": ["number", "null"]},
                      "coverage": {"type": "number"},
                      "quality": {"$ref": "#/components/schemas/Quality"}
                    },
                    "required": ["start", "end", "value", "coverage", "quality"]
                  }
                }
              },
              "required": ["total", "unit", "coverage", "series"]
            }
          }
        },
        "required": ["from", "to", "timezone", "by", "metrics"]
      }
    }
    """#
}
