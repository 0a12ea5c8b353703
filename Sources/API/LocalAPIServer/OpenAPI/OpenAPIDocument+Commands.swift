extension OpenAPIDocument {
  static let commandSchemas = #"""
    {
      "CommandStatus": {
        "type": "string",
        "enum": [
          "rejected",
          "accepted",
          "scheduled",
          "queued",
          "dispatched",
          "acknowledged",
          "confirmed",
          "drifted",
          "completed",
          "reverted",
          "unconfirmed",
          "failed",
          "expired",
          "cancelled",
          "superseded"
        ]
      },
      "Command": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "deviceId": {"type": "string"},
          "command": {"type": "string"},
          "input": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
          "status": {"$ref": "#/components/schemas/CommandStatus"},
          "isTerminal": {"type": "boolean"},
          "statusHistory": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "status": {"$ref": "#/components/schemas/CommandStatus"},
                "at": {"type": "string", "format": "date-time"},
                "detail": {"type": "string"}
              },
              "required": ["status", "at"]
            }
          },
          "origin": {"type": "object", "properties": {"actor": {"type": "string"}}, "required": ["actor"]},
          "idempotencyKey": {"type": "string"},
          "durationSeconds": {"type": "number"},
          "createdAt": {"type": "string", "format": "date-time"},
          "leaseExpiresAt": {"type": "string", "format": "date-time"},
          "operations": {
            "type": "array",
            "items": {"type": "string"},
            "description": "The exact writes, in order."
          },
          "evidence": {
            "type": "object",
            "properties": {
              "before": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
              "after": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
              "predicate": {"type": "string"},
              "latencyMs": {"type": "integer"}
            },
            "required": ["before", "after", "predicate"]
          },
          "error": {
            "type": "object",
            "properties": {
              "code": {"type": "string"},
              "message": {"type": "string"},
              "retryable": {"type": "boolean"}
            },
            "required": ["code", "message", "retryable"]
          }
        },
        "required": [
          "id",
          "deviceId",
          "command",
          "input",
          "status",
          "isTerminal",
          "statusHistory",
          "origin",
          "createdAt",
          "operations"
        ]
      },
      "CommandPreview": {
        "type": "object",
        "properties": {
          "deviceId": {"type": "string"},
          "command": {"type": "string"},
          "input": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
          "durationSeconds": {"type": "number"},
          "operations": {"type": "array", "items": {"type": "string"}},
          "dryRun": {"type": "boolean"}
        },
        "required": ["deviceId", "command", "input", "operations", "dryRun"]
      },
      "CommandSubmission": {
        "type": "object",
        "properties": {
          "command": {"type": "string", "description": "battery:charge, or the verb alone."},
          "verb": {"type": "string"},
          "input": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
          "durationSeconds": {
            "type": "number",
            "exclusiveMinimum": 0,
            "description": "How long it is to hold; undone afterwards."
          },
          "ttlSeconds": {"type": "number", "exclusiveMinimum": 0},
          "dryRun": {"type": "boolean", "description": "Only say what would be written."},
          "idempotencyKey": {"type": "string"},
          "onConflict": {"type": "string", "enum": ["reject", "cancelAndReplace"]}
        },
        "additionalProperties": false
      }
    }
    """#
}
