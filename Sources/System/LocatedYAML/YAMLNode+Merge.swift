/// Trees that are put together from several files, or from several places of one. Each value keeps its own file and
/// line, so that a finding names the text that somebody has to change.
extension YAMLNode {
  /// This mapping laid over another: mappings are merged key by key, everything else replaces what was there, and
  /// `null` removes a key.
  ///
  /// - Parameters:
  ///   - base: what lies below.
  ///   - alternatives: keys that exclude each other: one of them above replaces all of them below.
  public func over(_ base: YAMLNode, alternatives: [[String]] = []) -> YAMLNode {
    guard isMapping, base.isMapping else { return with(path: base.path, merged: merged) }
    let own = entries
    let names = Set(own.compactMap(\.key.scalarText))
    var below: Set<String> = []
    var result: [(key: YAMLNode, value: YAMLNode)] = []
    for entry in base.entries {
      guard let name = entry.key.scalarText else { continue }
      below.insert(name)
      guard names.contains(name) else {
        let isReplaced = alternatives.contains { $0.contains(name) && !names.isDisjoint(with: $0) }
        if !isReplaced { result.append(entry) }
        continue
      }
      guard let mine = own.first(where: { $0.key.scalarText == name }), !mine.value.isNull else { continue }
      result.append((mine.key, mine.value.over(entry.value, alternatives: alternatives)))
    }
    result += own.filter { entry in entry.key.scalarText.map { !below.contains($0) } ?? true }
    return with(path: base.path, merged: result)
  }

  /// This mapping with some of its keys only.
  public func keeping(_ keys: [String]) -> YAMLNode {
    with(path: path, merged: entries.filter { entry in entry.key.scalarText.map { keys.contains($0) } ?? false })
  }

  /// This mapping without some of its keys.
  public func without(_ keys: [String]) -> YAMLNode {
    with(path: path, merged: entries.filter { entry in entry.key.scalarText.map { !keys.contains($0) } ?? true })
  }

  func with(path: String, merged: [(key: YAMLNode, value: YAMLNode)]?) -> YAMLNode {
    YAMLNode(node: node, document: document, path: path, merged: merged)
  }
}
