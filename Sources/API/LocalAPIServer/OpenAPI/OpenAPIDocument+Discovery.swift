extension OpenAPIDocument {
  static let discoverySchemas = #"""
    {
      "DiscoveryRequest": {
        "type": "object",
        "description": "Where to look; at least one of modbus, serial, mqtt and http. Nothing is ever written or published. At most 1024 addresses times ports each for modbus and http.",
        "properties": {
          "modbus": {
            "type": "object",
            "properties": {
              "hosts": {
                "type": "array", "minItems": 1, "items": {"type": "string"},
                "description": "Addresses, names and ranges such as 192.168.1.0/24."
              },
              "ports": {
                "type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "integer", "minimum": 1, "maximum": 65535},
                "description": "502 unless it is said."
              },
              "units": {
                "type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0, "maximum": 255},
                "description": "Without them those that the profiles name."
              }
            },
            "required": ["hosts"],
            "additionalProperties": false
          },
          "serial": {
            "type": "object",
            "properties": {
              "device": {"type": "string", "description": "/dev/ttyUSB0; not one that a running link has."},
              "baudRates": {"type": "array", "minItems": 1, "items": {"type": "integer"}},
              "parities": {
                "type": "array", "minItems": 1, "items": {"type": "string", "enum": ["none", "even", "odd"]}
              },
              "units": {
                "type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 1, "maximum": 247},
                "description": "1 to 10 unless it is said."
              }
            },
            "required": ["device"],
            "additionalProperties": false
          },
          "mqtt": {
            "type": "object",
            "properties": {
              "broker": {"type": "string", "description": "host or host:port"},
              "seconds": {"type": "number", "minimum": 0.5, "maximum": 120, "default": 10},
              "user": {"type": "string"},
              "password": {"type": "string", "writeOnly": true},
              "tls": {"type": "boolean", "description": "Encrypted; then the port is 8883 unless it is said."},
              "ca": {"type": "string", "description": "With tls: a PEM file on the gateway with the authority to trust."}
            },
            "required": ["broker"],
            "additionalProperties": false
          },
          "http": {
            "type": "object",
            "properties": {
              "hosts": {"type": "array", "minItems": 1, "items": {"type": "string"}},
              "ports": {
                "type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "integer", "minimum": 1, "maximum": 65535},
                "description": "80 unless it is said."
              }
            },
            "required": ["hosts"],
            "additionalProperties": false
          },
          "timeoutSeconds": {"type": "number", "minimum": 0.05, "maximum": 10, "description": "Of a connection and of an answer."},
          "allowPublic": {"type": "boolean", "default": false, "description": "Also look at addresses that are not private."},
          "askConfigured": {
            "type": "boolean", "default": false,
            "description": "Also ask what running links ask already; many devices serve one client only."
          }
        },
        "additionalProperties": false
      },
      "Discovery": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "status": {"type": "string", "enum": ["running", "completed", "cancelled"]},
          "startedAt": {"type": "string", "format": "date-time"},
          "endedAt": {"type": "string", "format": "date-time"},
          "progress": {
            "type": "object",
            "properties": {
              "done": {"type": "integer"}, "total": {"type": "integer"},
              "place": {"type": "string", "description": "The place that was begun last."}
            },
            "required": ["done", "total"]
          },
          "finds": {"type": "array", "maxItems": 256, "items": {"$ref": "#/components/schemas/DiscoveryFind"}},
          "problems": {
            "type": "array", "maxItems": 64,
            "items": {
              "type": "object",
              "properties": {"place": {"type": "string"}, "message": {"type": "string"}},
              "required": ["place", "message"]
            }
          },
          "unlistedFinds": {"type": "integer"},
          "unlistedProblems": {"type": "integer"}
        },
        "required": ["id", "status", "startedAt", "progress", "finds", "problems", "unlistedFinds", "unlistedProblems"]
      },
      "DiscoveryFind": {
        "type": "object",
        "properties": {
          "transport": {"type": "string", "enum": ["modbus", "mqtt", "http"]},
          "place": {"type": "string"},
          "unit": {"type": "integer"},
          "certainty": {
            "type": "string", "enum": ["identified", "likely", "unknown", "configured"],
            "description": "identified: it says so itself; likely: what it says fits; unknown: it only speaks the protocol; configured: a running link has it, and it was not asked."
          },
          "profile": {"type": "string"},
          "product": {"type": "string"},
          "evidence": {"type": "string"},
          "manufacturer": {"type": "string"},
          "model": {"type": "string"},
          "serialNumber": {"type": "string"},
          "alternatives": {"type": "array", "items": {"type": "string"}, "description": "Other profiles that fit too."},
          "deviceIds": {
            "type": "array", "items": {"type": "string"}, "description": "Devices of the gateway that are this one already."
          },
          "add": {
            "type": "object",
            "description": "How to add it; absent where no profile fits or where it is there already.",
            "properties": {
              "yaml": {"type": "string", "description": "For the configuration file."},
              "commands": {"type": "array", "items": {"type": "string"}, "description": "Lines for a shell."},
              "link": {"type": "object", "description": "The body of POST /v1/links; absent where a link leads there already."},
              "devices": {"type": "array", "items": {"type": "object"}, "description": "Bodies of POST /v1/devices."},
              "missing": {"type": "array", "items": {"type": "string"}, "description": "Parameters that somebody has to fill in."}
            },
            "required": ["yaml", "commands", "devices", "missing"]
          }
        },
        "required": ["transport", "place", "certainty", "evidence", "alternatives", "deviceIds"]
      }
    }
    """#
}
