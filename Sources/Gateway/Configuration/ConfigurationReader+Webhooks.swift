import LocatedYAML

extension ConfigurationReader {
  /// Reads `webhooks:`.
  func readWebhooks(_ node: YAMLNode?) -> WebhookAllowList {
    guard let node, node.expectMapping(keys: ["allow"]) else { return WebhookAllowList() }
    let patterns = elements(of: node["allow"]).compactMap { entry -> String? in
      guard let text = entry.textValue() else { return nil }
      let rest = text.hasPrefix("*.") ? String(text.dropFirst(2)) : text
      let isHost = !rest.isEmpty && !rest.contains { "*/ @[]".contains($0) }
      guard text == "*" || isHost, !isURL(text) else {
        entry.report(
          144, "'\(text)' is no pattern of hosts",
          hint: "write hooks.example.com, *.example.com, an address, or '*'; no scheme, port or path")
        return nil
      }
      return text
    }
    return WebhookAllowList(patterns: patterns)
  }

  /// A colon belongs to an address of IPv6 only.
  private func isURL(_ text: String) -> Bool { text.contains(":") && WebhookAllowList.bytes(of: text) == nil }
}
