public import LocatedYAML

/// Reads and checks profiles. Never throws on bad text: findings are located diagnostics, all of them at once.
public enum ProfileReader {
  /// The schema that this reader knows.
  public static let schema = "heddle.profile/1"

  /// The letter before the numbers of findings.
  static let codePrefix = "P"

  /// The profile, or `nil` if any finding is an error.
  ///
  /// - Parameters:
  ///   - text: the file's content.
  ///   - file: its name as the user wrote it, for findings.
  ///   - bases: where `extends` finds its base; what is wrong there is a finding with the file of the base.
  public static func read(
    text: String, file: String, bases: ProfileTexts = ProfileTexts()
  ) -> (profile: DeviceProfile?, diagnostics: [Diagnostic]) {
    let document = YAMLDocument(text: text, file: file, codePrefix: codePrefix)
    guard let root = document.root else { return (nil, document.diagnostics) }
    var inheritance = ProfileInheritance(document, bases: bases)
    let profile = inheritance.complete(root).flatMap { ProfileFileReader(document).read($0) }
    // Variants are read one by one, so that what is wrong in the text that they share is found several times.
    var seen: Set<Diagnostic> = []
    let findings = inheritance.documents.flatMap { document in
      document.diagnostics.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    }
    .filter { seen.insert($0).inserted }
    return (inheritance.documents.contains(where: \.hasErrors) ? nil : profile, findings)
  }
}

/// The numbers of findings: `P105` is `ProfileFinding.field`.
enum ProfileFinding {
  static let schema = 100
  static let identifier = 101
  static let parameter = 103
  static let transport = 104
  static let field = 105
  static let source = 107
  static let type = 108
  static let range = 109
  static let unit = 110
  static let vocabulary = 111
  static let conversion = 112
  static let expression = 113
  static let name = 114
  static let cycle = 115
  static let control = 116
  static let verb = 117
  static let input = 118
  static let step = 119
  static let unknownParameter = 120
  static let revert = 121
  static let test = 122
  static let hybrid = 123
  static let duplicate = 124
  static let sunSpec = 125
  static let path = 126
  static let role = 127
  static let request = 128
  static let address = 129
  static let storage = 130
  static let extends = 140
  static let variant = 141
  static let unitID = 142
  static let words = 143
  static let repetition = 144
  static let block = 145
  static let login = 150
  static let quota = 151
}
