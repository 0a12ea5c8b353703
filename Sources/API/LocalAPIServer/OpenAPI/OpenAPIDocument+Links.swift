extension OpenAPIDocument {
  static let linkSchemas = #"""
    {
      "Link": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "transport": {"type": "string", "enum": ["modbus", "mqtt", "http"]},
          "address": {"type": "string"},
          "source": {"type": "string", "enum": ["configuration", "api"]},
          "definedAt": {"type": "string", "description": "file and line of the configuration"},
          "modbus": {"$ref": "#/components/schemas/LinkSettings"},
          "mqtt": {"$ref": "#/components/schemas/LinkSettings"},
          "http": {"$ref": "#/components/schemas/LinkSettings"},
          "status": {"$ref": "#/components/schemas/LinkStatus"},
          "devices": {"type": "array", "items": {"type": "string"}},
          "createdAt": {"type": "string", "format": "date-time"},
          "updatedAt": {"type": "string", "format": "date-time"}
        },
        "required": ["id", "transport", "address", "source", "devices"]
      },
      "LinkSettings": {
        "type": "object",
        "description": "As in the configuration file, without secrets: modbus {tcp | rtuOverTcp | rtuOverUdp | givenergy | aa55: host:port} or {serial, baud, parity, dataBits, stopBits}; mqtt {broker, version, clientId, user, password, tls, keepAlive}; http {url, ca, fingerprint}."
      },
      "LinkSettingsDraft": {
        "type": ["object", "null"],
        "description": "As in the configuration file; a password is given as it is and never shown again.",
        "additionalProperties": {"type": ["string", "number", "boolean", "object", "null"]}
      },
      "LinkPatch": {
        "type": "object",
        "properties": {
          "modbus": {"$ref": "#/components/schemas/LinkSettingsDraft"},
          "mqtt": {"$ref": "#/components/schemas/LinkSettingsDraft"},
          "http": {"$ref": "#/components/schemas/LinkSettingsDraft"}
        },
        "additionalProperties": false
      },
      "LinkDraft": {
        "type": "object",
        "description": "Exactly one of modbus, mqtt and http.",
        "properties": {
          "id": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"},
          "modbus": {"$ref": "#/components/schemas/LinkSettingsDraft"},
          "mqtt": {"$ref": "#/components/schemas/LinkSettingsDraft"},
          "http": {"$ref": "#/components/schemas/LinkSettingsDraft"}
        },
        "additionalProperties": false
      },
      "LinkTestDraft": {
        "type": "object",
        "properties": {
          "profile": {"type": "string"},
          "parameters": {"$ref": "#/components/schemas/ProfileParameters"}
        },
        "required": ["profile"],
        "additionalProperties": false
      },
      "NewLinkTest": {
        "type": "object",
        "properties": {
          "link": {
            "description": "the id of a link, or what a new one would be",
            "anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/LinkDraft"}]
          },
          "profile": {"type": "string"},
          "parameters": {"$ref": "#/components/schemas/ProfileParameters"}
        },
        "required": ["link", "profile"],
        "additionalProperties": false
      },
      "ProfileParameters": {
        "type": "object",
        "description": "What the profile wants to know; secrets are given as they are and never shown again.",
        "additionalProperties": {"$ref": "#/components/schemas/Scalar"}
      },
      "LinkTest": {
        "type": "object",
        "properties": {
          "isReached": {"type": "boolean"},
          "link": {"type": "string"},
          "profile": {"type": "string"},
          "seconds": {"type": "number"},
          "devices": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "part": {"type": "string"},
                "type": {"$ref": "#/components/schemas/DeviceType"},
                "fields": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}}
              },
              "required": ["part", "type", "fields"]
            }
          },
          "problem": {
            "type": "object",
            "properties": {"message": {"type": "string"}, "hint": {"type": "string"}},
            "required": ["message", "hint"]
          }
        },
        "required": ["isReached", "link", "profile", "seconds", "devices"]
      },
      "DeviceDraft": {
        "type": "object",
        "description": "profile, link, part, parameters, role, writeBudget and interlocks are those of the configuration file. external_id is another spelling of referenceId.",
        "properties": {
          "id": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"},
          "profile": {"type": "string"},
          "link": {"type": "string"},
          "linkId": {"type": "string"},
          "part": {"type": "string", "description": "needed where the profile presents several devices"},
          "parameters": {"$ref": "#/components/schemas/ProfileParameters"},
          "role": {"type": "string", "enum": ["grid", "load", "pv", "sub"]},
          "writeBudget": {"type": "integer", "minimum": 1, "maximum": 10000},
          "interlocks": {"type": "object"},
          "name": {"type": ["string", "null"], "minLength": 1, "maxLength": 200},
          "referenceId": {"type": ["string", "null"]},
          "externalId": {"type": ["string", "null"]},
          "external_id": {"type": ["string", "null"]},
          "customerId": {"type": ["string", "null"]},
          "siteId": {"type": ["string", "null"]},
          "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 50}
        },
        "required": ["profile", "link"],
        "additionalProperties": false
      }
    }
    """#
}
