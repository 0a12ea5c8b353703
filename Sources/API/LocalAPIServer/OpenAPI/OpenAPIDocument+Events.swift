extension OpenAPIDocument {
  static let eventSchemas = #"""
    {
      "Event": {
        "type": "object",
        "properties": {
          "sequence": {"type": "integer"},
          "type": {"type": "string"},
          "version": {"type": "integer"},
          "key": {"type": "string"},
          "timestamp": {"type": "string", "format": "date-time"},
          "deviceId": {"type": "string"},
          "customerId": {"type": "string"},
          "data": {"type": "object"}
        },
        "required": ["sequence", "type", "version", "key", "timestamp", "data"]
      },
      "EventList": {
        "type": "object",
        "properties": {
          "data": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}},
          "nextAfter": {"type": "integer"}
        },
        "required": ["data"]
      },
      "Alert": {
        "type": "object",
        "properties": {
          "id": {"type": "string", "example": "alt_4f9c2a7be1d0"},
          "kind": {
            "type": "string",
            "enum": ["revert-failed", "command-drifted", "disk-space-low", "store-limit-reached", "webhook-disabled"]
          },
          "deviceId": {"type": "string", "description": "Absent for the gateway itself and for a webhook."},
          "commandId": {"type": "string"},
          "webhookId": {"type": "string"},
          "message": {"type": "string"},
          "raisedAt": {"type": "string", "format": "date-time"},
          "updatedAt": {"type": "string", "format": "date-time"},
          "count": {"type": "integer", "description": "How often it was seen to be so."},
          "acknowledgedAt": {"type": "string", "format": "date-time"},
          "acknowledgedBy": {"type": "string"},
          "resolvedAt": {"type": "string", "format": "date-time"}
        },
        "required": ["id", "kind", "message", "raisedAt", "updatedAt", "count"]
      }
    }
    """#
}
