import Foundation
import LocalAPISchema

/// Reads the bodies of webhooks: all mistakes at once, each with its place.
struct WebhookReader {
  /// Longer addresses are refused.
  static let maxURLLength = 2048

  private static let fields = ["url", "label", "eventTypes", "customerId", "enabled"]

  /// - Parameter present: what the body changes; `nil` for a new one.
  static func draft(
    _ object: [String: JSONValue], over present: WebhookDraft? = nil
  ) throws(APIError) -> WebhookDraft {
    var problems = BodyProblems()
    let body = BodyObject(object, allowed: fields, &problems)
    var draft = present ?? WebhookDraft(url: "")
    if present == nil || object["url"] != nil { draft.url = url(body, &problems) }
    if object["label"] != nil { draft.label = label(body, &problems) }
    if object["eventTypes"] != nil { draft.eventTypes = eventTypes(body, &problems) }
    if object["customerId"] != nil { draft.customerId = body.text("customerId", &problems) }
    if let enabled = body.flag("enabled", &problems) { draft.enabled = enabled }
    try problems.check()
    return draft
  }

  private static func url(_ body: BodyObject, _ problems: inout BodyProblems) -> String {
    guard let text = body.text("url", isRequired: true, &problems) else { return "" }
    let parts = URLComponents(string: text)
    let scheme = parts?.scheme?.lowercased() ?? ""
    let isPlain = text.utf8.count <= maxURLLength && text.allSatisfy { $0.isASCII && !$0.isWhitespace }
    let hasHost = parts?.host.map { !$0.isEmpty } ?? false
    if !isPlain || !hasHost || parts?.fragment != nil || !["http", "https"].contains(scheme) {
      problems.add("/url", "this is no address that can be posted to", hint: "https://hooks.example.com/heddle")
    } else if parts?.user != nil || parts?.password != nil {
      problems.add(
        "/url", "an address must not have a user or password", hint: "the receiver knows the gateway by its signature")
    }
    return text
  }

  private static func label(_ body: BodyObject, _ problems: inout BodyProblems) -> String {
    let label = body.text("label", &problems) ?? ""
    if label.count > GatewayRoutes.maxLabelLength {
      problems.add(
        "/label", "a label has at most \(GatewayRoutes.maxLabelLength) characters", code: "OUT_OF_RANGE")
    }
    return label
  }

  private static func eventTypes(_ body: BodyObject, _ problems: inout BodyProblems) -> [String] {
    let list = body.list("eventTypes", &problems) ?? []
    if list.count > EventTypes.maxFilters {
      problems.add("/eventTypes", "at most \(EventTypes.maxFilters) of them", code: "OUT_OF_RANGE")
    }
    var filters: [String] = []
    for (index, value) in list.prefix(EventTypes.maxFilters).enumerated() {
      guard case .text(let filter) = value else {
        problems.add("/eventTypes/\(index)", "it must be a text", code: "INVALID_TYPE")
        continue
      }
      guard EventTypes.isKnown(filter) else {
        problems.add(
          "/eventTypes/\(index)", "no event has the type '\(filter)'", hint: "such as device.offline, command.* or *")
        continue
      }
      filters.append(filter)
    }
    return filters
  }
}
