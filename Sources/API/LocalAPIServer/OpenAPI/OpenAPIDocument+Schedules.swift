extension OpenAPIDocument {
  static let scheduleSchemas = #"""
    {
      "WeeklyTimes": {
        "type": "object",
        "properties": {
          "daysOfWeek": {
            "type": "array", "minItems": 1, "uniqueItems": true,
            "items": {"type": "integer", "minimum": 0, "maximum": 6, "description": "0 = Sunday"}
          },
          "startTime": {"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"},
          "endTime": {
            "type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$",
            "description": "At or before the start, it is the next day; 24:00 is the end of the day."
          }
        },
        "required": ["daysOfWeek", "startTime", "endTime"]
      },
      "ScheduleDraft": {
        "type": "object",
        "description": "rules make a weekly schedule, at makes a one-shot. Rules must not overlap.",
        "properties": {
          "timezone": {"type": "string", "description": "IANA zone; the site's of the device unless it is said."},
          "rules": {
            "type": "array", "minItems": 1, "maxItems": 50,
            "items": {
              "allOf": [
                {"$ref": "#/components/schemas/WeeklyTimes"},
                {
                  "type": "object",
                  "properties": {
                    "command": {"type": "string"},
                    "input": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}}
                  },
                  "required": ["command"]
                }
              ]
            }
          },
          "default": {
            "type": "object", "description": "What is sent between the intervals; the device is left to itself without.",
            "properties": {
              "command": {"type": "string"},
              "input": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}}
            },
            "required": ["command"],
            "additionalProperties": false
          },
          "at": {"type": "string", "description": "RFC 3339 with an offset, or without one in timezone."},
          "command": {"type": "string", "description": "For at. The kind may be left out for a device."},
          "input": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
          "durationSeconds": {"type": "number", "minimum": 1, "maximum": 86400}
        },
        "additionalProperties": false
      },
      "DeviceScheduleCompatible": {
        "type": "object",
        "properties": {
          "schedule": {
            "type": "object",
            "properties": {
              "deviceTimezone": {"type": "string"}, "defaultDeviceOperatingMode": {"type": "string"}
            },
            "additionalProperties": false
          },
          "rules": {
            "type": "array", "minItems": 1, "maxItems": 50,
            "items": {
              "allOf": [
                {"$ref": "#/components/schemas/WeeklyTimes"},
                {
                  "type": "object",
                  "properties": {"deviceOperatingMode": {"type": "string"}},
                  "required": ["deviceOperatingMode"]
                }
              ]
            }
          }
        },
        "required": ["schedule", "rules"],
        "additionalProperties": false
      },
      "TagScheduleCompatible": {
        "type": "object",
        "properties": {
          "command": {"oneOf": [{"type": "string"}, {"$ref": "#/components/schemas/CommandOrder"}]},
          "input": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
          "durationSeconds": {"type": "number", "minimum": 1, "maximum": 86400},
          "schedule": {
            "type": "object",
            "properties": {
              "type": {"type": "string", "enum": ["iso", "recurrence"]},
              "value": {
                "oneOf": [
                  {"type": "string"},
                  {"$ref": "#/components/schemas/WeeklyTimes"},
                  {"type": "array", "items": {"$ref": "#/components/schemas/WeeklyTimes"}}
                ]
              },
              "timezone": {"type": "string"}
            },
            "required": ["type", "value"],
            "additionalProperties": false
          }
        },
        "required": ["command", "schedule"],
        "additionalProperties": false
      },
      "Schedule": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "scheduleId": {"type": "string"},
          "type": {"type": "string", "enum": ["weekly", "once"]},
          "status": {"type": "string", "enum": ["active", "deleted", "replaced", "done", "missed"]},
          "deviceId": {"type": "string"},
          "tag": {"type": "string"},
          "timezone": {"type": "string", "description": "Absent for a tag without one: the site's of each device."},
          "rules": {
            "type": "array",
            "items": {
              "allOf": [
                {"$ref": "#/components/schemas/WeeklyTimes"},
                {
                  "type": "object",
                  "properties": {
                    "command": {"$ref": "#/components/schemas/CommandOrder"},
                    "deviceOperatingMode": {"type": "string"}
                  },
                  "required": ["command"]
                }
              ]
            }
          },
          "defaultCommand": {"$ref": "#/components/schemas/CommandOrder"},
          "at": {"type": "string", "format": "date-time"},
          "command": {"$ref": "#/components/schemas/CommandOrder"},
          "nextEdgeAt": {"type": "string", "format": "date-time"},
          "runs": {
            "type": "array", "description": "What it did last, by device.",
            "items": {
              "type": "object",
              "properties": {
                "deviceId": {"type": "string"},
                "intervalStart": {"type": "string", "format": "date-time"},
                "attempts": {"type": "integer"},
                "commandId": {"type": "string"},
                "nextAttemptAt": {"type": "string", "format": "date-time"},
                "problem": {"type": "string"}
              },
              "required": ["deviceId", "intervalStart", "attempts"]
            }
          },
          "origin": {"type": "object", "properties": {"actor": {"type": "string"}}},
          "createdAt": {"type": "string", "format": "date-time"},
          "endedAt": {"type": "string", "format": "date-time"},
          "schedule": {
            "type": "object", "description": "The times again in the words of the compatible form.",
            "properties": {
              "deviceTimezone": {"type": "string"},
              "defaultDeviceOperatingMode": {"type": "string"},
              "type": {"type": "string", "enum": ["iso", "recurrence"]},
              "value": {"type": "string", "format": "date-time"},
              "timezone": {"type": "string"}
            }
          }
        },
        "required": ["id", "scheduleId", "type", "status", "runs", "origin", "createdAt"]
      }
    }
    """#
}
