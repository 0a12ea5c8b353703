extension OpenAPIDocument {
  static let systemSchemas = #"""
    {
      "Problem": {
        "type": "object",
        "properties": {
          "type": {"type": "string"},
          "title": {"type": "string"},
          "status": {"type": "integer"},
          "detail": {"type": "string"},
          "instance": {"type": "string"},
          "message": {"type": "string"},
          "error": {"type": "string", "description": "Machine-readable code such as OUT_OF_RANGE."},
          "hint": {"type": "string"},
          "details": {"type": "object"},
          "errors": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "pointer": {
                  "type": "string",
                  "description": "JSON pointer into the body, or ?name for a query parameter."
                },
                "code": {"type": "string"},
                "detail": {"type": "string"}
              },
              "required": ["pointer", "code", "detail"]
            }
          },
          "requestId": {"type": "string"}
        },
        "required": [
          "type",
          "title",
          "status",
          "detail",
          "instance",
          "message",
          "error",
          "details",
          "errors",
          "requestId"
        ]
      },
      "Health": {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]},
      "Readiness": {
        "type": "object",
        "properties": {"isReady": {"type": "boolean"}, "reasons": {"type": "array", "items": {"type": "string"}}},
        "required": ["isReady", "reasons"]
      },
      "Version": {
        "type": "object",
        "properties": {"version": {"type": "string"}, "api": {"type": "string"}},
        "required": ["version", "api"]
      },
      "Status": {
        "type": "object",
        "properties": {
          "version": {"type": "string"},
          "startedAt": {"type": "string", "format": "date-time"},
          "now": {"type": "string", "format": "date-time"},
          "uptimeSeconds": {"type": "number"},
          "openAlerts": {"type": "integer"},
          "store": {
            "type": "object",
            "properties": {
              "bytes": {"type": "integer", "description": "The database with its write-ahead log."},
              "usedBytes": {"type": "integer", "description": "Of the database, without free pages."},
              "freeBytes": {"type": "integer", "description": "On the disk of the database."},
              "writtenBytes": {"type": "integer", "description": "By the gateway to disks, since its start."},
              "writtenBytesPerDay": {"type": "integer", "description": "By the mean since the start; absent in its first minutes."},
              "rawReadings": {"type": "integer"},
              "rawSince": {"type": "string", "format": "date-time"},
              "isKeepingRaw": {"type": "boolean", "description": "False with too little room on the disk, or where none are to be kept."},
              "pendingWindows": {"type": "integer"},
              "lastError": {"type": "string"}
            },
            "required": ["bytes", "isKeepingRaw", "pendingWindows"]
          },
          "links": {"type": "array", "items": {"$ref": "#/components/schemas/LinkStatus"}},
          "devices": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "id": {"type": "string"},
                "type": {"$ref": "#/components/schemas/DeviceType"},
                "name": {"type": "string"},
                "connectivity": {"$ref": "#/components/schemas/ConnectivityState"},
                "lastSeenAt": {"type": "string", "format": "date-time"},
                "ageSeconds": {"type": "number"},
                "lastError": {"type": "string"}
              },
              "required": ["id", "type", "name", "connectivity"]
            }
          },
          "drops": {
            "type": "object",
            "additionalProperties": {"type": "integer"},
            "description": "What was dropped since the start, by cause."
          },
          "api": {"type": "object", "properties": {"tcp": {"type": "string"}, "socket": {"type": "string"}}}
        },
        "required": [
          "version", "startedAt", "now", "uptimeSeconds", "store", "links", "devices", "drops", "openAlerts", "api"
        ]
      },
      "MeasuredSeconds": {
        "type": "object",
        "description": "Of the last five to ten minutes, in seconds; right to within a quarter.",
        "properties": {"p50": {"type": "number"}, "p95": {"type": "number"}},
        "required": ["p50", "p95"]
      },
      "LinkStatus": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "transport": {"type": "string", "enum": ["modbus", "mqtt", "http"]},
          "address": {"type": "string"},
          "isConnected": {"type": "boolean"},
          "exchanges": {"type": "integer"},
          "errors": {"type": "object", "additionalProperties": {"type": "integer"}},
          "connects": {"type": "integer"},
          "busyShare": {"type": "number"},
          "requestsPerSecond": {"type": "number", "description": "Over the last minute."},
          "responseSeconds": {"$ref": "#/components/schemas/MeasuredSeconds"},
          "endpoints": {
            "type": "array",
            "description": "What is measured of each endpoint; the devices behind one share its requests.",
            "items": {
              "type": "object",
              "properties": {
                "devices": {"type": "array", "items": {"type": "string"}},
                "responseSeconds": {"$ref": "#/components/schemas/MeasuredSeconds"},
                "timeoutSeconds": {"type": "number", "description": "The time that an answer has now."},
                "polls": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": {
                      "pollClass": {"type": "string", "enum": ["fast", "normal", "slow", "once"]},
                      "everySeconds": {"type": "number"},
                      "intervalSeconds": {"$ref": "#/components/schemas/MeasuredSeconds"},
                      "delaySeconds": {"$ref": "#/components/schemas/MeasuredSeconds"},
                      "count": {"type": "integer"},
                      "late": {"type": "integer", "description": "Complete only when the next one was due."},
                      "skipped": {"type": "integer", "description": "Left out: the one before was under way, or nobody had room."}
                    },
                    "required": ["pollClass", "count", "late", "skipped"]
                  }
                }
              },
              "required": ["devices", "polls"]
            }
          },
          "lastError": {"type": "string"},
          "devices": {"type": "array", "items": {"type": "string"}}
        },
        "required": [
          "id", "transport", "address", "isConnected", "exchanges", "errors", "connects", "endpoints", "devices"
        ]
      }
    }
    """#
}
