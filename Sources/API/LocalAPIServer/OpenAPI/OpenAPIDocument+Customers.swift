extension OpenAPIDocument {
  static let customerSchemas = #"""
    {
      "LinkOrigin": {"type": "string", "enum": ["configuration", "manual", "automatic"]},
      "Address": {
        "type": "object",
        "properties": {
          "line1": {"type": "string"},
          "line2": {"type": "string"},
          "city": {"type": "string"},
          "state": {"type": "string"},
          "postalCode": {"type": "string"},
          "country": {"type": "string"}
        }
      },
      "AddressDraft": {
        "description": "One line, or its parts; also with streetOne, streetTwo, address1, address2, zip.",
        "type": ["string", "object", "null"],
        "additionalProperties": {"type": ["string", "null"]}
      },
      "UtilityArea": {
        "type": "object",
        "properties": {
          "territory": {"type": ["string", "null"]},
          "iso": {"type": ["string", "null"]},
          "wholesaleMarket": {"type": ["string", "null"]}
        }
      },
      "Customer": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "name": {"type": "string"},
          "firstName": {"type": "string"},
          "lastName": {"type": "string"},
          "referenceId": {"type": "string"},
          "email": {"type": "string"},
          "phone": {"type": "string"},
          "address": {"$ref": "#/components/schemas/Address"},
          "billingAddress": {"$ref": "#/components/schemas/Address"},
          "utility": {"$ref": "#/components/schemas/UtilityArea"},
          "source": {"type": "string", "enum": ["configuration", "api"]},
          "createdAt": {"type": "string", "format": "date-time"},
          "updatedAt": {"type": "string", "format": "date-time"},
          "sites": {"type": "array", "items": {"$ref": "#/components/schemas/Site"}},
          "devices": {"type": "array", "items": {"$ref": "#/components/schemas/Device"}}
        },
        "required": ["id", "name", "source"]
      },
      "CustomerDraft": {
        "type": "object",
        "description": "A name, or a first or last name, is needed for a new one. external_id is another spelling of referenceId, billing_address_* of billingAddress.",
        "properties": {
          "name": {"type": ["string", "null"], "minLength": 1, "maxLength": 200},
          "firstName": {"type": ["string", "null"]},
          "lastName": {"type": ["string", "null"]},
          "first_name": {"type": ["string", "null"]},
          "last_name": {"type": ["string", "null"]},
          "email": {"type": ["string", "null"]},
          "phone": {"type": ["string", "null"]},
          "referenceId": {"type": ["string", "null"]},
          "externalId": {"type": ["string", "null"]},
          "external_id": {"type": ["string", "null"]},
          "address": {"$ref": "#/components/schemas/AddressDraft"},
          "billingAddress": {"$ref": "#/components/schemas/AddressDraft"},
          "billing_address": {"$ref": "#/components/schemas/AddressDraft"},
          "utility": {"oneOf": [{"$ref": "#/components/schemas/UtilityArea"}, {"type": "null"}]}
        },
        "patternProperties": {"^billing_address_": {"type": ["string", "null"]}},
        "additionalProperties": false
      },
      "CustomerPatch": {"$ref": "#/components/schemas/CustomerDraft"},
      "DeletedCustomer": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "mode": {"type": "string", "enum": ["anonymize", "purge"]},
          "aggregates": {"type": "string", "enum": ["kept", "removed"]},
          "unlinkedSites": {"type": "array", "items": {"type": "string"}},
          "unlinkedDevices": {"type": "array", "items": {"type": "string"}}
        },
        "required": ["id", "mode", "aggregates", "unlinkedSites", "unlinkedDevices"]
      },
      "Activity": {
        "type": "object",
        "properties": {
          "data": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}},
          "nextCursor": {"type": "string"}
        },
        "required": ["data"]
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
