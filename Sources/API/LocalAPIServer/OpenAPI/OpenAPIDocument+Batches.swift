extension OpenAPIDocument {
  static let batchSchemas = #"""
    {
      "CommandOrder": {
        "type": "object",
        "properties": {
          "slug": {"type": "string", "description": "battery:charge"},
          "input": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
          "durationSeconds": {"type": "number"}
        },
        "required": ["slug"]
      },
      "BatchSubmission": {
        "type": "object",
        "description": "Exactly one of tag, siteId, customerId and deviceIds says which devices are meant. Devices of another kind than the command's are left out and named.",
        "properties": {
          "tag": {"type": "string"},
          "siteId": {"type": "string"},
          "customerId": {"type": "string"},
          "deviceIds": {"type": "array", "minItems": 1, "maxItems": 2000, "items": {"type": "string"}},
          "command": {
            "description": "battery:charge with input and durationSeconds beside it, or an object with all three.",
            "oneOf": [{"type": "string"}, {"$ref": "#/components/schemas/CommandOrder"}]
          },
          "input": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
          "durationSeconds": {"type": "number", "minimum": 1, "maximum": 86400},
          "ttlSeconds": {"type": "number", "minimum": 1, "maximum": 86400, "default": 60},
          "onConflict": {"type": "string", "enum": ["reject", "cancelAndReplace", "queueAfter"], "default": "reject"},
          "priority": {"type": "string", "enum": ["manual", "grid-program", "user", "schedule", "optimizer"], "default": "user"},
          "notBefore": {"type": "string", "format": "date-time", "description": "When the first device has its turn at the earliest."},
          "staggerSeconds": {
            "type": "number", "minimum": 0, "maximum": 3600, "default": 2, "description": "Between two devices."
          },
          "jitterSeconds": {
            "type": "number", "minimum": 0, "maximum": 3600,
            "description": "The most that is added to the turn of each device by chance; half of the stagger unless it is said."
          },
          "dryRun": {"type": "boolean"},
          "idempotencyKey": {"type": "string", "maxLength": 255}
        },
        "required": ["command"],
        "additionalProperties": false
      },
      "Batch": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "status": {"type": "string", "enum": ["running", "completed"]},
          "tag": {"type": "string"},
          "siteId": {"type": "string"},
          "customerId": {"type": "string"},
          "command": {"$ref": "#/components/schemas/CommandOrder"},
          "staggerSeconds": {"type": "number"},
          "jitterSeconds": {"type": "number"},
          "origin": {"type": "object", "properties": {"actor": {"type": "string"}}},
          "createdAt": {"type": "string", "format": "date-time"},
          "summary": {
            "type": "object",
            "properties": {
              "total": {"type": "integer"},
              "skipped": {"type": "integer"},
              "waiting": {"type": "integer"},
              "pending": {"type": "integer"},
              "confirmed": {"type": "integer"},
              "failed": {"type": "integer"}
            },
            "required": ["total", "skipped", "waiting", "pending", "confirmed", "failed"]
          },
          "results": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "deviceId": {"type": "string"},
                "status": {
                  "type": "string", "description": "waiting, skipped, the status of the command, or in a dry run acceptable."
                },
                "plannedAt": {"type": "string", "format": "date-time"},
                "commandId": {"type": "string"},
                "problem": {
                  "type": "object",
                  "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
                  "required": ["code", "message"]
                },
                "operations": {"type": "array", "items": {"type": "string"}}
              },
              "required": ["deviceId", "status"]
            }
          },
          "dryRun": {"type": "boolean"}
        },
        "required": [
          "status", "command", "staggerSeconds", "jitterSeconds", "origin", "createdAt", "summary", "results"
        ]
      }
    }
    """#
}
