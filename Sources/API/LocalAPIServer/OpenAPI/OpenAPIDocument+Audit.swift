extension OpenAPIDocument {
  static let auditSchemas = #"""
    {
      "AuditRow": {
        "type": "object",
        "properties": {
          "sequence": {"type": "integer", "description": "Its place in the chain, without gaps."},
          "timestamp": {"type": "string", "format": "date-time"},
          "actor": {"type": "string", "example": "local:1000"},
          "action": {"type": "string", "example": "command.confirmed"},
          "subject": {"type": "string", "description": "The device, key or file that it was done to."},
          "commandId": {"type": "string"},
          "reason": {"type": "string"},
          "before": {"description": "How it was before; an object whose members depend on the action."},
          "after": {"description": "How it is now."},
          "hash": {"type": "string", "description": "SHA-256 of the row before and of this one, hexadecimal."}
        },
        "required": ["sequence", "timestamp", "actor", "action", "subject", "reason", "before", "after", "hash"]
      },
      "AuditVerification": {
        "type": "object",
        "properties": {
          "isSound": {"type": "boolean"},
          "rows": {"type": "integer", "description": "Rows that were looked at."},
          "anchor": {"type": "integer", "description": "The last row that retention removed; 0 if none was."},
          "head": {"type": "integer", "description": "The newest row."},
          "headHash": {"type": "string"},
          "findings": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {"sequence": {"type": "integer"}, "message": {"type": "string"}},
              "required": ["message"]
            }
          }
        },
        "required": ["isSound", "rows", "anchor", "head", "headHash", "findings"]
      }
    }
    """#
}
