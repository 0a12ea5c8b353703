import Crypto
import EnergyModel
import Foundation
import LocalAPISchema

/// The page of a pairing session as HTML, without a script.
struct ConnectionPage {
  let path: String
  let pairing: Pairing
  /// What the products are narrowed to.
  var filter = ""

  var html: String {
    let connection = pairing.connection
    let client = connection.clientName.map { "for \(Self.escaped($0))" } ?? ""
    switch connection.status {
    case .open: break
    case .completed: return Self.document("Your device is connected", "<p>You can close this page.</p>" + wayBack)
    case .cancelled: return Self.document("The connection was cancelled", "<p>No device was added.</p>" + wayBack)
    case .expired:
      return Self.document("This page has expired", "<p>Ask for a new link where you got this one.</p>" + wayBack)
    }
    guard let form = pairing.form else {
      return Self.document("Connect a device \(client)", products + cancelling)
    }
    return Self.document("Connect \(Self.escaped(form.product.name)) \(client)", body(of: form) + cancelling)
  }

  private var wayBack: String {
    guard let target = RedirectTarget(pairing.connection.redirectUrl) else { return "" }
    let name = pairing.connection.clientName.map(Self.escaped) ?? "where you came from"
    return "<p><a href=\"\(Self.escaped(target.address(for: pairing.connection)))\">Back to \(name)</a></p>"
  }

  private var cancelling: String {
    "<form method=\"post\" action=\"\(path)/cancel\"><p><button class=\"quiet\">Cancel</button></p></form>"
  }

  // MARK: Choosing

  private var products: String {
    let words = filter.lowercased().split(separator: " ")
    let wanted = pairing.products.filter { product in
      let text = ([product.manufacturer, product.name] + product.models).joined(separator: " ").lowercased()
      return words.allSatisfy { text.contains($0) }
    }
    var html = """
      <form method="get" action="\(path)"><p><label for="q">Find your product</label>
      <input id="q" name="q" type="search" value="\(Self.escaped(filter))"><button>Find</button></p></form>
      """
    if wanted.isEmpty { html += "<p>No product has these words. Look for its maker alone.</p>" }
    let makers = Dictionary(grouping: wanted, by: \.manufacturer)
    html += "<form method=\"post\" action=\"\(path)/product\">"
    for maker in makers.keys.sorted(by: { $0.lowercased() < $1.lowercased() }) {
      html += "<section><h2>\(Self.escaped(maker))</h2><ul>"
      for product in makers[maker] ?? [] {
        html += """
          <li><button name="profile" value="\(Self.escaped(product.profile))">\(Self.escaped(product.name))</button>
          <small>\(Self.escaped(product.models.joined(separator: ", ")))</small></li>
          """
      }
      html += "</ul></section>"
    }
    return html + "</form>"
  }

  // MARK: Filling in

  private func body(of form: Pairing.Form) -> String {
    var html = ""
    if let problem = form.problem {
      html += "<div role=\"alert\" class=\"problem\"><p>\(Self.escaped(problem))</p></div>"
    }
    if let result = form.result { html += self.result(result) }
    html += "<form method=\"post\" action=\"\(path)/test\" autocomplete=\"off\">"
    html += form.fields.map(Self.field).joined()
    let again = form.result == nil ? "Test the device" : "Test again"
    return html + """
      <p><button>\(again)</button></p></form>
      <form method="post" action="\(path)/product"><p><button class="quiet">Another product</button></p></form>
      """
  }

  private func result(_ result: LinkTestResource) -> String {
    guard result.isReached else {
      return """
        <div role="alert" class="problem"><h2>The device did not answer</h2>
        <p>\(Self.escaped(result.problem?.message ?? ""))</p><p>\(Self.escaped(result.problem?.hint ?? ""))</p></div>
        """
    }
    var html = "<section class=\"good\"><h2>The device answers</h2>"
    for device in result.devices {
      html += "<table><caption>\(Self.escaped(device.part)) (\(device.type.rawValue))</caption>"
      for (name, value) in device.fields.sorted(by: { $0.key < $1.key }) {
        html += "<tr><th scope=\"row\">\(Self.escaped(name))</th><td>\(Self.escaped(value.description))</td></tr>"
      }
      html += "</table>"
    }
    return html + """
      <form method="post" action="\(path)/confirm"><p><button>Connect this device</button></p></form></section>
      <h2>Something is wrong with these values?</h2>
      """
  }

