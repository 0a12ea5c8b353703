extension OpenAPIDocument {
  static let webhookSchemas = #"""
    {
      "Webhook": {
        "type": "object",
        "properties": {
          "id": {"type": "string", "example": "whk_4f9c2a7be1d0"},
          "url": {"type": "string"},
          "label": {"type": "string"},
          "eventTypes": {"type": "array", "items": {"type": "string"}, "description": "Empty = all."},
          "customerId": {"type": "string"},
          "enabled": {"type": "boolean"},
          "disabledReason": {"type": "string"},
          "disabledAt": {"type": "string", "format": "date-time"},
          "failingSince": {"type": "string", "format": "date-time"},
          "oldSecretUntil": {"type": "string", "format": "date-time"},
          "secret": {"type": "string", "description": "whsec_…, in the answer that made it and never again."},
          "createdAt": {"type": "string", "format": "date-time"},
          "updatedAt": {"type": "string", "format": "date-time"}
        },
        "required": ["id", "url", "label", "eventTypes", "enabled", "createdAt", "updatedAt"]
      },
      "WebhookDraft": {
        "type": "object",
        "properties": {
          "url": {"type": "string", "maxLength": 2048},
          "label": {"type": ["string", "null"], "maxLength": 200},
          "eventTypes": {
            "type": ["array", "null"],
            "items": {"type": "string", "description": "device.offline, command.* or *"},
            "maxItems": 50
          },
          "customerId": {"type": ["string", "null"]},
          "enabled": {"type": ["boolean", "null"]}
        },
        "required": ["url"],
        "additionalProperties": false
      },
      "WebhookPatch": {
        "type": "object",
        "properties": {
          "url": {"type": "string", "maxLength": 2048},
          "label": {"type": ["string", "null"], "maxLength": 200},
          "eventTypes": {"type": ["array", "null"], "items": {"type": "string"}, "maxItems": 50},
          "customerId": {"type": ["string", "null"]},
          "enabled": {"type": ["boolean", "null"]}
        },
        "additionalProperties": false
      },
      "WebhookDelivery": {
        "type": "object",
        "properties": {
          "id": {"type": "string", "description": "The header webhook-id, the same with every try."},
          "webhookId": {"type": "string"},
          "eventSequence": {"type": "integer"},
          "eventType": {"type": "string"},
          "state": {"type": "string", "enum": ["waiting", "delivered", "failed"]},
          "attempts": {"type": "integer"},
          "createdAt": {"type": "string", "format": "date-time"},
          "lastAttemptAt": {"type": "string", "format": "date-time"},
          "nextAttemptAt": {"type": "string", "format": "date-time"},
          "lastStatus": {"type": "integer"},
          "lastError": {"type": "string"}
        },
        "required": ["id", "webhookId", "eventType", "state", "attempts", "createdAt"]
      },
      "WebhookReplay": {
        "type": "object",
        "properties": {"since": {"type": "string", "format": "date-time"}},
        "required": ["since"],
        "additionalProperties": false
      },
      "ReplayedEvents": {
        "type": "object",
        "properties": {"events": {"type": "integer"}},
        "required": ["events"]
      }
    }
    """#
}
