import EnergyModel
import LocatedYAML

/// Logins, quotas and read-modify-write of vendor APIs.
extension ProfileFileReader {
  // MARK: Login

  func login(_ node: YAMLNode) -> HTTPLogin<HTTPRequestTemplate>? {
    guard
      node.expectMapping(keys: ["steps", "refresh", "logout", "cookies", "renewOn", "lifetime", "lasting"]),
      let stepsNode = node.require("steps")
    else { return nil }
    guard stepsNode.isSequence, !stepsNode.elements.isEmpty else {
      stepsNode.report(Finding.login, "'steps' must be a list of requests")
      return nil
    }
    checkOrder(stepsNode.elements)
    let login = HTTPLogin(
      steps: stepsNode.elements.compactMap { loginStep($0) }, refresh: node["refresh"].flatMap { loginStep($0) },
      logout: node["logout"].flatMap { request($0, .installation, isPolled: false) },
      usesCookies: node["cookies"]?.flagValue() ?? false, renewOn: renewOn(node["renewOn"]),
      lifetime: node["lifetime"].flatMap { lifetime($0) }, lasting: node["lasting"]?.textListValue() ?? [])
    for name in login.lasting where !loginNames.contains(name) {
      node["lasting"]?.report(Finding.login, "the login keeps no '\(name)'")
    }
    if loginNames.isEmpty, !login.usesCookies {
      node.report(
        Finding.login, "nothing comes out of this login", hint: "give a step 'keep', or write cookies: true")
    }
    return login
  }

  private func loginStep(_ node: YAMLNode) -> HTTPLogin<HTTPRequestTemplate>.Step? {
    guard node.expectMapping(keys: Self.methods + ["json", "form", "expect", "reason", "page", "format", "keep"]),
      let request = requestContent(node, .installation)
    else { return nil }
    var keep: [LoginValue] = []
    for (key, value) in node["keep"]?.entries ?? [] {
      guard let name = identifier(key), let place = loginPlace(value) else { continue }
      keep.append(LoginValue(name: name, place: place))
    }
    return HTTPLogin.Step(request: request, keep: keep)
  }

  private func loginPlace(_ node: YAMLNode) -> LoginValue.Place? {
    if node.isScalar { return pathValue(node).map { .path($0) } }
    guard node.expectMapping(keys: ["path", "header", "cookie"]), node.entries.count == 1 else {
      node.report(Finding.login, "a value of the login is a path, {header: name} or {cookie: name}")
      return nil
    }
    if let path = node["path"] { return pathValue(path).map { .path($0) } }
    if let header = node["header"] { return header.textValue().map { .header($0) } }
    return node["cookie"]?.textValue().map { .cookie($0) }
  }

  private func renewOn(_ node: YAMLNode?) -> [LoginEnd] {
    guard let node else { return [.status(401), .status(403)] }
    let elements = node.isSequence ? node.elements : [node]
    return elements.flatMap { element -> [LoginEnd] in
      if element.isMapping { return expectations(element).map { .answer($0) } }
      return element.integerValue(in: 400...599).map { [.status($0)] } ?? []
    }
  }

  private func lifetime(_ node: YAMLNode) -> LoginLifetime? {
    if node.scalarText?.hasPrefix("/") == true { return pathValue(node).map { .stated($0) } }
    guard let time = node.durationValue() else { return nil }
    guard time >= .seconds(60) else {
      node.report(Finding.login, "a session that lasts less than a minute would be a login for every request")
      return nil
    }
    return .fixed(time)
  }

  /// A step can use only what the steps before it kept.
  private func checkOrder(_ steps: [YAMLNode]) {
    var known: Set<String> = []
    for step in steps {
      for (key, value) in step.entries where key.scalarText != "keep" { check(value, known) }
      known.formUnion(Self.names(of: step["keep"]))
    }
  }

  private func check(_ node: YAMLNode, _ known: Set<String>) {
    for (_, value) in node.isMapping ? node.entries : [] { check(value, known) }
    for element in node.isSequence ? node.elements : [] { check(element, known) }
    for name in LoginMark.names(in: node.scalarText ?? "") where loginNames.contains(name) && !known.contains(name) {
      node.report(Finding.login, "'\(name)' is not known yet in this step", hint: "steps are done in order")
    }
  }

  /// All names that the steps of a login keep.
  static func keptNames(_ node: YAMLNode) -> Set<String> {
    let steps = (node["steps"].map { $0.isSequence ? $0.elements : [] } ?? []) + [node["refresh"]].compactMap(\.self)
    return steps.reduce(into: []) { $0.formUnion(names(of: $1["keep"])) }
  }

  private static func names(of keep: YAMLNode?) -> Set<String> {
    guard let keep, keep.isMapping else { return [] }
    return Set(keep.entries.compactMap(\.key.scalarText))
  }

  // MARK: Quota

  func quota(_ node: YAMLNode) -> HTTPQuota? {
    guard node.expectMapping(keys: ["requests", "per"]),
      let requests = node.require("requests")?.integerValue(in: 1...1_000_000),
      let per = node.require("per")?.durationValue()
    else { return nil }
    guard per >= .seconds(60) else {
      node["per"]?.report(Finding.quota, "a quota is for a minute or longer", hint: "write minGap for less")
      return nil
    }
    return HTTPQuota(requests: requests, per: per)
  }

  // MARK: Read, modify, write

  func modification(_ node: YAMLNode, _ scope: Scope) -> HTTPModificationTemplate? {
    guard node.expectMapping(keys: ["get", "set", "only", "put", "post", "patch", "expect", "reason", "page"]),
      let readNode = node.require("get"), let read = requestPath(readNode, scope), let set = node.require("set")
    else { return nil }
    let methods = ["put", "post", "patch"].filter { node[$0] != nil }
    guard methods.count == 1, let method = methods.first, let writeNode = node[method],
      let write = requestPath(writeNode, scope)
    else {
      node.report(Finding.request, "'modify' needs exactly one of put, post and patch")
      return nil
    }
    guard set.isMapping, !set.entries.isEmpty else {
      set.report(Finding.request, "'set' must be a mapping of paths to values")
      return nil
    }
    let changes: [(path: DocumentPath, value: PayloadTemplate)] = set.entries.compactMap { key, value in
      guard let path = pathValue(key), let template = payload(value, scope) else { return nil }
      return (path, template)
    }
    return HTTPModificationTemplate(
      read: HTTPRequestTemplate(method: "GET", path: read, body: .none, expect: [], reasonPath: nil),
      changes: changes, only: node["only"]?.textListValue() ?? [],
      write: HTTPRequestTemplate(
        method: method.uppercased(), path: write, body: .none, expect: expectations(node["expect"]),
        reasonPath: node["reason"].flatMap { pathValue($0) }, mayAnswerPage: node["page"]?.flagValue() ?? false))
  }
}