  private static func field(_ field: Pairing.Field) -> String {
    let name = escaped(field.name)
    let described = "aria-describedby=\"\(name)-help\""
    let needed = field.isOptional || field.isKept ? "" : " required"
    let attributes = "id=\"\(name)\" name=\"\(name)\" \(described)\(needed)"
    let input: String
    switch field.kind {
    case .text: input = "<input \(attributes) type=\"text\" value=\"\(escaped(field.value))\">"
    case .number:
      input = "<input \(attributes) type=\"text\" inputmode=\"decimal\" value=\"\(escaped(field.value))\">"
    case .secret: input = "<input \(attributes) type=\"password\" autocomplete=\"off\">"
    case .flag: input = choice(["true", "false"], field, "id=\"\(name)\" name=\"\(name)\" \(described)")
    case .choice(let words): input = choice(words, field, attributes)
    }
    let kept = field.isKept ? "Given already; leave it empty to keep it. " : ""
    let problem = field.problem.map { "<strong class=\"problem\" role=\"alert\">\(escaped($0))</strong>" } ?? ""
    let optional = field.isOptional ? " <small>(optional)</small>" : ""
    return """
      <p><label for="\(name)">\(escaped(field.label))\(optional)</label>\(input)
      <small id="\(name)-help">\(kept)\(escaped(field.help))</small>\(problem)</p>
      """
  }

  private static func choice(_ words: [String], _ field: Pairing.Field, _ attributes: String) -> String {
    let empty = field.isOptional ? "<option value=\"\"></option>" : ""
    let options = words.map { word in
      "<option\(word == field.value ? " selected" : "")>\(escaped(word))</option>"
    }
    return "<select \(attributes)>\(empty)\(options.joined())</select>"
  }

  // MARK: The frame

  static func document(_ title: String, _ body: String) -> String {
    """
    <!doctype html><html lang="en"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1"><title>\(title)</title>
    <style>\(style)</style></head><body><main><h1>\(title)</h1>\(body)</main></body></html>
    """
  }

  /// Text that means only itself, in the page and in attributes.
  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
  }

  private static let style = """
    body{font:1rem/1.5 system-ui,sans-serif;margin:0;background:#f5f5f2;color:#222}\
    main{max-width:40rem;margin:0 auto;padding:1.5rem}h1{font-size:1.5rem}h2{font-size:1.1rem;margin-bottom:.3rem}\
    label{display:block;font-weight:600}input,select{font:inherit;padding:.45rem;width:100%;box-sizing:border-box;\
    border:1px solid #888;border-radius:.3rem;background:#fff;color:#222}small{color:#555}ul{list-style:none;padding:0}\
    li{margin:.4rem 0}button{font:inherit;padding:.45rem 1rem;border:1px solid #1d5c3f;border-radius:.3rem;\
    background:#1d5c3f;color:#fff;cursor:pointer}button.quiet{background:none;color:#1d5c3f}\
    .problem{color:#8a1c1c}div.problem,.good{border-left:.3rem solid;padding:.1rem 1rem;background:#fff}\
    .good{border-color:#1d5c3f}strong.problem{display:block}table{border-collapse:collapse;width:100%}\
    caption{text-align:left;font-weight:600}th{text-align:left;font-weight:400}td{text-align:right}\
    :focus-visible{outline:3px solid #d08a00;outline-offset:2px}
    """

  /// What the browser may do with the page: show it, with this style, and send its forms here.
  ///
  /// - Parameter target: the end of a form may lead there.
  static func policy(leadingTo target: RedirectTarget?) -> String {
    let digest = Data(SHA256.hash(data: Data(style.utf8))).base64EncodedString()
    let origin = target.map { " \($0.origin)" } ?? ""
    return "default-src 'none'; style-src 'sha256-\(digest)'; form-action 'self'\(origin); base-uri 'none'; "
      + "frame-ancestors 'none'"
  }
}
