import EnergyModel

/// Takes the secrets of an installation out of text that people see: a device may repeat them in its reasons, and
/// requests have them in paths and bodies.
public struct SecretRedaction: Sendable {
  /// What stands in the place of a secret.
  public static let mark = "•••"
  /// In all spellings, the longest first, so that no rest of a longer one stays.
  private let secrets: [String]

  /// - Parameters:
  ///   - bound: whose secret parameters are taken out.
  ///   - kept: further secrets, such as what a login gave.
  public init(_ bound: BoundProfile, kept: [String] = []) {
    let texts = bound.profile.parameters.filter(\.isSecret).compactMap { bound.parameters[$0.name]?.description }
    let credentials = bound.httpCredentials.map { [$0.password] } ?? []
    self.init(texts + credentials + kept)
  }

  /// Takes out these texts.
  public init(_ texts: [String]) {
    let spellings = texts.flatMap { text in
      [
        text, TemplateRenderer.pathEncoded(text), TemplateRenderer.queryEncoded(text),
        TemplateRenderer.formEncoded(text), String(JSONText.quoted(text).dropFirst().dropLast()),
      ]
    }
    secrets = Set(spellings.filter { !$0.isEmpty && $0 != "null" }).sorted { $0.utf8.count > $1.utf8.count }
  }

  /// The text without the secrets.
  public func callAsFunction(_ text: String) -> String {
    secrets.reduce(text) { $0.replacing($1, with: Self.mark) }
  }
}
