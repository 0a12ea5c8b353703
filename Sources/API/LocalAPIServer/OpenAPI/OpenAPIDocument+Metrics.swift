extension OpenAPIDocument {
  static let metricSchemas = #"""
    {
      "Metric": {
        "type": "object",
        "properties": {
          "data": {"type": "array", "items": {"$ref": "#/components/schemas/MetricPoint"}},
          "meta": {
            "type": "object",
            "properties": {
              "label": {"type": "string"},
              "unit": {"type": "string", "enum": ["WATT_HOURS", "GRAMS", "POUNDS", "SHARE"]},
              "displayUnit": {"type": "string"},
              "sparse": {"type": "boolean"},
              "groupBy": {"type": "string", "enum": ["DEVICE", "SITE", "CUSTOMER", "TAG", "TYPE"]},
              "windowSize": {"type": "string", "enum": ["FIFTEEN_MINUTES", "HOUR", "DAY", "WEEK", "MONTH", "YEAR"]},
              "from": {"type": "string", "format": "date-time"},
              "to": {"type": "string", "format": "date-time"},
              "timezone": {"type": "string", "description": "Absent where the series have different ones."},
              "intensitySources": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/IntensitySource"},
                "description": "Emissions: where the carbon intensity comes from."
              },
              "series": {"type": "array", "items": {"$ref": "#/components/schemas/MetricSeries"}},
              "domainMeta": {"type": "object"}
            },
            "required": ["label", "unit", "displayUnit", "sparse", "groupBy", "windowSize", "from", "to", "series"]
          }
        },
        "required": ["data", "meta"]
      },
      "IntensitySource": {
        "type": "object",
        "properties": {
          "name": {"type": "string"},
          "kind": {"type": "string", "enum": ["file", "http"]},
          "coverage": {
            "type": "number", "minimum": 0, "maximum": 1,
            "description": "Share of the time asked for, up to now, for which it says something."
          },
          "until": {"type": "string", "format": "date-time", "description": "When its last value ends to hold."},
          "problem": {"type": "string", "description": "Why the last question had no answer."}
        },
        "required": ["name", "kind", "coverage"]
      },
      "MetricPoint": {
        "type": "object",
        "properties": {
          "ts": {"type": "string", "format": "date-time"},
          "v": {"type": ["number", "null"], "description": "null where it cannot be known."},
          "deviceId": {"type": "string"},
          "siteId": {"type": "string"},
          "customerId": {"type": "string"},
          "tag": {"type": "string"},
          "type": {"$ref": "#/components/schemas/DeviceType"},
          "coverage": {"type": "number", "minimum": 0, "maximum": 1},
          "quality": {"$ref": "#/components/schemas/Quality"},
          "revision": {"type": "integer", "minimum": 0, "description": "Changes after the window was closed."}
        },
        "required": ["ts", "v", "coverage", "quality", "revision"]
      },
      "MetricSeries": {
        "type": "object",
        "properties": {
          "deviceId": {"type": "string"},
          "siteId": {"type": "string"},
          "customerId": {"type": "string"},
          "tag": {"type": "string"},
          "type": {"$ref": "#/components/schemas/DeviceType"},
          "timezone": {"type": "string"},
          "total": {"type": ["number", "null"]},
          "coverage": {"type": "number", "minimum": 0, "maximum": 1}
        },
        "required": ["timezone", "total", "coverage"]
      }
    }
    """#
}
