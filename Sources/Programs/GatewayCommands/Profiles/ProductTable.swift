import DeviceProfiles
import EnergyModel
import ProfileExplanation

/// The supported products as Markdown, made from the profiles alone. A test holds the published pages to it.
struct ProductTable {
  private let profiles: [DeviceProfile]

  /// By maker and name.
  init(_ profiles: some Sequence<DeviceProfile>) {
    self.profiles = profiles.sorted {
      ($0.manufacturer.lowercased(), $0.name.lowercased(), $0.id) < (
        $1.manufacturer.lowercased(), $1.name.lowercased(), $1.id
      )
    }
  }

  /// The whole page.
  var page: [String] {
    let header = [
      "# Products",
      "",
      "\(profiles.count) profiles are shipped. \"Proven with\" says how far: `documentation` means written from documents, "
        + "`capture` checked against real captured data,",
      "`device` checked on the device itself. Each file in `device-profiles/` names its sources and what to know before "
        + "relying on it; `heddle profile show ID` prints it.",
      "This page is made from the files with `make tables`.",
      "",
      "| product | profile | over | devices | control | proven with |",
      "|---|---|---|---|---|---|",
    ]
    return header + profiles.map(Self.row)
  }

  private static func row(_ profile: DeviceProfile) -> String {
    let cells = [
      profile.name, "`\(profile.id)`", transport(profile), kinds(profile).map(\.rawValue).joined(separator: ", "),
      isControlled(profile) ? "yes" : "–", profile.maturity.rawValue,
    ]
    return "| \(cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ")) |"
  }

  /// What a front page has room for: how many products there are of each kind, and who makes them.
  var summary: [String] {
    let header = ["| device | profiles | with control | makers |", "|---|---|---|---|"]
    let rows = DeviceKind.allCases.compactMap { kind -> String? in
      let having = profiles.filter { Self.kinds($0).contains(kind) }
      guard !having.isEmpty else { return nil }
      let controlled = having.filter { profile in
        profile.parts.contains { $0.kind == kind && !$0.commands.isEmpty }
      }
      let makers = Set(having.map(\.manufacturer)).sorted { $0.lowercased() < $1.lowercased() }
      return "| \(kind.rawValue) | \(having.count) | \(controlled.count) | \(makers.joined(separator: ", ")) |"
    }
    return header + rows
  }

  private static func transport(_ profile: DeviceProfile) -> String {
    switch ProfileWords.transport(profile.transport) {
    case "modbus": "Modbus"
    case let word: word.uppercased()
    }
  }

  private static func kinds(_ profile: DeviceProfile) -> [DeviceKind] {
    profile.parts.map(\.kind).reduce(into: []) { kinds, kind in if !kinds.contains(kind) { kinds.append(kind) } }
  }

  private static func isControlled(_ profile: DeviceProfile) -> Bool {
    profile.parts.contains { !$0.commands.isEmpty }
  }
}
