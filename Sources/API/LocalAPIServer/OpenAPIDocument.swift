/// The OpenAPI 3.1 document of the API, kept by hand. A test holds it against the table of routes.
enum OpenAPIDocument {
  static let json = #"""
    {
      "openapi": "3.1.0",
      "info": {
        "title": "Heddle",
        "version": "1.0.0",
        "summary": "Batteries, thermostats, inverters, meters and chargers behind one API.",
        "description": "Over TCP a key is needed; the Unix socket needs none. Errors are application/problem+json. Times are RFC 3339 in UTC with milliseconds.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
      },
      "servers": [{"url": "/"}],
      "security": [{"bearer": []}, {"apiKey": []}],
      "paths": {
        "/health": {
          "get": {
            "operationId": "getHealth",
            "summary": "Whether the process is alive",
            "tags": ["system"],
            "security": [],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/ready": {
          "get": {
            "operationId": "getReadiness",
            "summary": "Whether store and adapters work",
            "tags": ["system"],
            "security": [],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Readiness"}}}
              },
              "503": {
                "description": "Not yet",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Readiness"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/version": {
          "get": {
            "operationId": "getVersion",
            "summary": "The version of program and API",
            "tags": ["system"],
            "security": [],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Version"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/openapi.json": {
          "get": {
            "operationId": "getOpenAPI",
            "summary": "This document",
            "tags": ["system"],
            "security": [],
            "responses": {
              "200": {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}},
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/metrics": {
          "get": {
            "operationId": "getMetrics",
            "summary": "Prometheus metrics",
            "tags": ["system"],
            "responses": {
              "200": {"description": "OK", "content": {"text/plain": {"schema": {"type": "string"}}}},
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/status": {
          "get": {
            "operationId": "getStatus",
            "summary": "Links, devices, store, drops",
            "tags": ["system"],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/devices": {
          "get": {
            "operationId": "listDevices",
            "summary": "Devices",
            "tags": ["devices"],
            "parameters": [
              {"name": "type", "in": "query", "schema": {"$ref": "#/components/schemas/DeviceType"}},
              {"name": "customerId", "in": "query", "schema": {"type": "string"}},
              {"name": "siteId", "in": "query", "schema": {"type": "string"}},
              {"name": "status", "in": "query", "schema": {"$ref": "#/components/schemas/ConnectivityState"}},
              {"$ref": "#/components/parameters/page"},
              {"$ref": "#/components/parameters/perPage"}
            ],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DevicePage"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/devices/{id}": {
          "get": {
            "operationId": "getDevice",
            "summary": "One device with state, capabilities and commands",
            "tags": ["devices"],
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Device"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/devices/{id}/state": {
          "get": {
            "operationId": "getDeviceState",
            "summary": "What the device reports",
            "tags": ["devices"],
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/State"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/devices/{id}/capabilities": {
          "get": {
            "operationId": "getDeviceCapabilities",
            "summary": "What the device can report and do",
            "tags": ["devices"],
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Capabilities"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/devices/{id}/commands": {
          "post": {
            "operationId": "sendCommand",
            "summary": "Send a command, or with dryRun say what it would write",
            "tags": ["commands"],
            "parameters": [
              {"$ref": "#/components/parameters/id"},
              {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255}},
              {"$ref": "#/components/parameters/prefer"}
            ],
            "requestBody": {
              "required": true,
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CommandSubmission"}}}
            },
            "responses": {
              "200": {
                "description": "Confirmed or ended within the wait, or a dry run",
                "content": {
                  "application/json": {
                    "schema": {
                      "oneOf": [
                        {"$ref": "#/components/schemas/Command"},
                        {"$ref": "#/components/schemas/CommandPreview"}
                      ]
                    }
                  }
                }
              },
              "202": {
                "description": "Accepted",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Command"}}},
                "headers": {
                  "Location": {"schema": {"type": "string"}},
                  "Idempotent-Replayed": {"schema": {"type": "string"}},
                  "Preference-Applied": {"schema": {"type": "string"}}
                }
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          },
          "get": {
            "operationId": "listDeviceCommands",
            "summary": "Commands of a device, newest first",
            "tags": ["commands"],
            "parameters": [
              {"$ref": "#/components/parameters/id"},
              {"name": "status", "in": "query", "schema": {"$ref": "#/components/schemas/CommandStatus"}},
              {"$ref": "#/components/parameters/page"},
              {"$ref": "#/components/parameters/perPage"}
            ],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CommandPage"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/commands": {
          "get": {
            "operationId": "listCommands",
            "summary": "Commands, newest first",
            "tags": ["commands"],
            "parameters": [
              {"name": "deviceId", "in": "query", "schema": {"type": "string"}},
              {"name": "status", "in": "query", "schema": {"$ref": "#/components/schemas/CommandStatus"}},
              {"$ref": "#/components/parameters/page"},
              {"$ref": "#/components/parameters/perPage"}
            ],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CommandPage"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/commands/{id}": {
          "get": {
            "operationId": "getCommand",
            "summary": "One command with its evidence",
            "tags": ["commands"],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/prefer"}],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Command"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/commands/{id}/cancel": {
          "post": {
            "operationId": "cancelCommand",
            "summary": "Withdraw a command; a running lease ends with its revert",
            "tags": ["commands"],
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Command"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/alerts": {
          "get": {
            "operationId": "listAlerts",
            "summary": "What a person has to look at, newest first",
            "tags": ["alerts"],
            "parameters": [
              {"name": "deviceId", "in": "query", "schema": {"type": "string"}},
              {
                "name": "resolved", "in": "query", "description": "Those that are over too.",
                "schema": {"type": "boolean", "default": false}
              },
              {"$ref": "#/components/parameters/page"},
              {"$ref": "#/components/parameters/perPage"}
            ],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/AlertPage"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/alerts/{id}": {
          "get": {
            "operationId": "getAlert",
            "summary": "One alert",
            "tags": ["alerts"],
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Alert"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/alerts/{id}/acknowledge": {
          "post": {
            "operationId": "acknowledgeAlert",
            "summary": "Say that somebody knows of it; it stays until it is over",
            "tags": ["alerts"],
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Alert"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/customers": {
          "get": {
            "operationId": "listCustomers",
            "summary": "Customers",
            "tags": ["customers"],
            "parameters": [
              {"name": "referenceId", "in": "query", "schema": {"type": "string"}},
              {"$ref": "#/components/parameters/page"},
              {"$ref": "#/components/parameters/perPage"}
            ],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CustomerPage"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          },
          "post": {
            "operationId": "createCustomer",
            "summary": "Make a customer",
            "tags": ["customers"],
            "requestBody": {
              "required": true,
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CustomerDraft"}}}
            },
            "responses": {
              "201": {
                "description": "Made",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Customer"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/customers/{id}": {
          "get": {
            "operationId": "getCustomer",
            "summary": "One customer",
            "tags": ["customers"],
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Customer"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          },
          "patch": {
            "operationId": "updateCustomer",
            "summary": "Change a customer; null clears a member",
            "tags": ["customers"],
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "requestBody": {
              "required": true,
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CustomerPatch"}}}
            },
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Customer"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          },
          "delete": {
            "operationId": "deleteCustomer",
            "summary": "Delete a customer",
            "tags": ["customers"],
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "responses": {"204": {"description": "Deleted"}, "default": {"$ref": "#/components/responses/Problem"}}
          }
        },
        "/v1/customers/{id}/devices": {
          "get": {
            "operationId": "listCustomerDevices",
            "summary": "Devices of a customer",
            "tags": ["customers"],
            "parameters": [
              {"$ref": "#/components/parameters/id"},
              {"name": "type", "in": "query", "schema": {"$ref": "#/components/schemas/DeviceType"}},
              {"name": "siteId", "in": "query", "schema": {"type": "string"}},
              {"name": "status", "in": "query", "schema": {"$ref": "#/components/schemas/ConnectivityState"}},
              {"$ref": "#/components/parameters/page"},
              {"$ref": "#/components/parameters/perPage"}
            ],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DevicePage"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/customers/{id}/sites": {
          "get": {
            "operationId": "listCustomerSites",
            "summary": "Sites of a customer",
            "tags": ["customers"],
            "parameters": [
              {"$ref": "#/components/parameters/id"},
              {"$ref": "#/components/parameters/page"},
              {"$ref": "#/components/parameters/perPage"}
            ],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SitePage"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/customers/{id}/usage": {
          "get": {
            "operationId": "getCustomerUsage",
            "summary": "Energy of a customer per metric",
            "tags": ["usage"],
            "parameters": [
              {"$ref": "#/components/parameters/id"},
              {
                "name": "range",
                "in": "query",
                "schema": {"type": "string"},
                "description": "today (default), yesterday, month, or a number of days such as 7d or 30d."
              },
              {
                "name": "from",
                "in": "query",
                "schema": {"type": "string"},
                "description": "A time or a local date; instead of range."
              },
              {
                "name": "to",
                "in": "query",
                "schema": {"type": "string"},
                "description": "A time or a local date, excluded; now where it is absent."
              },
              {"name": "by", "in": "query", "schema": {"type": "string", "enum": ["15m", "hour", "day", "none"]}},
              {
                "name": "timezone",
                "in": "query",
                "schema": {"type": "string"},
                "description": "IANA zone; the site's, or that of the customer's first site."
              }
            ],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Usage"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/sites": {
          "get": {
            "operationId": "listSites",
            "summary": "Sites",
            "tags": ["sites"],
            "parameters": [
              {"name": "customerId", "in": "query", "schema": {"type": "string"}},
              {"$ref": "#/components/parameters/page"},
              {"$ref": "#/components/parameters/perPage"}
            ],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SitePage"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          },
          "post": {
            "operationId": "createSite",
            "summary": "Make a site",
            "tags": ["sites"],
            "requestBody": {
              "required": true,
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SiteDraft"}}}
            },
            "responses": {
              "201": {
                "description": "Made",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Site"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/sites/{id}": {
          "get": {
            "operationId": "getSite",
            "summary": "One site",
            "tags": ["sites"],
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Site"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          },
          "patch": {
            "operationId": "updateSite",
            "summary": "Change a site; null clears a member",
            "tags": ["sites"],
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "requestBody": {
              "required": true,
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SitePatch"}}}
            },
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Site"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          },
          "delete": {
            "operationId": "deleteSite",
            "summary": "Delete a site",
            "tags": ["sites"],
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "responses": {"204": {"description": "Deleted"}, "default": {"$ref": "#/components/responses/Problem"}}
          }
        },
        "/v1/sites/{id}/devices": {
          "get": {
            "operationId": "listSiteDevices",
            "summary": "Devices of a site",
            "tags": ["sites"],
            "parameters": [
              {"$ref": "#/components/parameters/id"},
              {"name": "type", "in": "query", "schema": {"$ref": "#/components/schemas/DeviceType"}},
              {"name": "status", "in": "query", "schema": {"$ref": "#/components/schemas/ConnectivityState"}},
              {"$ref": "#/components/parameters/page"},
              {"$ref": "#/components/parameters/perPage"}
            ],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DevicePage"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/sites/{id}/usage": {
          "get": {
            "operationId": "getSiteUsage",
            "summary": "Energy of a site per metric",
            "tags": ["usage"],
            "parameters": [
              {"$ref": "#/components/parameters/id"},
              {
                "name": "range",
                "in": "query",
                "schema": {"type": "string"},
                "description": "today (default), yesterday, month, or a number of days such as 7d or 30d."
              },
              {
                "name": "from",
                "in": "query",
                "schema": {"type": "string"},
                "description": "A time or a local date; instead of range."
              },
              {
                "name": "to",
                "in": "query",
                "schema": {"type": "string"},
                "description": "A time or a local date, excluded; now where it is absent."
              },
              {"name": "by", "in": "query", "schema": {"type": "string", "enum": ["15m", "hour", "day", "none"]}},
              {
                "name": "timezone",
                "in": "query",
                "schema": {"type": "string"},
                "description": "IANA zone; the site's, or that of the customer's first site."
              }
            ],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Usage"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/events": {
          "get": {
            "operationId": "listEvents",
            "summary": "The event log, oldest first",
            "tags": ["events"],
            "parameters": [
              {
                "name": "after",
                "in": "query",
                "schema": {"type": "integer"},
                "description": "Only later ones; without it the newest."
              },
              {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
              },
              {"name": "deviceId", "in": "query", "schema": {"type": "string"}}
            ],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/EventList"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/stream": {
          "get": {
            "operationId": "streamEvents",
            "summary": "Events and device states as server-sent events",
            "tags": ["events"],
            "parameters": [
              {
                "name": "topics",
                "in": "query",
                "schema": {"type": "string"},
                "description": "events, states, or both with a comma (default)."
              },
              {"name": "deviceId", "in": "query", "schema": {"type": "string"}},
              {"name": "after", "in": "query", "schema": {"type": "integer", "minimum": 0}},
              {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}}
            ],
            "responses": {
              "200": {
                "description": "id is the event's sequence; a comment every 15 s",
                "content": {"text/event-stream": {"schema": {"type": "string"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/keys": {
          "get": {
            "operationId": "listKeys",
            "summary": "API keys without their secrets",
            "tags": ["keys"],
            "responses": {
              "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KeyList"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          },
          "post": {
            "operationId": "createKey",
            "summary": "Make an API key; its secret is shown this once",
            "tags": ["keys"],
            "requestBody": {
              "required": true,
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KeyDraft"}}}
            },
            "responses": {
              "201": {
                "description": "Made",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CreatedKey"}}}
              },
              "default": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/keys/{id}": {
          "delete": {
            "operationId": "revokeKey",
            "summary": "Revoke an API key",
            "tags": ["keys"],
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "responses": {"204": {"description": "Revoked"}, "default": {"$ref": "#/components/responses/Problem"}}
          }
        }
      },
      "components": {
        "securitySchemes": {
          "bearer": {"type": "http", "scheme": "bearer"},
          "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"}
        },
        "parameters": {
          "id": {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
          "page": {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 1}},
          "perPage": {
            "name": "perPage",
            "in": "query",
            "schema": {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}
          },
          "prefer": {
            "name": "Prefer",
            "in": "header",
            "schema": {"type": "string"},
            "description": "wait=10: answer when the command is confirmed or ended, at the latest after so many seconds (60 at most)."
          }
        },
        "responses": {
          "Problem": {
            "description": "What was wrong, where, and what to do",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
          }
        },
        "schemas": {
          "Scalar": {
            "description": "A number, word, flag, or null for unknown now.",
            "type": ["number", "string", "boolean", "null"]
          },
          "Quality": {"type": "string", "enum": ["good", "estimated", "stale", "suspect", "bad", "missing"]},
          "ConnectivityState": {"type": "string", "enum": ["online", "degraded", "offline", "unknown"]},
          "DeviceType": {"type": "string", "enum": ["battery", "thermostat", "inverter", "meter", "charger"]},
          "CommandStatus": {
            "type": "string",
            "enum": [
              "rejected",
              "accepted",
              "scheduled",
              "queued",
              "dispatched",
              "acknowledged",
              "confirmed",
              "drifted",
              "completed",
              "reverted",
              "unconfirmed",
              "failed",
              "expired",
              "cancelled",
              "superseded"
            ]
          },
          "Scope": {
            "type": "string",
            "enum": [
              "devices:read",
              "devices:write",
              "commands:write",
              "customers:read",
              "customers:write",
              "metrics:read",
              "admin"
            ]
          },
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
                  "bytes": {"type": "integer"},
                  "pendingWindows": {"type": "integer"},
                  "lastError": {"type": "string"}
                },
                "required": ["bytes", "pendingWindows"]
              },
              "links": {"type": "array", "items": {"$ref": "#/components/schemas/Link"}},
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
          "Link": {
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
              "lastError": {"type": "string"},
              "devices": {"type": "array", "items": {"type": "string"}}
            },
            "required": ["id", "transport", "address", "isConnected", "exchanges", "errors", "connects", "devices"]
          },
          "Device": {
            "type": "object",
            "properties": {
              "id": {"type": "string"},
              "type": {"$ref": "#/components/schemas/DeviceType"},
              "role": {"type": "string", "enum": ["grid", "load", "pv", "sub"]},
              "name": {"type": "string"},
              "manufacturer": {"type": "string"},
              "model": {"type": "string"},
              "serialNumber": {"type": "string"},
              "firmwareVersion": {"type": "string"},
              "referenceId": {"type": "string"},
              "customerId": {"type": "string"},
              "siteId": {"type": "string"},
              "linkId": {"type": "string"},
              "profile": {"type": "string"},
              "variant": {"type": "string", "description": "the variant of the profile in force"},
              "reported": {
                "type": "object", "description": "parameters of the profile that the device said itself",
                "additionalProperties": {"$ref": "#/components/schemas/Scalar"}
              },
              "tags": {"type": "array", "items": {"type": "string"}},
              "nameplate": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
              "connectivity": {
                "type": "object",
                "properties": {
                  "state": {"$ref": "#/components/schemas/ConnectivityState"},
                  "since": {"type": "string", "format": "date-time"},
                  "lastSeenAt": {"type": "string", "format": "date-time"},
                  "consecutiveFailures": {"type": "integer"},
                  "lastError": {"type": "string"}
                },
                "required": ["state", "since", "consecutiveFailures"]
              },
              "state": {"$ref": "#/components/schemas/State"},
              "settings": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
              "capabilities": {"$ref": "#/components/schemas/Capabilities"},
              "availableCommands": {"type": "array", "items": {"$ref": "#/components/schemas/AvailableCommand"}},
              "createdAt": {"type": "string", "format": "date-time"},
              "updatedAt": {"type": "string", "format": "date-time"}
            },
            "required": [
              "id",
              "type",
              "name",
              "tags",
              "nameplate",
              "connectivity",
              "state",
              "settings",
              "capabilities",
              "availableCommands"
            ]
          },
          "State": {
            "type": "object",
            "properties": {
              "deviceId": {"type": "string"},
              "seq": {"type": "integer"},
              "observedAt": {"type": "string", "format": "date-time"},
              "receivedAt": {"type": "string", "format": "date-time"},
              "source": {
                "type": "object",
                "properties": {
                  "link": {"type": "string"},
                  "path": {"type": "string", "enum": ["live", "cache", "backfill", "simulated", "manual"]},
                  "profile": {"type": "string"}
                },
                "required": ["link", "path", "profile"]
              },
              "quality": {"$ref": "#/components/schemas/Quality"},
              "ageSeconds": {"type": "number"},
              "staleAfterSeconds": {"type": "number"},
              "isStale": {"type": "boolean"},
              "fields": {
                "type": "object",
                "additionalProperties": {"$ref": "#/components/schemas/Scalar"},
                "description": "SI units, unit in the name. Power is positive when the device delivers into the site. null = unknown now, absent = not supported."
              },
              "fieldMeta": {
                "type": "object",
                "additionalProperties": {
                  "type": "object",
                  "properties": {
                    "quality": {"$ref": "#/components/schemas/Quality"},
                    "observedAt": {"type": "string", "format": "date-time"},
                    "ageSeconds": {"type": "number"},
                    "isStale": {"type": "boolean"}
                  },
                  "required": ["quality", "observedAt", "ageSeconds", "isStale"]
                }
              }
            },
            "required": [
              "deviceId",
              "seq",
              "source",
              "quality",
              "staleAfterSeconds",
              "isStale",
              "fields",
              "fieldMeta"
            ]
          },
          "Capabilities": {
            "type": "object",
            "properties": {
              "fields": {
                "type": "array",
                "items": {
                  "type": "object",
                  "properties": {
                    "name": {"type": "string"},
                    "unit": {"type": "string"},
                    "type": {"type": "string", "enum": ["number", "flag", "text", "label"]},
                    "behavior": {"type": "string", "enum": ["gauge", "counter", "setting"]},
                    "values": {"type": "array", "items": {"type": "string"}},
                    "description": {"type": "string"}
                  },
                  "required": ["name", "unit", "type", "behavior", "description"]
                }
              },
              "commands": {"type": "array", "items": {"type": "string"}}
            },
            "required": ["fields", "commands"]
          },
          "AvailableCommand": {
            "type": "object",
            "properties": {
              "slug": {"type": "string"},
              "description": {"type": "string"},
              "input": {"type": "object", "description": "JSON Schema of the input with the limits of this moment."},
              "acceptsDuration": {"type": "boolean"}
            },
            "required": ["slug", "description", "input", "acceptsDuration"]
          },
          "Command": {
            "type": "object",
            "properties": {
              "id": {"type": "string"},
              "deviceId": {"type": "string"},
              "command": {"type": "string"},
              "input": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
              "status": {"$ref": "#/components/schemas/CommandStatus"},
              "isTerminal": {"type": "boolean"},
              "statusHistory": {
                "type": "array",
                "items": {
                  "type": "object",
                  "properties": {
                    "status": {"$ref": "#/components/schemas/CommandStatus"},
                    "at": {"type": "string", "format": "date-time"},
                    "detail": {"type": "string"}
                  },
                  "required": ["status", "at"]
                }
              },
              "origin": {"type": "object", "properties": {"actor": {"type": "string"}}, "required": ["actor"]},
              "idempotencyKey": {"type": "string"},
              "durationSeconds": {"type": "number"},
              "createdAt": {"type": "string", "format": "date-time"},
              "leaseExpiresAt": {"type": "string", "format": "date-time"},
              "operations": {
                "type": "array",
                "items": {"type": "string"},
                "description": "The exact writes, in order."
              },
              "evidence": {
                "type": "object",
                "properties": {
                  "before": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
                  "after": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
                  "predicate": {"type": "string"},
                  "latencyMs": {"type": "integer"}
                },
                "required": ["before", "after", "predicate"]
              },
              "error": {
                "type": "object",
                "properties": {
                  "code": {"type": "string"},
                  "message": {"type": "string"},
                  "retryable": {"type": "boolean"}
                },
                "required": ["code", "message", "retryable"]
              }
            },
            "required": [
              "id",
              "deviceId",
              "command",
              "input",
              "status",
              "isTerminal",
              "statusHistory",
              "origin",
              "createdAt",
              "operations"
            ]
          },
          "CommandPreview": {
            "type": "object",
            "properties": {
              "deviceId": {"type": "string"},
              "command": {"type": "string"},
              "input": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
              "durationSeconds": {"type": "number"},
              "operations": {"type": "array", "items": {"type": "string"}},
              "dryRun": {"type": "boolean"}
            },
            "required": ["deviceId", "command", "input", "operations", "dryRun"]
          },
          "CommandSubmission": {
            "type": "object",
            "properties": {
              "command": {"type": "string", "description": "battery:charge, or the verb alone."},
              "verb": {"type": "string"},
              "input": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Scalar"}},
              "durationSeconds": {
                "type": "number",
                "exclusiveMinimum": 0,
                "description": "How long it is to hold; undone afterwards."
              },
              "ttlSeconds": {"type": "number", "exclusiveMinimum": 0},
              "dryRun": {"type": "boolean", "description": "Only say what would be written."},
              "idempotencyKey": {"type": "string"},
              "onConflict": {"type": "string", "enum": ["reject", "cancelAndReplace"]}
            },
            "additionalProperties": false
          },
          "Customer": {
            "type": "object",
            "properties": {
              "id": {"type": "string"},
              "name": {"type": "string"},
              "referenceId": {"type": "string"},
              "email": {"type": "string"},
              "source": {"type": "string", "enum": ["configuration", "api"]},
              "createdAt": {"type": "string", "format": "date-time"},
              "updatedAt": {"type": "string", "format": "date-time"}
            },
            "required": ["id", "name", "source"]
          },
          "CustomerDraft": {
            "type": "object",
            "properties": {
              "name": {"type": "string", "minLength": 1, "maxLength": 200},
              "referenceId": {"type": ["string", "null"]},
              "email": {"type": ["string", "null"]}
            },
            "required": ["name"],
            "additionalProperties": false
          },
          "CustomerPatch": {
            "type": "object",
            "properties": {
              "name": {"type": "string", "minLength": 1, "maxLength": 200},
              "referenceId": {"type": ["string", "null"]},
              "email": {"type": ["string", "null"]}
            },
            "additionalProperties": false
          },
          "Site": {
            "type": "object",
            "properties": {
              "id": {"type": "string"},
              "name": {"type": "string"},
              "customerId": {"type": "string"},
              "timezone": {"type": "string"},
              "address": {"type": "string"},
              "source": {"type": "string", "enum": ["configuration", "api"]},
              "createdAt": {"type": "string", "format": "date-time"},
              "updatedAt": {"type": "string", "format": "date-time"}
            },
            "required": ["id", "name", "timezone", "source"]
          },
          "SiteDraft": {
            "type": "object",
            "properties": {
              "name": {"type": "string", "minLength": 1, "maxLength": 200},
              "customerId": {"type": ["string", "null"]},
              "timezone": {"type": "string", "pattern": "^[A-Za-z0-9_+/-]+$", "description": "IANA name"},
              "address": {"type": ["string", "null"]}
            },
            "required": ["name"],
            "additionalProperties": false
          },
          "SitePatch": {
            "type": "object",
            "properties": {
              "name": {"type": "string", "minLength": 1, "maxLength": 200},
              "customerId": {"type": ["string", "null"]},
              "timezone": {"type": "string", "pattern": "^[A-Za-z0-9_+/-]+$", "description": "IANA name"},
              "address": {"type": ["string", "null"]}
            },
            "additionalProperties": false
          },
          "Usage": {
            "type": "object",
            "properties": {
              "customerId": {"type": "string"},
              "siteId": {"type": "string"},
              "from": {"type": "string", "format": "date-time"},
              "to": {"type": "string", "format": "date-time"},
              "timezone": {"type": "string"},
              "by": {"type": "string", "enum": ["15m", "hour", "day", "none"]},
              "metrics": {
                "type": "object",
                "additionalProperties": {
                  "type": "object",
                  "properties": {
                    "total": {
                      "type": ["number", "null"],
                      "description": "null where it cannot be known, such as consumption without a grid meter."
                    },
                    "unit": {"type": "string"},
                    "coverage": {"type": "number", "minimum": 0, "maximum": 1},
                    "method": {"type": "string", "enum": ["balance", "metered", "partial"]},
                    "series": {
                      "type": "array",
                      "items": {
                        "type": "object",
                        "properties": {
                          "start": {"type": "string", "format": "date-time"},
                          "end": {"type": "string", "format": "date-time"},
                          "value": {"type": ["number", "null"]},
                          "coverage": {"type": "number"},
                          "quality": {"$ref": "#/components/schemas/Quality"}
                        },
                        "required": ["start", "end", "value", "coverage", "quality"]
                      }
                    }
                  },
                  "required": ["total", "unit", "coverage", "series"]
                }
              }
            },
            "required": ["from", "to", "timezone", "by", "metrics"]
          },
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
          "Key": {
            "type": "object",
            "properties": {
              "id": {"type": "string"},
              "label": {"type": "string"},
              "scopes": {"type": "array", "items": {"$ref": "#/components/schemas/Scope"}},
              "customerId": {"type": "string"},
              "createdAt": {"type": "string", "format": "date-time"}
            },
            "required": ["id", "label", "scopes", "createdAt"]
          },
          "KeyList": {
            "type": "object",
            "properties": {"data": {"type": "array", "items": {"$ref": "#/components/schemas/Key"}}},
            "required": ["data"]
          },
          "CreatedKey": {
            "type": "object",
            "properties": {
              "id": {"type": "string"},
              "key": {"type": "string", "description": "Shown this once."},
              "label": {"type": "string"},
              "scopes": {"type": "array", "items": {"$ref": "#/components/schemas/Scope"}},
              "customerId": {"type": "string"},
              "createdAt": {"type": "string", "format": "date-time"}
            },
            "required": ["id", "key", "label", "scopes", "createdAt"]
          },
          "KeyDraft": {
            "type": "object",
            "properties": {
              "label": {"type": "string"},
              "scopes": {"type": "array", "items": {"$ref": "#/components/schemas/Scope"}, "minItems": 1},
              "customerId": {"type": "string"}
            },
            "required": ["scopes"],
            "additionalProperties": false
          },
          "DevicePage": {
            "type": "object",
            "properties": {
              "data": {"type": "array", "items": {"$ref": "#/components/schemas/Device"}},
              "page": {"type": "integer"},
              "perPage": {"type": "integer"},
              "totalItems": {"type": "integer"},
              "totalPages": {"type": "integer"}
            },
            "required": ["data", "page", "perPage", "totalItems", "totalPages"]
          },
          "Alert": {
            "type": "object",
            "properties": {
              "id": {"type": "string", "example": "alt_4f9c2a7be1d0"},
              "kind": {"type": "string", "enum": ["revert-failed", "command-drifted"]},
              "deviceId": {"type": "string"},
              "commandId": {"type": "string"},
              "message": {"type": "string"},
              "raisedAt": {"type": "string", "format": "date-time"},
              "updatedAt": {"type": "string", "format": "date-time"},
              "count": {"type": "integer", "description": "How often it was seen to be so."},
              "acknowledgedAt": {"type": "string", "format": "date-time"},
              "acknowledgedBy": {"type": "string"},
              "resolvedAt": {"type": "string", "format": "date-time"}
            },
            "required": ["id", "kind", "deviceId", "commandId", "message", "raisedAt", "updatedAt", "count"]
          },
          "AlertPage": {
            "type": "object",
            "properties": {
              "data": {"type": "array", "items": {"$ref": "#/components/schemas/Alert"}},
              "page": {"type": "integer"},
              "perPage": {"type": "integer"},
              "totalItems": {"type": "integer"},
              "totalPages": {"type": "integer"}
            },
            "required": ["data", "page", "perPage", "totalItems", "totalPages"]
          },
          "CommandPage": {
            "type": "object",
            "properties": {
              "data": {"type": "array", "items": {"$ref": "#/components/schemas/Command"}},
              "page": {"type": "integer"},
              "perPage": {"type": "integer"},
              "totalItems": {"type": "integer"},
              "totalPages": {"type": "integer"}
            },
            "required": ["data", "page", "perPage", "totalItems", "totalPages"]
          },
          "CustomerPage": {
            "type": "object",
            "properties": {
              "data": {"type": "array", "items": {"$ref": "#/components/schemas/Customer"}},
              "page": {"type": "integer"},
              "perPage": {"type": "integer"},
              "totalItems": {"type": "integer"},
              "totalPages": {"type": "integer"}
            },
            "required": ["data", "page", "perPage", "totalItems", "totalPages"]
          },
          "SitePage": {
            "type": "object",
            "properties": {
              "data": {"type": "array", "items": {"$ref": "#/components/schemas/Site"}},
              "page": {"type": "integer"},
              "perPage": {"type": "integer"},
              "totalItems": {"type": "integer"},
              "totalPages": {"type": "integer"}
            },
            "required": ["data", "page", "perPage", "totalItems", "totalPages"]
          }
        }
      }
    }
    """#
}
