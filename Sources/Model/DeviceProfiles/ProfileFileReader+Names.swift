import EnergyModel
import LocatedYAML

/// Names in expressions, when all of them are known.
extension ProfileFileReader {
  func checkNames() {
    let names = parts.map { visibleNames(of: $0) }
    for entry in pending {
      for name in entry.expression.nameList { check(name, entry, names) }
    }
    for entry in pendingScaleFactors {
      let locals = parts[entry.part].points.compactMap { point in
        if case .local(let name) = point.target { name } else { nil }
      }
      guard !locals.contains(entry.name) else { continue }
      entry.node.report(
        Finding.name, "'\(parts[entry.part].name)' has no local '\(entry.name)' to take the scale factor from",
        hint: Suggestion.hint(for: entry.name, among: locals))
    }
    checkCycles()
  }

  /// What expressions of the same part can see.
  func visibleNames(of part: ProfilePart) -> Set<String> {
    var names = Set(part.points.map(\.name) + captures.map(\.name))
    for control in part.controls where control.pollClass != nil { names.insert(control.name) }
    guard names.contains("powerW") else { return names }
    switch part.kind {
    case .battery: names.formUnion(["chargePowerW", "dischargePowerW"])
    case .meter: names.formUnion(["importPowerW", "exportPowerW"])
    case .inverter, .thermostat, .charger: break
    }
    return names
  }

  private func check(_ name: String, _ entry: PendingExpression, _ names: [Set<String>]) {
    if let parameter = name.after("parameter.") {
      if parameters.contains(where: { $0.name == parameter }) {
        guard case .installation = entry.scope, isRead(parameter) else { return }
        report(
          entry, name, Finding.parameter,
          "'\(parameter)' is read from the device, and what is said here is needed to reach it")
        return
      }
      report(
        entry, name, Finding.unknownParameter, "there is no parameter '\(parameter)'",
        hint: Suggestion.hint(for: parameter, among: parameters.map(\.name)))
      return
    }
    if let kept = name.after("login."), !entry.scope.isPoint {
      guard !loginNames.contains(kept) else { return }
      report(
        entry, name, Finding.login, "the login keeps no '\(kept)'",
        hint: Suggestion.hint(for: kept, among: loginNames.sorted()))
      return
    }
    switch entry.scope {
    case .installation, .variant:
      guard !captures.contains(where: { $0.name == name }) else { return }
      report(
        entry, name, Finding.name, "only parameters can be used here, '\(name)' is none",
        hint: parameters.contains { $0.name == name } ? "write $\(name)" : nil)
    case .part(let part): checkValue(name, entry, part, names)
    case .command(let part, let inputs):
      if let input = name.after("input.") {
        guard !inputs.contains(input) else { return }
        report(
          entry, name, Finding.name, "the command has no input '\(input)'",
          hint: Suggestion.hint(for: input, among: inputs))
      } else {
        checkValue(name.after("before.") ?? name, entry, part, names)
      }
    }
  }

  private func checkValue(_ name: String, _ entry: PendingExpression, _ part: Int, _ names: [Set<String>]) {
    if names[part].contains(name) { return }
    if name.hasPrefix("input.") || name.hasPrefix("before.") {
      report(entry, name, Finding.name, "'\(name)' has a meaning in commands only")
      return
    }
    if let dot = name.firstIndex(of: "."), let other = parts.firstIndex(where: { $0.name == name[..<dot] }) {
      let rest = String(name[name.index(after: dot)...])
      guard !names[other].contains(rest) else { return }
      report(
        entry, name, Finding.name, "'\(parts[other].name)' has no value '\(rest)'",
        hint: Suggestion.hint(for: rest, among: names[other].sorted()))
      return
    }
    if parts[part].controls.contains(where: { $0.name == name }) {
      report(
        entry, name, Finding.name, "the control '\(name)' is not read, so that it has no value",
        hint: "give it a poll class")
      return
    }
    let others = parts.indices.filter { $0 != part }.flatMap { index in
      names[index].map { "\(parts[index].name).\($0)" }
    }
    report(
      entry, name, Finding.name, "unknown name '\(name)'",
      hint: Suggestion.hint(for: name, among: names[part].sorted() + others.sorted()))
  }

  private func report(
    _ entry: PendingExpression, _ name: String, _ number: Int, _ message: String, hint: String? = nil
  ) {
    entry.node.report(number, inText: position(of: name, in: entry) ?? 1, message, hint: hint)
  }

  /// The first character of a name in the node's text, counting from 1.
  private func position(of name: String, in entry: PendingExpression) -> Int? {
    let text = Array(entry.node.scalarText ?? "")
    var spellings = [Array(name)]
    if let parameter = name.after("parameter.") { spellings.append(Array("$" + parameter)) }
    for start in text.indices.dropFirst(entry.offset) {
      for spelling in spellings where start + spelling.count <= text.count {
        guard Array(text[start..<start + spelling.count]) == spelling else { continue }
        let before = start > 0 ? text[start - 1] : " "
        let after = start + spelling.count < text.count ? text[start + spelling.count] : " "
        let isWhole = ![before, after].contains { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "$" }
        if isWhole, before != ".", after != "." { return start + 1 }
      }
    }
    return nil
  }

  // MARK: Cycles

  private func checkCycles() {
    var finished: Set<String> = []
    var path: [String] = []
    func visit(_ part: Int, _ name: String) {
      let key = "\(part).\(name)"
      if finished.contains(key) { return }
      if let start = path.firstIndex(of: key) {
        let circle = (path[start...] + [key]).map { $0.drop { $0.isNumber }.dropFirst() }.joined(separator: " → ")
        computedNodes[key]?.report(Finding.cycle, "these points are computed from each other: \(circle)")
        finished.formUnion(path[start...])
        return
      }
      guard case .computed(let expression) = parts[part].points.first(where: { $0.name == name })?.source
      else { return }
      path.append(key)
      for used in expression.nameList {
        let (owner, local) = owner(of: used, part)
        visit(owner, local)
      }
      path.removeLast()
      finished.insert(key)
    }
    for (index, part) in parts.enumerated() { for point in part.points { visit(index, point.name) } }
  }

  private func owner(of name: String, _ part: Int) -> (part: Int, name: String) {
    // What follows from powerW depends on it.
    let derived = ["chargePowerW", "dischargePowerW", "importPowerW", "exportPowerW"]
    func plain(_ name: String) -> String { derived.contains(name) ? "powerW" : name }
    if parts[part].points.contains(where: { $0.name == name }) { return (part, name) }
    if let dot = name.firstIndex(of: "."), let other = parts.firstIndex(where: { $0.name == name[..<dot] }) {
      return (other, plain(String(name[name.index(after: dot)...])))
    }
    return (part, plain(name))
  }
}

extension String {
  /// What stands behind a prefix; `nil` if the text does not start with it.
  func after(_ prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }
}
