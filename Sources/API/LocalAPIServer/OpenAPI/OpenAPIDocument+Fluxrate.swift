extension OpenAPIDocument {
  static let fluxrateSchemas = #"""
    {
      "FluxrateCustomer": {
        "type": "object",
        "properties": {
          "id": {"type": "string"},
          "name": {"type": "string"},
          "email": {"type": ["string", "null"]},
          "external_id": {"type": ["string", "null"]},
          "phone": {"type": ["string", "null"]},
          "billing_address_line1": {"type": ["string", "null"]},
          "billing_address_line2": {"type": ["string", "null"]},
          "billing_address_city": {"type": ["string", "null"]},
          "billing_address_state": {"type": ["string", "null"]},
          "billing_address_postal_code": {"type": ["string", "null"]},
          "billing_address_country": {"type": ["string", "null"]},
          "created_at": {"type": ["string", "null"], "format": "date-time"},
          "updated_at": {"type": ["string", "null"], "format": "date-time"}
        },
        "required": ["id", "name", "email", "external_id"]
      },
      "FluxrateCustomerDraft": {
        "allOf": [{"$ref": "#/components/schemas/CustomerDraft"}],
        "required": ["name", "email"]
      },
      "FluxrateMeta": {
        "type": "object",
        "properties": {
          "page": {"type": "integer"},
          "page_size": {"type": "integer"},
          "total": {"type": "integer"},
          "total_pages": {"type": "integer"}
        },
        "required": ["page", "page_size", "total", "total_pages"]
      },
      "FluxrateCustomerPage": {
        "type": "object",
        "properties": {
          "data": {"type": "array", "items": {"$ref": "#/components/schemas/FluxrateCustomer"}},
          "meta": {"$ref": "#/components/schemas/FluxrateMeta"}
        },
        "required": ["data", "meta"]
      },
      "FluxrateEmptyPage": {
        "type": "object",
        "properties": {
          "data": {"type": "array", "maxItems": 0},
          "meta": {"$ref": "#/components/schemas/FluxrateMeta"}
        },
        "required": ["data", "meta"]
      }
    }
    """#
}
