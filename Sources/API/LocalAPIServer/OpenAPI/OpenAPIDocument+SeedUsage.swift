extension OpenAPIDocument {
  static let seedUsageSchemas = #"""
    {
      "SeedMeter": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "meter_token": {"type": "string"},
          "name": {"type": "string"},
          "property_name": {"type": "string"},
          "aggregation_type": {"$ref": "#/components/schemas/MeterAggregation"},
          "unit": {"type": "string"},
          "created_at": {"type": "string", "format": "date-time"}
        },
        "required": ["id", "meter_token", "name", "property_name", "aggregation_type", "unit", "created_at"]
      },
      "SeedMeterDraft": {
        "type": "object",
        "properties": {
          "name": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "\\S"},
          "aggregation_type": {"$ref": "#/components/schemas/MeterAggregation"},
          "unit": {"type": "string", "minLength": 1, "maxLength": 64},
          "property_name": {"type": "string", "minLength": 1, "maxLength": 64}
        },
        "required": ["name", "aggregation_type"],
        "additionalProperties": false
      },
      "SeedEvent": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "customer_id": {"type": "string"},
          "meter_id": {"type": "string"},
          "quantity": {"type": "string"},
          "timestamp": {"type": "string", "format": "date-time"},
          "created_at": {"type": "string", "format": "date-time"},
          "ingested_at": {"type": "string", "format": "date-time"},
          "idempotency_key": {"type": "string"},
          "meta_data": {"type": "object"}
        },
        "required": ["id", "customer_id", "meter_id", "quantity", "timestamp", "created_at", "meta_data"]
      },
      "SeedMeterUsage": {
        "type": "object",
        "properties": {
          "meter_id": {"type": "string"},
          "meter_name": {"type": "string"},
          "unit": {"type": "string"},
          "aggregation_type": {"$ref": "#/components/schemas/MeterAggregation"},
          "total_usage": {"type": "string"},
          "event_count": {"type": "integer"},
          "unique_customers": {"type": "integer"},
          "period_start": {"type": "string", "format": "date-time"},
          "period_end": {"type": "string", "format": "date-time"},
          "grouped_data": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "period": {"type": "string", "format": "date-time"},
                "usage": {"type": "string"},
                "event_count": {"type": "integer"}
              },
              "required": ["period", "usage", "event_count"]
            }
          }
        },
        "required": [
          "meter_id", "total_usage", "event_count", "unique_customers", "period_start", "period_end", "grouped_data"
        ]
      },
      "SeedMeterStatistics": {
        "type": "object",
        "properties": {
          "meter_id": {"type": "string"},
          "total_usage": {"type": "string"},
          "event_count": {"type": "integer"},
          "unique_customers": {"type": "integer"},
          "first_event": {"type": "string", "format": "date-time"},
          "last_event": {"type": "string", "format": "date-time"},
          "usage_today": {"type": "string"},
          "usage_this_week": {"type": "string"},
          "usage_this_month": {"type": "string"}
        },
        "required": [
          "meter_id", "total_usage", "event_count", "unique_customers", "usage_today", "usage_this_week",
          "usage_this_month"
        ]
      },
      "SeedCustomerUsage": {
        "type": "object",
        "properties": {
          "customer_id": {"type": "string"},
          "period_start": {"type": "string", "format": "date-time"},
          "period_end": {"type": "string", "format": "date-time"},
          "meters": {"type": "array", "items": {"$ref": "#/components/schemas/SeedMeterUsage"}},
          "energy": {
            "type": "object",
            "additionalProperties": {
              "type": "object",
              "properties": {
                "total_usage": {"type": ["number", "null"]},
                "unit": {"type": "string"},
                "coverage": {"type": "number"},
                "grouped_data": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": {
                      "period": {"type": "string", "format": "date-time"},
                      "usage": {"type": ["number", "null"]},
                      "coverage": {"type": "number"}
                    },
                    "required": ["period", "usage", "coverage"]
                  }
                }
              },
              "required": ["total_usage", "unit", "coverage", "grouped_data"]
            }
          }
        },
        "required": ["customer_id", "period_start", "period_end", "meters", "energy"]
      }
    }
    """#
}
