import EnergyModel
import LocatedYAML

/// Variants: each is laid over the profile and read as a whole, so that every mistake in it is found before a device of
/// that form is met.
extension ProfileFileReader {
  private static let changes = ["devices", "poll", "transport"]

  func readVariants(_ root: YAMLNode) {
    guard let node = root["variants"] else { return }
    guard node.isSequence else {
      node.report(Finding.variant, "'variants' must be a list")
      return
    }
    let plain = root.without(["variants", "tests"])
    var dependsOnDevice = false
    for element in node.elements {
      for key in ["parameters", "identify"] {
        element[key]?.report(
          Finding.variant, "a variant cannot change '\(key)': it is chosen by what they say",
          hint: "write it beside 'variants'")
      }
      guard element.without(["parameters", "identify"]).expectMapping(keys: ["name", "when"] + Self.changes),
        let nameNode = element.require("name"), let name = identifier(nameNode, allowing: "-", upper: false),
        let when = element.require("when").flatMap({ expression($0, .variant) })
      else { continue }
      if variants.contains(where: { $0.name == name }) {
        nameNode.report(Finding.duplicate, "there is a variant '\(name)' already")
      }
      let reader = ProfileFileReader(document, isVariant: true)
      let tree = element.keeping(Self.changes).over(plain, alternatives: ProfileInheritance.alternatives)
      let profile = reader.read(tree)
      // Whether a later variant is in force depends on the conditions before it.
      dependsOnDevice = dependsOnDevice || when.names.contains { $0.after("parameter.").map(isRead) ?? false }
      checkVariant(element, reader.parts, dependsOnDevice: dependsOnDevice)
      guard let profile else { continue }
      variants.append(ProfileVariant(name: name, when: when, profile: profile, line: element.line))
    }
  }

  /// Installations name the devices of a profile, and what is read from a device was read through its transport.
  private func checkVariant(_ node: YAMLNode, _ changed: [ProfilePart], dependsOnDevice: Bool) {
    let devices = node["devices"] ?? node
    guard changed.map(\.name) == parts.map(\.name), changed.map(\.kind) == parts.map(\.kind) else {
      devices.report(
        Finding.variant, "a variant cannot add, remove or rename devices, or change their type",
        hint: "devices: \(parts.map { "\($0.name) (\($0.kind.rawValue))" }.joined(separator: ", "))")
      return
    }
    guard dependsOnDevice else { return }
    node["transport"]?.report(
      Finding.variant, "a variant that depends on what is read from the device cannot change the way to read it")
    for (old, new) in zip(parts, changed) where old.meterRole != new.meterRole || old.isHybrid != new.isHybrid {
      devices.report(
        Finding.variant,
        "the role of '\(old.name)' and whether it is a hybrid must be known before anything is read from the device")
    }
  }

  /// A part of the profile and of all its variants: what a test may expect of it.
  func forms(ofPart index: Int) -> [ProfilePart] {
    [parts[index]] + variants.compactMap { $0.profile.parts.indices.contains(index) ? $0.profile.parts[index] : nil }
  }
}
