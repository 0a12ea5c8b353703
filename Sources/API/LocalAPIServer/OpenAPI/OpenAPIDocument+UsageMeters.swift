extension OpenAPIDocument {
  static let usageMeterSchemas = #"""
    {
      "MeterAggregation": {"type": "string", "enum": ["SUM", "MAX", "UNIQUE_COUNT", "LAST", "WEIGHTED_SUM"]},
      "UsageMeter": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "token": {"type": "string"},
          "name": {"type": "string"},
          "aggregation": {"$ref": "#/components/schemas/MeterAggregation"},
          "unit": {"type": "string"},
          "property": {"type": "string"},
          "createdAt": {"type": "string", "format": "date-time"}
        },
        "required": ["id", "token", "name", "aggregation", "unit", "property", "createdAt"]
      },
      "UsageMeterDraft": {
        "type": "object",
        "properties": {
          "name": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "\\S"},
          "aggregation": {"$ref": "#/components/schemas/MeterAggregation"},
          "unit": {"type": "string", "minLength": 1, "maxLength": 64},
          "property": {"type": "string", "minLength": 1, "maxLength": 64}
        },
        "required": ["name", "aggregation"],
        "additionalProperties": false
      },
      "UsageEvent": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "meterId": {"type": "string"},
          "customerId": {"type": "string"},
          "timestamp": {"type": "string", "format": "date-time"},
          "quantity": {"type": "string", "description": "A decimal number."},
          "receivedAt": {"type": "string", "format": "date-time"},
          "idempotencyKey": {"type": "string"},
          "metadata": {"type": "object"}
        },
        "required": ["id", "meterId", "customerId", "timestamp", "quantity", "receivedAt"]
      },
      "UsageEventDraft": {
        "type": "object",
        "description": "One of the names of the meter and one of the customer's; either spelling.",
        "properties": {
          "meterId": {"type": "string"},
          "meterToken": {"type": "string"},
          "meterName": {"type": "string"},
          "meter_id": {"type": "string"},
          "meter_token": {"type": "string"},
          "meter_name": {"type": "string"},
          "customerId": {"type": "string"},
          "customer_id": {"type": "string"},
          "customerExternalId": {"type": "string", "description": "Makes the customer where nobody has it."},
          "customerReferenceId": {"type": "string"},
          "customer_external_id": {"type": "string"},
          "quantity": {"type": ["number", "string"], "description": "Up to 1e12, with six places."},
          "timestamp": {
            "type": "string",
            "format": "date-time",
            "description": "At most 32 days ago and 5 minutes ahead; now."
          },
          "idempotencyKey": {"type": "string", "minLength": 1, "maxLength": 200},
          "idempotency_key": {"type": "string", "minLength": 1, "maxLength": 200},
          "metadata": {"type": "object"},
          "properties": {"type": "object"}
        },
        "additionalProperties": false
      },
      "UsageEventBatch": {
        "type": "object",
        "properties": {
          "events": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/UsageEventDraft"},
            "minItems": 1,
            "maxItems": 1000
          }
        },
        "required": ["events"],
        "additionalProperties": false
      },
      "UsageEventReport": {
        "type": "object",
        "properties": {
          "accepted": {"type": "integer"},
          "duplicates": {"type": "integer"},
          "rejected": {"type": "integer"},
          "results": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "index": {"type": "integer"},
                "status": {"type": "string", "enum": ["accepted", "duplicate", "rejected"]},
                "id": {"type": "string"},
                "error": {
                  "type": "object",
                  "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"}
                  },
                  "required": ["pointer", "code", "detail"]
                }
              },
              "required": ["index", "status"]
            }
          }
        },
        "required": ["accepted", "duplicates", "rejected", "results"]
      },
      "MeterUsage": {
        "type": "object",
        "properties": {
          "meterId": {"type": "string"},
          "customerId": {"type": "string"},
          "from": {"type": "string", "format": "date-time"},
          "to": {"type": "string", "format": "date-time"},
          "timezone": {"type": "string"},
          "by": {"type": "string"},
          "unit": {"type": "string"},
          "total": {"type": "string", "description": "Absent where no event says it."},
          "eventCount": {"type": "integer"},
          "uniqueCustomers": {"type": "integer"},
          "series": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "start": {"type": "string", "format": "date-time"},
                "end": {"type": "string", "format": "date-time"},
                "usage": {"type": "string"},
                "eventCount": {"type": "integer"}
              },
              "required": ["start", "end", "eventCount"]
            }
          }
        },
        "required": ["meterId", "from", "to", "timezone", "by", "unit", "eventCount", "uniqueCustomers", "series"]
      },
      "MeterStatistics": {
        "type": "object",
        "properties": {
          "meterId": {"type": "string"},
          "unit": {"type": "string"},
          "total": {"type": "string"},
          "eventCount": {"type": "integer"},
          "uniqueCustomers": {"type": "integer"},
          "firstEventAt": {"type": "string", "format": "date-time"},
          "lastEventAt": {"type": "string", "format": "date-time"},
          "today": {"type": "string"},
          "thisWeek": {"type": "string"},
          "thisMonth": {"type": "string"}
        },
        "required": ["meterId", "unit", "eventCount", "uniqueCustomers"]
      }
    }
    """#
}
