import DeviceProfiles
import EnergyModel

/// Takes the secrets of an installation out of text that people see; a device may repeat them in its reasons.
struct SecretRedaction: Sendable {
  static let mark = "•••"
  /// In both spellings, the longest first, so that no rest of a longer one stays.
  private let secrets: [String]

  init(_ bound: BoundProfile) {
    let texts = bound.profile.parameters.filter(\.isSecret).compactMap { bound.parameters[$0.name]?.description }
    let credentials = bound.httpCredentials.map { [$0.password] } ?? []
    self.init(texts + credentials)
  }

  init(_ texts: [String]) {
    let spellings = texts.flatMap { [$0, RequestTarget.encoded($0)] }.filter { !$0.isEmpty && $0 != "null" }
    secrets = Set(spellings).sorted { $0.utf8.count > $1.utf8.count }
  }

  func callAsFunction(_ text: String) -> String {
    secrets.reduce(text) { $0.replacing($1, with: Self.mark) }
  }
}
