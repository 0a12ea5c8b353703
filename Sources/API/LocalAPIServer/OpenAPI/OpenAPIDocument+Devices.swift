extension OpenAPIDocument {
  static let deviceSchemas = #"""
    {
      "Scalar": {
        "description": "A number, word, flag, or null for unknown now.",
        "type": ["number", "string", "boolean", "null"]
      },
      "Quality": {"type": "string", "enum": ["good", "estimated", "stale", "suspect", "bad", "missing"]},
      "ConnectivityState": {"type": "string", "enum": ["online", "degraded", "offline", "unknown"]},
      "DeviceType": {"type": "string", "enum": ["battery", "thermostat", "inverter", "meter", "charger"]},
      "Device": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "type": {"$ref": "#/components/schemas/DeviceType"},
          "role": {"type": "string", "enum": ["grid", "load", "pv", "sub"]},
          "name": {"type": "string"},
          "manufacturer": {"type": "string"},
          "model": {"type": "string"},
          "serialNumber": {"type": "string"},
          "firmwareVersion": {"type": "string"},
          "referenceId": {"type": "string"},
          "customerId": {"type": "string"},
          "linkedBy": {"$ref": "#/components/schemas/LinkOrigin"},
          "source": {"type": "string", "enum": ["configuration", "api"]},
          "siteId": {"type": "string"},
          "linkId": {"type": "string"},
          "profile": {"type": "string"},
          "variant": {"type": "string", "description": "the variant of the profile in force"},
          "reported": {
            "type": "object", "description": "parameters of the profile that the device said itself",
            "additionalProperties": {"$ref": "#/components/schemas/Scalar"}
          },
          "tags": {"type": "array", "items": {"type": "string"}},
          "nameplate": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
          "connectivity": {
            "type": "object",
            "properties": {
              "state": {"$ref": "#/components/schemas/ConnectivityState"},
              "since": {"type": "string", "format": "date-time"},
              "lastSeenAt": {"type": "string", "format": "date-time"},
              "consecutiveFailures": {"type": "integer"},
              "lastError": {"type": "string"}
            },
            "required": ["state", "since", "consecutiveFailures"]
          },
          "state": {"$ref": "#/components/schemas/State"},
          "settings": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
          "capabilities": {"$ref": "#/components/schemas/Capabilities"},
          "availableCommands": {"type": "array", "items": {"$ref": "#/components/schemas/AvailableCommand"}},
          "createdAt": {"type": "string", "format": "date-time"},
          "updatedAt": {"type": "string", "format": "date-time"}
        },
        "required": [
          "id",
          "type",
          "name",
          "tags",
          "nameplate",
          "connectivity",
          "state",
          "settings",
          "capabilities",
          "availableCommands"
        ]
      },
      "DevicePatch": {
        "type": "object",
        "description": "What the configuration says cannot be changed here (409). external_id is another spelling of referenceId.",
        "properties": {
          "name": {"type": ["string", "null"], "minLength": 1, "maxLength": 200},
          "referenceId": {"type": ["string", "null"]},
          "externalId": {"type": ["string", "null"]},
          "external_id": {"type": ["string", "null"]},
          "customerId": {"type": ["string", "null"]},
          "siteId": {"type": ["string", "null"]}
        },
        "additionalProperties": false
      },
      "State": {
        "type": "object",
        "properties": {
          "deviceId": {"type": "string"},
          "seq": {"type": "integer"},
          "observedAt": {"type": "string", "format": "date-time"},
          "receivedAt": {"type": "string", "format": "date-time"},
          "source": {
            "type": "object",
            "properties": {
              "link": {"type": "string"},
              "path": {"type": "string", "enum": ["live", "cache", "backfill", "simulated", "manual"]},
              "profile": {"type": "string"}
            },
            "required": ["link", "path", "profile"]
          },
          "quality": {"$ref": "#/components/schemas/Quality"},
          "ageSeconds": {"type": "number"},
          "staleAfterSeconds": {"type": "number"},
          "isStale": {"type": "boolean"},
          "fields": {
            "type": "object",
            "additionalProperties": {"$ref": "#/components/schemas/Scalar"},
            "description": "SI units, unit in the name. Power is positive when the device delivers into the site. null = unknown now, absent = not supported."
          },
          "fieldMeta": {
            "type": "object",
            "additionalProperties": {
              "type": "object",
              "properties": {
                "quality": {"$ref": "#/components/schemas/Quality"},
                "observedAt": {"type": "string", "format": "date-time"},
                "ageSeconds": {"type": "number"},
                "isStale": {"type": "boolean"}
              },
              "required": ["quality", "observedAt", "ageSeconds", "isStale"]
            }
          }
        },
        "required": [
          "deviceId",
          "seq",
          "source",
          "quality",
          "staleAfterSeconds",
          "isStale",
          "fields",
          "fieldMeta"
        ]
      },
      "Capabilities": {
        "type": "object",
        "properties": {
          "fields": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "name": {"type": "string"},
                "unit": {"type": "string"},
                "type": {"type": "string", "enum": ["number", "flag", "text", "label"]},
                "behavior": {"type": "string", "enum": ["gauge", "counter", "setting"]},
                "values": {"type": "array", "items": {"type": "string"}},
                "description": {"type": "string"}
              },
              "required": ["name", "unit", "type", "behavior", "description"]
            }
          },
          "commands": {"type": "array", "items": {"type": "string"}}
        },
        "required": ["fields", "commands"]
      },
      "AvailableCommand": {
        "type": "object",
        "properties": {
          "slug": {"type": "string"},
          "description": {"type": "string"},
          "input": {"type": "object", "description": "JSON Schema of the input with the limits of this moment."},
          "acceptsDuration": {"type": "boolean"}
        },
        "required": ["slug", "description", "input", "acceptsDuration"]
      }
    }
    """#
}
