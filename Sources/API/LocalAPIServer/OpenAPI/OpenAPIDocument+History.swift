extension OpenAPIDocument {
  static let historySchemas = #"""
    {
      "History": {
        "type": "object",
        "properties": {
          "deviceId": {"type": "string"},
          "resolution": {"type": "string", "enum": ["raw", "1m", "15m", "1h", "1d"]},
          "timezone": {"type": "string"},
          "from": {"type": "string", "format": "date-time"},
          "to": {"type": "string", "format": "date-time"},
          "data": {"type": "array", "items": {"$ref": "#/components/schemas/HistoryRow"}},
          "nextCursor": {"type": "string", "description": "Absent after the last row."}
        },
        "required": ["deviceId", "resolution", "timezone", "from", "to", "data"]
      },
      "HistoryRow": {
        "type": "object",
        "properties": {
          "ts": {"type": "string", "format": "date-time", "description": "When it was measured, or when the window begins."},
          "field": {"type": "string"},
          "value": {"type": ["number", "string", "boolean", "null"], "description": "Of readings; words have a row when they change."},
          "avg": {"type": "number"},
          "min": {"type": "number"},
          "max": {"type": "number"},
          "last": {"type": "number", "description": "Of a counter only as long as its readings are kept."},
          "difference": {"type": "number", "description": "By how much a counter rose, its resets taken out."},
          "samples": {"type": "integer"},
          "quality": {"$ref": "#/components/schemas/Quality"}
        },
        "required": ["ts", "field", "quality"]
      }
    }
    """#
}
