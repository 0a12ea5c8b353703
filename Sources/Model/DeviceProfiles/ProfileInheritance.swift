import LocatedYAML

/// Lays a profile over the one that it extends, and that over its own base.
struct ProfileInheritance {
  /// What says which profile this is, and how it was proven: never taken from a base.
  static let ownKeys = ["schema", "extends", "id", "name", "products", "source", "maturity", "tests"]
  /// Keys of which a mapping has one: whoever names another one above means that instead.
  static let alternatives = [ProfileFileReader.sourceKeys, ProfileFileReader.methods]

  private let bases: ProfileTexts
  /// The profile's own file and those of its bases.
  private(set) var documents: [YAMLDocument]
  private var chain: [String] = []

  init(_ document: YAMLDocument, bases: ProfileTexts) {
    self.bases = bases
    documents = [document]
  }

  /// The complete tree; `nil` where a base is missing or cannot be used, which was reported.
  mutating func complete(_ root: YAMLNode) -> YAMLNode? {
    guard let node = root["extends"] else { return root }
    chain.append(root["id"]?.scalarText ?? "")
    guard let id = node.textValue() else { return nil }
    guard !chain.contains(id) else {
      let circle = (chain.drop { $0 != id } + [id]).joined(separator: " → ")
      node.report(
        ProfileFinding.extends,
        chain.last == id ? "a profile cannot extend itself" : "these profiles extend each other: \(circle)")
      return nil
    }
    guard let entry = bases.entries[id] else {
      node.report(
        ProfileFinding.extends, "there is no profile '\(id)' to extend",
        hint: Suggestion.hint(for: id, among: bases.entries.keys.sorted())
          ?? "it has to lie beside this file or in a directory of profiles")
      return nil
    }
    let document = YAMLDocument(text: entry.text, file: entry.file, codePrefix: ProfileReader.codePrefix)
    documents.append(document)
    guard let base = document.root, base.isMapping else {
      node.report(ProfileFinding.extends, "the profile '\(id)' cannot be read (\(entry.file))")
      return nil
    }
    return complete(base).map { root.over($0.without(Self.ownKeys), alternatives: Self.alternatives) }
  }
}
