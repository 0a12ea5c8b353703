extension OpenAPIDocument {
  /// What can be said with every command, as the bodies of both routes have it.
  private static let submissionMembers = #"""
    "input": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
    "durationSeconds": {
      "type": "number",
      "exclusiveMinimum": 0,
      "description": "How long it is to hold; undone afterwards."
    },
    "until": {
      "type": "string",
      "format": "date-time",
      "description": "Until when it is to hold; instead of durationSeconds."
    },
    "ttlSeconds": {
      "type": "number",
      "exclusiveMinimum": 0,
      "description": "How long it may wait for its device, from now or from notBefore; 60 unless it is said."
    },
    "notBefore": {
      "type": "string",
      "format": "date-time",
      "description": "Sent at this time; until then the status is scheduled, also across restarts."
    },
    "priority": {"$ref": "#/components/schemas/CommandPriority"},
    "dryRun": {"type": "boolean", "description": "Only say what would be written."},
    "idempotencyKey": {"type": "string"},
    "onConflict": {"$ref": "#/components/schemas/ConflictPolicy"}
    """#

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
      "CommandPriority": {
        "type": "string",
        "enum": ["safety", "manual", "grid-program", "user", "schedule", "optimizer"],
        "description": "From the highest to the lowest; a higher one takes the device without asking. manual: local socket only; grid-program: scope admin; safety: the gateway itself."
      },
      "ConflictPolicy": {
        "type": "string",
        "enum": ["reject", "cancelAndReplace", "queueAfter"],
        "description": "When a command of the same priority holds the device: 409, replace it, or wait until its lease ends. Against a higher priority cancelAndReplace is refused too."
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
          "origin": {
            "type": "object",
            "properties": {
              "actor": {"type": "string"},
              "schedule": {"type": "string"},
              "batchId": {"type": "string"}
            },
            "required": ["actor"]
          },
          "priority": {"$ref": "#/components/schemas/CommandPriority"},
          "onConflict": {"$ref": "#/components/schemas/ConflictPolicy"},
          "notBefore": {"type": "string", "format": "date-time"},
          "ttlSeconds": {"type": "number"},
          "waitsFor": {"type": "string", "description": "The command whose end it waits for."},
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
          "priority",
          "onConflict",
          "ttlSeconds",
          "createdAt",
          "operations"
        ]
      },
      "StopRequest": {
        "type": "object",
        "properties": {
          "deviceIds": {
            "type": "array",
            "items": {"type": "string"},
            "description": "All that the caller sees unless it is said."
          }
        },
        "additionalProperties": false
      },
      "StopReport": {
        "type": "object",
        "properties": {
          "results": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "deviceId": {"type": "string"},
                "isAtDefault": {"type": "boolean"},
                "command": {"$ref": "#/components/schemas/Command"},
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
              "required": ["deviceId", "isAtDefault"]
            }
          },
          "allAtDefault": {"type": "boolean"}
        },
        "required": ["results", "allAtDefault"]
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
    \#(submissionMembers)
        },
        "additionalProperties": false
      },
      "TypedCommandSubmission": {
        "type": "object",
        "properties": {
          "deviceId": {"type": "string"},
    \#(submissionMembers)
        },
        "required": ["deviceId"],
        "additionalProperties": false
      }
    }
    """#
}
